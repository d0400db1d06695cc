#include <algorithm>
#include <set>
#include <utility>

#include "base/text.h"
#include "coherence/claims.h"
#include "message/cache_key.h"
#include "node/node_impl.h"
#include "wire/cache_codec.h"

namespace mpreg {
namespace {

// A holder's clock may be so far ahead of that of the home before its lease is shortened by it.
constexpr std::chrono::milliseconds kLimitSlack{2000};

}  // namespace

// Of which the word is needed, this cluster among them; and whether enough is known of the others.
Claims::Electorate Node::Impl::electorate(const Now& now) const {
  Claims::Electorate all;
  const Duration silence_max = settings_.claim_lease_max() + kLeaseMargin;
  std::size_t members = 1;
  all.needed.push_back(options_.cluster);
  const bool is_young = now.instant - started_ <= silence_max;
  for (const auto& [cluster, known] : members_.all()) {
    ++members;
    if (is_young && known.last_heard < started_) all.may_have_forgotten = true;
    if (now.instant - known.last_heard <= silence_max) all.needed.push_back(cluster);
  }
  all.majority = std::max<std::size_t>(members / 2 + 1, options_.claim_quorum);
  if (!options_.dials.empty() && members_.all().empty()) {
    all.not_yet = "this broker has not joined the others yet";
  } else if (is_young) {
    all.not_yet = "this broker has started less than " +
                  std::to_string(std::chrono::ceil<std::chrono::seconds>(silence_max).count()) +
                  " s ago, and may not know yet what others hold";
  }
  return all;
}

void Node::Impl::on_claim_ask(Turn& turn, const Session& session, const ClaimAsk& ask) {
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
    const ProtocolTable& protocol = cache_.protocol_of(address.namespace_name);
    if (!protocol.next(EntryState::invalid, CacheOperation::acquire)) {
      books_.violated();
      return send(turn, {Door::session, session.peer},
                  Answer{ask.request, false, ErrorCode::refused,
                         "protocol " + std::string(protocol.name()) + " of namespace " +
                             in_quotes(address.namespace_name) + " makes no key anybody's alone"});
    }
  }
  claims_.ask(turn.now.instant, ask, session.client, home_of(address, electorate(turn.now).needed));
}

// A write of one key: by who may write it, and a step of its protocol.
Result<void> Node::Impl::check_write(const Now& now, const CacheAddress& address,
                                     FencingToken fence, std::uint32_t index,
                                     CacheOperation write) {
  auto checked = claims_.check_write(now.instant, address, fence, clock_.next(now.wall) + index);
  if (checked) {
    const auto state = cache_.find_violation(now.instant, address, write, fence != 0);
    if (!state) return {};
    const std::string name(cache_.protocol_of(address.namespace_name).name());
    checked =
        fail(ErrorCode::refused,
             "protocol " + name + " of namespace " + in_quotes(address.namespace_name) +
                 " has no write of an entry that is " + std::string(name_of(*state)) + " here");
  }
  books_.violated();
  return checked;
}

// Whoever joins hears of the past: of claims that ran out long ago, by any clock.
bool Node::Impl::is_long_over(const Now& now, HybridTime version, std::uint32_t lease_ms) const {
  const auto clocks = 2 * static_cast<std::uint64_t>(options_.clock_offset_max.count());
  return milliseconds_of(version) + lease_ms + clocks <
         static_cast<std::uint64_t>(std::max<std::int64_t>(now.wall.time_since_epoch().count(), 0));
}

// What was said about a claim, in a stream of the cache lane. Returns the namespace of its key;
// empty when it cannot be read.
std::string Node::Impl::take_claim(const Now& now, const std::string& origin, HybridTime version,
                                   Bytes payload) {
  const auto record = decode_claim(payload);
  if (!record) return {};
  if (!is_long_over(now, version, record->lease_ms)) claims_.take(now.instant, *record, origin);
  return record->address.namespace_name;
}

// What is stamped here comes back to the claims by apply().
void Node::Impl::settle_claims(Turn& turn) {
  const Claims::Electorate all = electorate(turn.now);
  const auto say = [&](std::uint64_t client, const Packet& packet) {
    const Session* session = sessions_.of_client(client);
    if (session != nullptr) send(turn, {Door::session, session->peer}, packet);
  };
  const auto observed = [this](StreamIndex stream) { return observed_of(stream); };
  for (;;) {
    Claims::Work work = claims_.settle(turn.now.instant, observed, all);
    clock_.raise(work.clock_floor);
    if (!leaving_) stamp_claims(turn, work);
    metrics_.keys_held.set(static_cast<std::int64_t>(claims_.held()));
    for (const auto& [client, granted] : work.granted) {
      if (granted.lease_ms > 0) metrics_.claims_granted.add();
      say(client, granted);
    }
    for (const auto& [client, refused] : work.refused) {
      metrics_.claims_refused.add();
      say(client, refused);
    }
    if (work.claims.empty() && work.records.empty()) return;
  }
}

// Claims on the topic of the key, so that near caches take them for the invalidations that they
// are; the rest on the topic of the cluster's status.
void Node::Impl::stamp_claims(Turn& turn, Claims::Work& work) {
  if (work.claims.empty() && work.records.empty()) return;
  BodyBuilder builder(Lane::cache);
  std::set<TopicIndex> topics;
  const auto limit_after = [&](std::uint32_t lease_ms) {
    const auto lease = std::min(std::chrono::milliseconds(lease_ms), Claims::kLeaseLimit);
    const auto slack = std::min(kLimitSlack, options_.clock_offset_max / 2);
    const auto ahead = static_cast<HybridTime>((lease + slack).count());
    return clock_.next(turn.now.wall) + (ahead << kHybridCounterBits);
  };
  const auto append = [&](RecordKind kind, const std::string& topic, const Frame& payload) {
    const auto index = admit_topic(topic, Lane::cache);
    if (index) topics.insert(*index);
    builder.append(kind, 0, index ? *index : kNoAlias, index ? std::string_view() : topic, {},
                   payload.bytes());
  };
  for (CacheInvalidation& claim : work.claims) {
    claim.claim->limit = limit_after(claim.claim->lease_ms);
    books_.sent_to_all(FederationBooks::Sort::invalidation);
    append(RecordKind::invalidation,
           invalidation_topic(options_.topic_prefix, claim.address.region,
                              claim.address.namespace_name),
           encode_invalidation(claim));
  }
  const std::string status = coherence_topic(options_.topic_prefix, options_.cluster)
                                 .value_or(options_.topic_prefix + ".coherence");
  for (ClaimRecord& record : work.records) {
    if (record.step == ClaimStep::refuse) record.limit = clock_.next(turn.now.wall);
    if (record.step == ClaimStep::renew) record.limit = limit_after(record.lease_ms);
    append(RecordKind::claim, status, encode_claim(record));
  }
  const auto count = static_cast<std::uint32_t>(builder.records());
  builder.add_segment({instance_, last_own_operation_ + 1, count, 0});
  last_own_operation_ += count;
  stamp_own(turn, builder, topics);
}

}  // namespace mpreg
