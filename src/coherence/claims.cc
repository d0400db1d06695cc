#include "coherence/claims.h"

#include <algorithm>

#include "base/text.h"
#include "coherence/claim_text.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace mpreg {

std::string_view home_of(const CacheAddress& address, const std::vector<std::string>& clusters) {
  std::uint64_t seed =
      XXH3_64bits_withSeed(address.key.data(), address.key.size(), address.version);
  seed = XXH3_64bits_withSeed(address.subkey.data(), address.subkey.size(), seed);
  seed = XXH3_64bits_withSeed(address.namespace_name.data(), address.namespace_name.size(), seed);
  std::string_view best;
  std::uint64_t most = 0;
  for (const std::string& cluster : clusters) {
    const std::uint64_t weight = XXH3_64bits_withSeed(cluster.data(), cluster.size(), seed);
    if (!best.empty() && std::tie(weight, cluster) < std::tie(most, best)) continue;
    best = cluster;
    most = weight;
  }
  return best;
}

Claims::Claims(std::string cluster, std::chrono::milliseconds lease_max, std::uint64_t instance)
    : cluster_(std::move(cluster)), lease_max_(lease_max), asks_(instance) {}

Claims::Key Claims::key_of(const CacheAddress& address) {
  return {address.namespace_name, address.key, address.subkey, address.version};
}

const Claims::Held* Claims::held(Instant now, const Key& key) const {
  const auto known = held_.find(key);
  return known != held_.end() && now < known->second.until ? &known->second : nullptr;
}

bool Claims::is_due(const Key& key) const {
  return std::any_of(due_.begin(), due_.end(),
                     [&](const Due& due) { return key_of(due.address) == key; });
}

void Claims::say(ClaimRecord record) {
  if (record.request == 0) record.request = ++asks_;
  work_.records.push_back(std::move(record));
}

void Claims::say_over(const CacheAddress& address, const ClaimId& claim, std::uint64_t client,
                      std::uint64_t ask) {
  ClaimRecord over{address, ClaimStep::release};
  over.claim = claim;
  over.holder = cluster_;
  over.client = client;
  over.request = ask;
  say(std::move(over));
}

void Claims::say_accepted(const CacheAddress& address, const ClaimId& claim, std::uint64_t round) {
  ClaimRecord accepted{address, ClaimStep::accept};
  accepted.claim = claim;
  accepted.holder = cluster_;
  accepted.client = round;
  say(std::move(accepted));
}

void Claims::answer(std::uint64_t client, std::uint64_t request, ErrorCode code, std::string text) {
  work_.refused.emplace_back(client, Answer{request, false, code, std::move(text)});
  has_changed_ = true;
}

void Claims::grant(Instant now, std::uint64_t client, std::uint64_t request,
                   const Acquisition& own) {
  const auto left = std::chrono::floor<std::chrono::milliseconds>(own.until - now);
  work_.granted.emplace_back(
      client, ClaimGranted{request, own.token,
                           static_cast<std::uint32_t>(std::max<std::int64_t>(left.count(), 1)),
                           own.claim.home});
  has_changed_ = true;
}

// ---- What sessions of this cluster ask.

void Claims::ask(Instant now, const ClaimAsk& ask, std::uint64_t client, std::string_view home) {
  has_changed_ = true;
  const auto lease = milliseconds_in(ask.lease_ms);
  const bool is_release = ask.token != 0 && ask.lease_ms == 0;
  if (!is_release && (lease < kLeaseMin || lease > lease_max_)) {
    return answer(client, ask.request, ErrorCode::malformed,
                  "lease is " + text_of(lease) + ", " + text_of(kLeaseMin) + " to " +
                      text_of(lease_max_) + " are allowed");
  }
  if (milliseconds_in(ask.wait_ms) > kWaitMax) {
    return answer(client, ask.request, ErrorCode::malformed,
                  "wait is " + text_of(milliseconds_in(ask.wait_ms)) + ", at most " +
                      text_of(kWaitMax) + " are allowed");
  }
  if (ask.token != 0) return renew_or_release(now, ask, client, home);
  if (acquisitions_.size() >= kClaimsMax || held_.size() >= kClaimsMax) {
    return answer(client, ask.request, ErrorCode::overloaded,
                  std::to_string(kClaimsMax) + " keys are held, which is the limit");
  }
  Acquisition wanted;
  wanted.address = ask.address;
  wanted.home = home;
  wanted.request = ask.request;
  wanted.begun = now;
  wanted.lease = lease;
  wanted.wait = milliseconds_in(ask.wait_ms);
  acquisitions_[{key_of(ask.address), client}] = std::move(wanted);
}

