// Claims: what is done as time passes, and as others have spoken.

#include "coherence/claims.h"

#include <algorithm>

#include "base/text.h"
#include "coherence/claim_text.h"
#include "message/leases.h"

namespace mpreg {

Claims::Work Claims::settle(Instant now, const Observed& observed, const Electorate& electorate) {
  has_changed_ = false;
  if (now >= next_expiry_) expire(now);
  settle_due(now, observed, electorate);
  settle_acquisitions(now, electorate);
  settle_queues(now);
  return std::exchange(work_, {});
}

// What was written last under a lease that ran out is older than all that is written from now on.
void Claims::expire(Instant now) {
  next_expiry_ = Instant::max();
  for (auto it = held_.begin(); it != held_.end();) {
    if (now < it->second.until) {
      expect_expiry(it->second.until);
      ++it;
      continue;
    }
    work_.clock_floor = std::max(work_.clock_floor, it->second.limit);
    it = held_.erase(it);
  }
}

void Claims::settle_due(Instant now, const Observed& observed, const Electorate& electorate) {
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
      expect_expiry(due.claim.until);
    } else if (!is_known) {
      return known != nullptr;  // Another one has come; else a renewal may bring it back.
    }
    if (electorate.may_have_forgotten) return false;
    if (now < due.not_before || observed(due.stream) < due.number) return false;
    say_accepted(due.address, due.claim.claim, due.round);
    return true;
  });
}

std::string Claims::what_is_missing(const std::set<std::string>& accepted,
                                    const Electorate& electorate) {
  std::string missing;
  for (const std::string& member : electorate.needed) {
    if (accepted.count(member) == 0) missing += (missing.empty() ? "" : ", ") + member;
  }
  if (!missing.empty()) return "not accepted by " + missing;
  if (accepted.size() >= electorate.majority) return {};
  return std::to_string(accepted.size()) + " members have accepted, " +
         std::to_string(electorate.majority) + " are needed";
}

std::string Claims::why_not(const Acquisition& own, const Electorate& electorate) {
  if (!electorate.not_yet.empty()) return electorate.not_yet;
  if (own.claim.token == 0) {
    return "the home of the key, " + in_quotes(own.home) + ", has not answered";
  }
  const auto accepted = own.accepted.find(own.claim);
  std::string missing = what_is_missing(
      accepted == own.accepted.end() ? std::set<std::string>() : accepted->second, electorate);
  return missing.empty() ? "not all have accepted its renewal" : missing;
}

void Claims::settle_acquisitions(Instant now, const Electorate& electorate) {
  for (auto it = acquisitions_.begin(); it != acquisitions_.end();) {
    Acquisition& own = it->second;
    const std::uint64_t client = it->first.second;
    if (!own.is_granted) settle_grant(now, client, own, electorate);
    if (own.is_granted) settle_rounds(now, own, electorate);
    if (own.is_granted ? now < own.until : now < own.answer_by()) {
      ++it;
      continue;
    }
    if (!own.is_granted) {
      if (own.is_said) say_over(own.address, own.claim, client, own.ask);
      answer(client, own.request, ErrorCode::timed_out,
             name_of(own.address) + " is not ours: " + why_not(own, electorate));
    }
    it = acquisitions_.erase(it);
  }
}

// The lease runs while others are waited for, before us in the row or for their near caches: so it
// is renewed until all have accepted it in time.
void Claims::settle_grant(Instant now, std::uint64_t client, Acquisition& own,
                          const Electorate& electorate) {
  if (!electorate.not_yet.empty()) return;
  const bool is_to_ask =
      !own.is_said || (own.claim.token == 0 && now - own.asked_again > kAskAgain);
  if (is_to_ask) ask_home(now, client, own, electorate);
  if (own.claim.token == 0) return;
  std::erase_if(own.rounds, [&](const Round& round) { return now - round.asked > own.lease / 2; });
  const auto& accepted = own.accepted[own.claim];
  if (now - own.asked < own.lease / 2 && what_is_missing(accepted, electorate).empty()) {
    own.until = own.asked + own.lease;
    own.is_granted = true;
  }
  for (const Round& round : own.rounds) {
    if (round.limit == 0 || !what_is_missing(round.accepted, electorate).empty()) continue;
    own.until = round.asked + own.lease;
    own.limit = std::max(own.limit, round.limit);
    own.is_granted = true;
  }
  if (own.is_granted) {
    own.token = own.claim.token;
    own.accepted.clear();
    own.rounds.clear();
    return grant(now, client, own.request, own);
  }
  const Instant last = own.rounds.empty() ? own.asked : own.rounds.back().asked;
  if (now - last > own.lease / 4) (void)begin_round(now, own, client, own.claim.home, own.lease);
}

void Claims::settle_rounds(Instant now, Acquisition& own, const Electorate& electorate) {
  std::erase_if(own.rounds, [&](const Round& round) {
    const std::string missing = round.limit == 0 ? "the home of the key has not answered"
                                                 : what_is_missing(round.accepted, electorate);
    if (missing.empty() && now < round.asked + round.lease) {
      own.until = std::max(own.until, round.asked + round.lease);
      own.limit = std::max(own.limit, round.limit);
      if (round.client != 0) grant(now, round.client, round.request, own);
      return true;
    }
    if (now < own.until && now < round.asked + round.lease) return false;
    if (round.client != 0) {
      answer(round.client, round.request, ErrorCode::timed_out,
             name_of(own.address) + " is not renewed: " + missing);
    }
    return true;
  });
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
      const std::string holder =
          known != nullptr ? "cluster " + in_quotes(known->holder) : "another";
      const std::string left =
          known != nullptr ? " for up to " + text_of(known->until - now) : std::string();
      refuse(asked.record, name_of(asked.record.address) + " is held by " + holder + left);
      return true;
    });
    it = queue.empty() ? queues_.erase(it) : std::next(it);
  }
}

}  // namespace mpreg
