#include "node/key_claims.h"

#include <algorithm>

#include "base/text.h"
#include "message/cache_key.h"
#include "wire/cache_codec.h"

namespace mpreg {
namespace {

// A member that is not heard of may go on hearing others until its neighbours give up their links
// to it, and its near caches serve for as long after that as word of a cluster lasts.
constexpr Duration kServesUnheard = kPeerDown + kOriginSilenceMax + 2 * kLeaseMargin;

}  // namespace

Claims::Electorate KeyClaims::electorate(const Now& now) const {
  Claims::Electorate all;
  const Duration lease_max = around_.settings.claim_lease_max() + kLeaseMargin;
  const Duration silence_max = std::max(lease_max, kServesUnheard);
  std::size_t members = 1;
  all.needed.push_back(around_.options.cluster);
  const bool is_young = now.instant - begun_ <= lease_max;
  for (const auto& [cluster, known] : around_.members.all()) {
    ++members;
    if (is_young && known.last_heard < begun_) all.may_have_forgotten = true;
    // Who was not met yet since this broker started may have been heard of until then.
    if (now.instant - std::max(known.last_heard, begun_) <= silence_max) {
      all.needed.push_back(cluster);
    }
  }
  all.majority = std::max<std::size_t>(members / 2 + 1, around_.options.claim_quorum);
  if (!around_.options.dials.empty() && around_.members.all().empty()) {
    all.not_yet = "this broker has not joined the others yet";
  } else if (is_young) {
    all.not_yet = "this broker has started less than " +
                  std::to_string(std::chrono::ceil<std::chrono::seconds>(lease_max).count()) +
                  " s ago, and may not know yet what others hold";
  }
  return all;
}

void KeyClaims::ask(Turn& turn, const Session& session, const ClaimAsk& ask) {
  const CacheAddress& address = ask.address;
  for (const Result<void>& checked :
       {check_namespace(address.namespace_name), check_key(address.key),
        check_subkey(address.subkey), check_key_version(address.version),
        check_region(address.region)}) {
    if (checked) continue;
    return send(turn, {Door::session, session.peer},
                Answer{ask.request, false, checked.error().code, checked.error().text});
  }
  if (ask.token == 0) {
    const ProtocolTable& protocol = around_.cache.protocol_of(address.namespace_name);
    if (!protocol.next(EntryState::invalid, CacheOperation::acquire)) {
      around_.books.violated();
      return send(turn, {Door::session, session.peer},
                  Answer{ask.request, false, ErrorCode::refused,
                         "protocol " + std::string(protocol.name()) + " of namespace " +
                             in_quotes(address.namespace_name) + " makes no key anybody's alone"});
    }
  }
  claims_.ask(turn.now.instant, ask, session.client, home_of(address, electorate(turn.now).needed));
}

Result<void> KeyClaims::check_write(const Now& now, const CacheAddress& address, FencingToken fence,
                                    std::uint32_t index, CacheOperation write) {
  auto checked =
      claims_.check_write(now.instant, address, fence, around_.clock.next(now.wall) + index);
  if (checked) {
    const auto state = around_.cache.find_violation(now.instant, address, write, fence != 0);
    if (!state) return {};
    const std::string name(around_.cache.protocol_of(address.namespace_name).name());
    checked =
        fail(ErrorCode::refused,
             "protocol " + name + " of namespace " + in_quotes(address.namespace_name) +
                 " has no write of an entry that is " + std::string(name_of(*state)) + " here");
  }
  around_.books.violated();
  return checked;
}

// Whoever joins hears of the past.
bool KeyClaims::is_long_over(const Now& now, HybridTime version, std::uint32_t lease_ms) const {
  const auto clocks = 2 * static_cast<std::uint64_t>(around_.options.clock_offset_max.count());
  return milliseconds_of(version) + lease_ms + clocks <
         static_cast<std::uint64_t>(std::max<std::int64_t>(now.wall.time_since_epoch().count(), 0));
}

std::string KeyClaims::hear(const Now& now, const std::string& origin, HybridTime version,
                            Bytes payload) {
  const auto record = decode_claim(payload);
  if (!record) return {};
  if (!is_long_over(now, version, record->lease_ms)) claims_.take(now.instant, *record, origin);
  return record->address.namespace_name;
}

void KeyClaims::hear(const Now& now, const CacheInvalidation& fact, const ClaimId& claim,
                     StreamIndex stream, Number number) {
  if (is_long_over(now, claim.token, fact.claim->lease_ms)) return;
  claims_.take(now.instant, fact, claim, stream, number);
}

std::uint64_t KeyClaims::take_operations(std::uint32_t count) {
  const std::uint64_t first = last_operation_ + 1;
  last_operation_ += count;
  return first;
}

}  // namespace mpreg