// Once enough is known of the others; and again while nothing is heard: a home may have restarted.
void Claims::ask_home(Instant now, std::uint64_t client, Acquisition& own,
                      const Electorate& electorate) {
  if (own.ask != 0) own.home = home_of(own.address, electorate.needed);
  own.asked_again = now;
  own.ask = ++asks_;
  if (!own.is_said) {
    own.first_ask = own.ask;
    own.asked = now;
  }
  own.is_said = true;
  const auto waited = std::chrono::duration_cast<std::chrono::milliseconds>(now - own.begun);
  const auto wait = std::max(own.wait - waited, std::chrono::milliseconds(0));
  ClaimRecord record{own.address, ClaimStep::ask};
  record.home = own.home;
  record.holder = cluster_;
  record.client = client;
  record.request = own.ask;
  record.lease_ms = static_cast<std::uint32_t>(own.lease.count());
  record.wait_ms = static_cast<std::uint32_t>(wait.count());
  say(std::move(record));
}

// Whoever has the token: it need not be the client that got it.
void Claims::renew_or_release(Instant now, const ClaimAsk& ask, std::uint64_t client,
                              std::string_view home) {
  const Key key = key_of(ask.address);
  for (auto it = acquisitions_.lower_bound({key, 0});
       it != acquisitions_.end() && it->first.first == key; ++it) {
    Acquisition& held = it->second;
    if (!held.is_held(ask.token, now)) continue;
    if (ask.lease_ms != 0) {
      Round& round = begin_round(now, held, it->first.second, home, milliseconds_in(ask.lease_ms));
      round.client = client;
      round.request = ask.request;
      return;
    }
    say_over(ask.address, held.claim, client);
    work_.granted.emplace_back(client, ClaimGranted{ask.request, ask.token, 0, held.claim.home});
    acquisitions_.erase(it);
    return;
  }
  answer(client, ask.request, ErrorCode::refused,
         "token " + std::to_string(ask.token) + " does not hold " + name_of(ask.address) +
             " here, or not any more");
}

// It counts from now, once all have accepted it.
Claims::Round& Claims::begin_round(Instant now, Acquisition& own, std::uint64_t client,
                                   std::string_view home, std::chrono::milliseconds lease) {
  Round round;
  round.number = ++asks_;
  round.asked = now;
  round.lease = lease;
  ClaimRecord again{own.address, ClaimStep::ask};
  again.claim = own.claim;
  again.home = home;
  again.holder = cluster_;
  again.client = client;
  again.request = round.number;
  again.lease_ms = static_cast<std::uint32_t>(lease.count());
  say(std::move(again));
  return own.rounds.emplace_back(std::move(round));
}

void Claims::give_up() {
  for (const auto& [key, own] : acquisitions_) {
    if (own.is_said && !own.is_granted) say_over(own.address, own.claim, key.second, own.ask);
  }
  acquisitions_.clear();
  has_changed_ = true;
}

Result<void> Claims::check_write(Instant now, const CacheAddress& address, FencingToken fence,
                                 HybridTime next) const {
  if (fence == 0 && held_.empty()) return {};
  const Key key = key_of(address);
  if (fence == 0) {
    const Held* other = held(now, key);
    if (other == nullptr) return {};
    return fail(ErrorCode::refused,
                name_of(address) + " is held by cluster " + in_quotes(other->holder) +
                    " for up to " + text_of(other->until - now) + ": who acquires it may write it");
  }
  for (auto it = acquisitions_.lower_bound({key, 0});
       it != acquisitions_.end() && it->first.first == key; ++it) {
    const Acquisition& own = it->second;
    if (!own.is_held(fence, now)) continue;
    if (next < own.limit) return {};
    return fail(ErrorCode::refused,
                "the clock of this broker is ahead of that of " + in_quotes(own.claim.home) +
                    " by more than what is left of the lease of token " + std::to_string(fence));
  }
  return fail(ErrorCode::refused, "token " + std::to_string(fence) + " does not hold " +
                                      name_of(address) + " here, or not any more: fenced");
}

std::optional<Claims::View> Claims::view(Instant now, const CacheAddress& address) const {
  const Key key = key_of(address);
  const Held* known = held(now, key);
  if (known == nullptr) return std::nullopt;
  View view{known->claim, known->holder,
            std::chrono::ceil<std::chrono::milliseconds>(known->until - now), false};
  const auto own = acquisitions_.find({key, known->client});
  view.is_ours = own != acquisitions_.end() && own->second.is_granted &&
                 own->second.claim == known->claim && now < own->second.until;
  return view;
}

}  // namespace mpreg
