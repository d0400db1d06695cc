#include "coherence/claims.h"

#include <algorithm>

#include "base/text.h"
#include "message/leases.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace mpreg {
namespace {

std::string name_of(const CacheAddress& address) {
  return address.namespace_name + ":" + address.key +
         (address.subkey.empty() ? std::string() : ":" + address.subkey);
}

std::string text_of(Duration time) {
  return std::to_string(std::chrono::ceil<std::chrono::milliseconds>(time).count()) + " ms";
}

std::chrono::milliseconds milliseconds_in(std::uint32_t count) {
  return std::chrono::milliseconds(count);
}

}  // namespace

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

void Claims::answer(std::uint64_t client, std::uint64_t request, ErrorCode code, std::string text) {
  work_.refused.emplace_back(client, Answer{request, false, code, std::move(text)});
  has_changed_ = true;
}

void Claims::grant(Instant now, std::uint64_t client, std::uint64_t request,
                   const Acquisition& own) {
  const auto left = std::chrono::floor<std::chrono::milliseconds>(own.until - now);
  work_.granted.emplace_back(
      client, ClaimGranted{request, own.claim.token,
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
  wanted.asked = now;
  wanted.answer_by = now + milliseconds_in(ask.wait_ms) + kAnswerGrace;
  wanted.lease = lease;
  wanted.wait = milliseconds_in(ask.wait_ms);
  acquisitions_[{key_of(ask.address), client}] = std::move(wanted);
}

// Once enough is known of the others.
void Claims::ask_home(Instant now, std::uint64_t client, Acquisition& own) {
  own.asked = now;
  own.is_said = true;
  own.ask = ++asks_;
  ClaimRecord record{own.address, ClaimStep::ask};
  record.home = own.home;
  record.holder = cluster_;
  record.client = client;
  record.request = own.ask;
  record.lease_ms = static_cast<std::uint32_t>(own.lease.count());
  record.wait_ms = static_cast<std::uint32_t>(own.wait.count());
  say(std::move(record));
}

// Whoever has the token: it need not be the client that got it.
void Claims::renew_or_release(Instant now, const ClaimAsk& ask, std::uint64_t client,
                              std::string_view home) {
  const Key key = key_of(ask.address);
  for (auto it = acquisitions_.lower_bound({key, 0});
       it != acquisitions_.end() && it->first.first == key; ++it) {
    Acquisition& held = it->second;
    if (!held.is_granted || held.claim.token != ask.token || now >= held.until) continue;
    ClaimRecord record{ask.address, ask.lease_ms == 0 ? ClaimStep::release : ClaimStep::ask};
    record.claim = held.claim;
    record.home = home;
    record.holder = cluster_;
    record.client = client;
    record.request = ++asks_;
    record.lease_ms = ask.lease_ms;
    say(std::move(record));
    if (ask.lease_ms == 0) {
      work_.granted.emplace_back(client, ClaimGranted{ask.request, ask.token, 0, held.claim.home});
      acquisitions_.erase(it);
      return;
    }
    held.renewing = asks_;
    held.renewal_asked = now;
    held.renewal_request = ask.request;
    held.renewal_client = client;
    return;
  }
  answer(client, ask.request, ErrorCode::refused,
         "token " + std::to_string(ask.token) + " does not hold " + name_of(ask.address) +
             " here, or not any more");
}

void Claims::give_up(Instant now) {
  for (const auto& [key, own] : acquisitions_) {
    if (own.claim.token == 0 || now >= own.until) continue;
    ClaimRecord over{own.address, ClaimStep::release};
    over.claim = own.claim;
    over.holder = cluster_;
    over.client = key.second;
    say(std::move(over));
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
                name_of(address) + " is held by cluster " + quoted(other->holder) + " for up to " +
                    text_of(other->until - now) + ": who acquires it may write it");
  }
  for (auto it = acquisitions_.lower_bound({key, 0});
       it != acquisitions_.end() && it->first.first == key; ++it) {
    const Acquisition& own = it->second;
    if (!own.is_granted || own.claim.token != fence || now >= own.until) continue;
    if (next < own.limit) return {};
    return fail(ErrorCode::refused,
                "the clock of this broker is ahead of that of " + quoted(own.claim.home) +
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

// ---- What is told in the streams.

void Claims::take(Instant now, const CacheInvalidation& fact, ClaimId claim, StreamIndex stream,
                  Number number) {
  const Key key = key_of(fact.address);
  const ClaimGrant& grant = *fact.claim;
  has_changed_ = true;
  if (grant.holder == cluster_) {
    const auto own = acquisitions_.find({key, grant.client});
    if (own == acquisitions_.end() || own->second.ask != grant.request) {
      // Given up, or asked for by an earlier life.
      ClaimRecord over{fact.address, ClaimStep::release};
      over.claim = std::move(claim);
      over.holder = cluster_;
      return say(std::move(over));
    }
    Acquisition& wanted = own->second;
    wanted.claim = claim;
    wanted.limit = grant.limit;
  }
  const Held* other = held(now, key);
  if (other != nullptr && other->claim > claim) return;  // Its holder will not have our word.
  if (grant.holder != cluster_) yield(key, claim);
  Due due;
  due.address = fact.address;
  due.claim = {std::move(claim), grant.holder, grant.client, grant.limit, {}};
  due.lease = std::min(milliseconds_in(grant.lease_ms), kLeaseLimit);
  due.stream = stream;
  due.number = number;
  due.until = now + 2 * std::max(lease_max_, due.lease) + kLeaseMargin;
  due_.push_back(std::move(due));
}

// Of two claims at once the later one wins: ours will not have the word of all.
void Claims::yield(const Key& key, const ClaimId& other) {
  for (auto it = acquisitions_.lower_bound({key, 0});
       it != acquisitions_.end() && it->first.first == key; ++it) {
    Acquisition& own = it->second;
    if (own.is_granted || own.claim.token == 0 || own.claim > other) continue;
    ClaimRecord over{own.address, ClaimStep::release};
    over.claim = std::exchange(own.claim, {});
    over.holder = cluster_;
    over.client = it->first.second;
    say(std::move(over));
    own.accepted.clear();
    own.renewing = 0;
    own.is_said = false;
  }
}

void Claims::take(Instant now, const ClaimRecord& record, const std::string& origin) {
  has_changed_ = true;
  const Key key = key_of(record.address);
  switch (record.step) {
    case ClaimStep::ask:
      if (record.home == cluster_ && record.holder == origin) take_ask(now, record);
      return;
    case ClaimStep::accept:
      for (auto it = acquisitions_.lower_bound({key, 0});
           it != acquisitions_.end() && it->first.first == key; ++it) {
        if (!it->second.is_granted) it->second.accepted[record.claim].insert(origin);
      }
      return;
    case ClaimStep::renew:
      return take_renewal(now, record);
    case ClaimStep::release:
      if (record.claim.token != 0) return end(record.address, record.claim);
      if (const auto queue = queues_.find(key); queue != queues_.end()) {
        queued_ -= std::erase_if(queue->second, [&](const Asked& asked) {
          return asked.record.holder == origin && asked.record.client == record.client &&
                 asked.record.request == record.request;
        });
      }
      return;
    case ClaimStep::refuse:
      if (record.holder == cluster_) take_refusal(record);
      return;
  }
}

void Claims::end(const CacheAddress& address, const ClaimId& claim) {
  const auto known = held_.find(key_of(address));
  if (known != held_.end() && known->second.claim == claim) held_.erase(known);
  std::erase_if(due_, [&](const Due& due) { return due.claim.claim == claim; });
}

void Claims::refuse(const ClaimRecord& asked, std::string reason) {
  ClaimRecord refusal{asked.address, ClaimStep::refuse};
  refusal.claim = asked.claim;
  refusal.holder = asked.holder;
  refusal.client = asked.client;
  refusal.request = asked.request;
  refusal.reason = std::move(reason);
  say(std::move(refusal));
}

void Claims::take_ask(Instant now, const ClaimRecord& record) {
  const Key key = key_of(record.address);
  if (record.claim.token != 0) {
    const Held* known = held(now, key);
    if (known == nullptr || known->claim != record.claim) {
      return refuse(record,
                    "the lease of token " + std::to_string(record.claim.token) + " has run out");
    }
    ClaimRecord renewal = record;
    renewal.step = ClaimStep::renew;
    renewal.home.clear();
    return say(std::move(renewal));
  }
  std::deque<Asked>& queue = queues_[key];
  queued_ -= std::erase_if(queue, [&](const Asked& asked) {
    return asked.record.holder == record.holder && asked.record.client == record.client;
  });
  if (queued_ >= kClaimsMax) {
    return refuse(record, std::to_string(kClaimsMax) + " wait for keys at " + cluster_ +
                              ", which is the limit");
  }
  queue.push_back({record, now + std::min(milliseconds_in(record.wait_ms), kWaitMax)});
  ++queued_;
}

void Claims::take_renewal(Instant now, const ClaimRecord& record) {
  const Key key = key_of(record.address);
  const auto lease = std::min(milliseconds_in(record.lease_ms), kLeaseLimit);
  const Held* known = held(now, key);
  if (known != nullptr && known->claim != record.claim) return;
  // Who did not know it, for it was not there then, knows it from now on.
  Held& renewed = held_[key];
  renewed.limit = std::max(renewed.limit, record.limit);
  renewed.until = now + lease + kLeaseMargin;
  if (known == nullptr) {
    renewed.claim = record.claim;
    renewed.holder = record.holder;
  }
  if (record.holder != cluster_) return;
  for (auto it = acquisitions_.lower_bound({key, 0});
       it != acquisitions_.end() && it->first.first == key; ++it) {
    Acquisition& own = it->second;
    if (own.claim != record.claim || own.renewing != record.request) continue;
    renewed.client = it->first.second;
    own.renewing = 0;
    own.limit = record.limit;
    own.asked = own.renewal_asked;
    own.lease = lease;
    own.until = std::max(own.until, own.asked + lease);
    if (own.is_granted) grant(now, own.renewal_client, own.renewal_request, own);
  }
}

void Claims::take_refusal(const ClaimRecord& record) {
  const Key key = key_of(record.address);
  for (auto it = acquisitions_.lower_bound({key, 0});
       it != acquisitions_.end() && it->first.first == key; ++it) {
    Acquisition& own = it->second;
    if (own.is_granted && own.renewing == record.request) {
      answer(own.renewal_client, own.renewal_request, ErrorCode::refused, record.reason);
      own.renewing = 0;
      return;
    }
    if (own.is_granted || !own.is_said) continue;
    if (own.ask != record.request && own.renewing != record.request) continue;
    answer(it->first.second, own.request, ErrorCode::refused, record.reason);
    acquisitions_.erase(it);
    return;
  }
}

// ---- As time passes.

Claims::Work Claims::settle(Instant now, const Observed& observed, const Electorate& electorate) {
  has_changed_ = false;
  for (auto it = held_.begin(); it != held_.end();) {
    if (now < it->second.until) {
      ++it;
      continue;
    }
    work_.clock_floor = std::max(work_.clock_floor, it->second.limit);
    it = held_.erase(it);
  }
  settle_due(now, observed);
  settle_acquisitions(now, electorate);
  settle_queues(now);
  return std::exchange(work_, {});
}

void Claims::settle_due(Instant now, const Observed& observed) {
  std::erase_if(due_, [&](Due& due) {
    if (now >= due.until) return true;
    const Key key = key_of(due.address);
    const Held* known = held(now, key);
    const bool is_known = known != nullptr && known->claim == due.claim.claim;
    if (!due.is_installed) {
      if (known != nullptr && known->claim > due.claim.claim) return true;
      const bool is_same_holder = known != nullptr && known->holder == due.claim.holder &&
                                  known->client == due.claim.client;
      if (known != nullptr && !is_known && !is_same_holder) return false;  // It has to end first.
      due.is_installed = true;
      due.claim.until = now + due.lease + kLeaseMargin;
      held_[key] = due.claim;
    } else if (!is_known) {
      return true;  // Another one has come, or it took too long.
    }
    if (observed(due.stream) < due.number) return false;
    ClaimRecord accepted{due.address, ClaimStep::accept};
    accepted.claim = due.claim.claim;
    accepted.holder = cluster_;
    say(std::move(accepted));
    return true;
  });
}

std::string Claims::what_is_missing(const Acquisition& own, const Electorate& electorate) {
  if (!electorate.not_yet.empty()) return electorate.not_yet;
  if (own.claim.token == 0) {
    return "the home of the key, " + quoted(own.home) + ", has not answered";
  }
  const auto accepted = own.accepted.find(own.claim);
  const std::size_t count = accepted == own.accepted.end() ? 0 : accepted->second.size();
  std::string missing;
  for (const std::string& member : electorate.needed) {
    if (count > 0 && accepted->second.count(member) > 0) continue;
    missing += (missing.empty() ? "" : ", ") + member;
  }
  if (!missing.empty()) return "not accepted by " + missing;
  if (count >= electorate.majority) return {};
  return std::to_string(count) + " members have accepted, " + std::to_string(electorate.majority) +
         " are needed";
}

void Claims::settle_acquisitions(Instant now, const Electorate& electorate) {
  for (auto it = acquisitions_.begin(); it != acquisitions_.end();) {
    Acquisition& own = it->second;
    const std::uint64_t client = it->first.second;
    if (own.is_granted) {
      it = now < own.until ? std::next(it) : acquisitions_.erase(it);
      continue;
    }
    if (!own.is_said && electorate.not_yet.empty()) ask_home(now, client, own);
    own.until = own.asked + own.lease;
    const std::string missing = what_is_missing(own, electorate);
    const Duration left = own.until - now;
    if (missing.empty() && left > own.lease / 2) {
      own.is_granted = true;
      own.accepted.clear();
      grant(now, client, own.request, own);
    } else if (own.claim.token != 0 && own.renewing == 0 && left < own.lease * 3 / 4) {
      renew_before_it_is_granted(now, client, own);
    }
    if (own.is_granted || now < own.answer_by) {
      ++it;
      continue;
    }
    if (own.is_said) {
      ClaimRecord over{own.address, ClaimStep::release};
      over.claim = own.claim;
      over.holder = cluster_;
      over.client = client;
      over.request = own.ask;
      say(std::move(over));
    }
    answer(client, own.request, ErrorCode::timed_out,
           name_of(own.address) + " is not ours: " +
               (missing.empty() ? "its home does not renew the lease" : missing));
    it = acquisitions_.erase(it);
  }
}

// The lease runs while others are waited for: before us in the row, or for their near caches.
void Claims::renew_before_it_is_granted(Instant now, std::uint64_t client, Acquisition& own) {
  own.renewing = ++asks_;
  own.renewal_asked = now;
  ClaimRecord again{own.address, ClaimStep::ask};
  again.claim = own.claim;
  again.home = own.claim.home;
  again.holder = cluster_;
  again.client = client;
  again.request = own.renewing;
  again.lease_ms = static_cast<std::uint32_t>(own.lease.count());
  say(std::move(again));
}

void Claims::settle_queues(Instant now) {
  for (auto it = queues_.begin(); it != queues_.end();) {
    std::deque<Asked>& queue = it->second;
    const Held* known = held(now, it->first);
    const auto is_free_for = [&](const ClaimRecord& asked) {
      return known == nullptr || (known->holder == asked.holder && known->client == asked.client);
    };
    if (!queue.empty() && is_free_for(queue.front().record) && !is_due(it->first)) {
      const ClaimRecord& asked = queue.front().record;
      CacheInvalidation claim;
      claim.address = asked.address;
      claim.reason = "held by " + asked.holder;
      claim.tracking.wait = WaitLevel::observed;
      claim.claim = ClaimGrant{asked.holder, asked.client, asked.request, asked.lease_ms, 0};
      work_.claims.push_back(std::move(claim));
      queue.pop_front();
      --queued_;
      has_changed_ = true;
    }
    queued_ -= std::erase_if(queue, [&](const Asked& asked) {
      if (now < asked.until) return false;
      const std::string holder = known != nullptr ? "cluster " + quoted(known->holder) : "another";
      const std::string left =
          known != nullptr ? " for up to " + text_of(known->until - now) : std::string();
      refuse(asked.record, name_of(asked.record.address) + " is held by " + holder + left);
      return true;
    });
    it = queue.empty() ? queues_.erase(it) : std::next(it);
  }
}

}  // namespace mpreg
