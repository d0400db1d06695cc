// Claims: what is told in the streams.

#include "coherence/claims.h"

#include <algorithm>

#include "base/text.h"
#include "coherence/claim_text.h"
#include "message/leases.h"

namespace mpreg {

void Claims::take(Instant now, const CacheInvalidation& fact, ClaimId claim, StreamIndex stream,
                  Number number) {
  const Key key = key_of(fact.address);
  const ClaimGrant& grant = *fact.claim;
  has_changed_ = true;
  if (grant.holder == cluster_) {
    const auto own = acquisitions_.find({key, grant.client});
    if (own == acquisitions_.end() || !own->second.has_asked(grant.request)) {
      // Given up, or asked for by an earlier life.
      return say_over(fact.address, claim);
    }
    // What was asked for again may be claimed again: for the same, and so no harm.
    own->second.claim = claim;
    own->second.limit = std::max(own->second.limit, grant.limit);
  }
  yield(key, claim, grant);
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
void Claims::yield(const Key& key, const ClaimId& other, const ClaimGrant& grant) {
  for (auto it = acquisitions_.lower_bound({key, 0});
       it != acquisitions_.end() && it->first.first == key; ++it) {
    Acquisition& own = it->second;
    if (grant.holder == cluster_ && grant.client == it->first.second) continue;
    if (own.is_granted || own.claim.token == 0 || own.claim > other) continue;
    say_over(own.address, own.claim, it->first.second);
    own.begin_again();
  }
}

// What was said in the last incarnation nobody will hear.
void Claims::renumbered(Instant now) {
  has_changed_ = true;
  const auto is_ours = [&](const ClaimId& claim) { return claim.home == cluster_; };
  std::erase_if(held_, [&](const auto& one) { return is_ours(one.second.claim); });
  std::erase_if(due_, [&](const Due& due) { return is_ours(due.claim.claim); });
  for (auto& [key, own] : acquisitions_) {
    if (!own.is_granted) own.begin_again();
  }
  for (const auto& [key, one] : held_) {
    if (now >= one.until) continue;
    CacheAddress address;
    std::tie(address.namespace_name, address.key, address.subkey, address.version) = key;
    const bool is_to_come = std::any_of(
        due_.begin(), due_.end(), [&](const Due& due) { return due.claim.claim == one.claim; });
    if (!is_to_come) say_accepted(address, one.claim, 0);
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
        Acquisition& own = it->second;
        if (!own.is_granted) own.accepted[record.claim].insert(origin);
        if (record.claim != own.claim) continue;
        for (Round& round : own.rounds) {
          if (round.number <= record.client) round.accepted.insert(origin);
        }
      }
      return;
    case ClaimStep::renew:
      return take_renewal(now, record);
    case ClaimStep::release:
      if (record.claim.token != 0) return end(record.address, record.claim);
      if (const auto queue = queues_.find(key); queue != queues_.end()) {
        queued_ -= std::erase_if(queue->second, [&](const Asked& asked) {
          return asked.record.holder == origin && asked.record.client == record.client &&
                 asked.record.request <= record.request;
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
  const Instant until = now + std::min(milliseconds_in(record.wait_ms), kWaitMax);
  // Who asks again keeps its place in the row.
  for (Asked& asked : queue) {
    if (asked.record.holder != record.holder || asked.record.client != record.client) continue;
    asked = {record, until};
    return;
  }
  if (queued_ >= kClaimsMax) {
    return refuse(record, std::to_string(kClaimsMax) + " wait for keys at " + cluster_ +
                              ", which is the limit");
  }
  queue.push_back({record, until});
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
  // Its holder believes in the longer of two leases.
  renewed.until = std::max(renewed.until, now + lease + kLeaseMargin);
  expect_expiry(renewed.until);
  const bool is_missed = known == nullptr;
  if (is_missed) {
    renewed.claim = record.claim;
    renewed.holder = record.holder;
    renewed.client = record.client;
  }
  accept_again(now, record, renewed, is_missed);
  if (record.holder != cluster_) return;
  for (auto it = acquisitions_.lower_bound({key, 0});
       it != acquisitions_.end() && it->first.first == key; ++it) {
    if (it->second.claim != record.claim) continue;
    for (Round& round : it->second.rounds) {
      if (round.number == record.request) round.limit = record.limit;
    }
  }
}

// Also when the claim was lost on its way here, or our word on its way there.
void Claims::accept_again(Instant now, const ClaimRecord& renewal, const Held& claim,
                          bool is_missed) {
  const auto lease = std::min(milliseconds_in(renewal.lease_ms), kLeaseLimit);
  const Instant until = now + 2 * std::max(lease_max_, lease);
  for (Due& due : due_) {
    if (due.claim.claim != claim.claim) continue;
    due.until = until;
    due.round = renewal.request;
    return;
  }
  Due due;
  due.address = renewal.address;
  due.claim = claim;
  due.lease = lease;
  due.is_installed = true;
  due.round = renewal.request;
  if (is_missed) due.not_before = now + kNearCacheLease + kLeaseMargin;
  due.until = until;
  due_.push_back(std::move(due));
}

void Claims::take_refusal(const ClaimRecord& record) {
  const Key key = key_of(record.address);
  for (auto it = acquisitions_.lower_bound({key, 0});
       it != acquisitions_.end() && it->first.first == key; ++it) {
    Acquisition& own = it->second;
    const auto round = std::find_if(own.rounds.begin(), own.rounds.end(),
                                    [&](const Round& one) { return one.number == record.request; });
    if (own.is_granted && round != own.rounds.end()) {
      if (round->client != 0) {
        answer(round->client, round->request, ErrorCode::refused, record.reason);
      }
      own.rounds.erase(round);
      return;
    }
    if (!own.is_granted && round != own.rounds.end()) {
      return own.begin_again();  // Its lease ran out before all had accepted it.
    }
    if (own.is_granted || !own.has_asked(record.request)) continue;
    answer(it->first.second, own.request, ErrorCode::refused, record.reason);
    acquisitions_.erase(it);
    return;
  }
}

}  // namespace mpreg
