#include "operation_check.h"

#include <algorithm>

#include "message/leases.h"

namespace mpreg::sim {
namespace {

// Who has not answered by kOriginSilenceMax is named as fenced; the rest is for the ways, and for
// an answer of the broker that comes late.
constexpr Duration kObservedWithin = kOriginSilenceMax + std::chrono::milliseconds(1500);

}  // namespace

OperationCheck::OperationCheck(std::uint32_t client, Truth& truth, Verdict& verdict,
                               const Witnesses& witnesses)
    : client_(client), truth_(truth), verdict_(verdict), witnesses_(witnesses) {}

std::string OperationCheck::text(std::uint64_t operation) const {
  return "operation " + std::to_string(operation) + " of client c" + std::to_string(client_);
}

void OperationCheck::on_begun(std::uint64_t operation, const Begun& begun) {
  if (!operations_.emplace(operation, Operation{begun}).second) {
    fail(text(operation) + " is numbered twice");
  }
  if (begun.tracked) tracked_.push_back(operation);
  if (begun.observed) observed_.push_back(operation);
}

void OperationCheck::on_completed_by_hand(std::uint64_t operation) {
  if (const auto it = operations_.find(operation); it != operations_.end()) {
    it->second.by_hand = true;
  }
}

void OperationCheck::on_accepted(std::uint64_t through, Instant now) {
  if (through <= accepted_through_) {
    return fail("client c" + std::to_string(client_) + ": accepted through " +
                std::to_string(through) + " after " + std::to_string(accepted_through_));
  }
  for (std::uint64_t number = accepted_through_ + 1; number <= through; ++number) {
    const auto it = operations_.find(number);
    if (it == operations_.end()) return fail(text(number) + " is accepted and was never begun");
    Operation& operation = it->second;
    operation.accepted_at = now;
    if (!operation.refused && truth_.message(operation.begun.message).stampings.empty()) {
      return fail(text(number) + " is accepted and was never stamped");
    }
  }
  accepted_through_ = through;
}

void OperationCheck::check_bounds(Instant now, const Connected& connected) {
  std::erase_if(observed_, [&](std::uint64_t number) {
    const Operation& operation = operations_.at(number);
    return operation.ended || operation.refused;
  });
  for (const std::uint64_t number : observed_) {
    const Operation& operation = operations_.at(number);
    const Instant from = std::max(operation.accepted_at, connected.steady_since);
    if (number > accepted_through_ || operation.accepted_at <= connected.since) continue;
    const auto& stampings = truth_.message(operation.begun.message).stampings;
    const bool is_known = std::any_of(
        stampings.begin(), stampings.end(),
        [&](const Stamping& stamping) { return stamping.life == connected.broker_life; });
    if (!is_known) continue;
    if (now - from <= kObservedWithin) continue;
    fail(text(number) + " was accepted " +
         std::to_string((now - operation.accepted_at) / std::chrono::milliseconds(1)) +
         " ms ago, its broker answers, and it is neither observed nor failed");
  }
}

void OperationCheck::on_refused(const OperationRefused& refused, std::uint64_t broker_life,
                                bool may_wait) {
  const auto it = operations_.find(refused.operation);
  if (it == operations_.end()) {
    return fail(text(refused.operation) + " is refused and was never begun");
  }
  Operation& operation = it->second;
  // One that timed out at the client before its broker had it may still be refused.
  if (operation.refused || operation.confirmed || refused.operation <= accepted_through_) {
    return fail(text(refused.operation) + " is refused after it had ended: " + refused.text);
  }
  operation.refused = true;
  const Message& message = truth_.message(operation.begun.message);
  for (const Stamping& stamping : message.stampings) {
    if (stamping.life == broker_life) {
      fail(text(refused.operation) + " is refused and was stamped: " + refused.text);
    }
  }
  // When everything has healed for long, nobody waits any more: that is in must_confirm.
  const bool waits = may_wait && operation.begun.is_of_cache && !operation.begun.must_confirm &&
                     refused.code == ErrorCode::disconnected;
  const bool is_expected = waits || refused.code == ErrorCode::overloaded ||
                           operation.begun.may_be_fenced ||
                           (refused.code == ErrorCode::refused && !message.targets.empty());
  if (!is_expected) {
    fail(text(refused.operation) +
         " is refused although nothing is wrong with it: " + refused.text);
  }
}

void OperationCheck::on_outcome(const OperationOutcome& outcome, Instant now, bool session_over) {
  for (const EndedOperation& ended : outcome.operations) {
    on_end(ended.operation, outcome, now, session_over);
  }
}

void OperationCheck::on_end(std::uint64_t number, const OperationOutcome& outcome, Instant now,
                            bool session_over) {
  const auto it = operations_.find(number);
  if (it == operations_.end() || !it->second.begun.tracked) {
    return fail(text(number) + " has an outcome and was not tracked");
  }
  Operation& operation = it->second;
  if (operation.ended || operation.refused) return fail(text(number) + " has a second outcome");
  operation.ended = true;
  operation.confirmed = outcome.outcome == Outcome::confirmed;
  if (operation.by_hand || session_over) return;
  if (outcome.outcome == Outcome::timed_out && now < operation.begun.deadline) {
    fail(text(number) + " timed out before its deadline");
  }
  if (outcome.outcome == Outcome::confirmed) return check_confirmed(operation, outcome);
  if (operation.begun.must_confirm) {
    fail(text(number) + " is not confirmed although everything is well; missing: " +
         (outcome.missing.empty() ? std::string("nobody") : outcome.missing.front()));
  }
}

void OperationCheck::check_confirmed(const Operation& operation, const OperationOutcome& outcome) {
  const Message& message = truth_.message(operation.begun.message);
  if (!outcome.missing.empty()) {
    fail(truth_.text(operation.begun.message) + " is confirmed with targets missing");
  }
  std::vector<std::string> targets = message.targets;
  std::erase(targets, kEveryMember);
  targets.insert(targets.end(), outcome.confirmed.begin(), outcome.confirmed.end());
  for (const std::string& target : targets) {
    // It serves nothing, and has not said that it has applied it.
    if (std::find(outcome.fenced.begin(), outcome.fenced.end(), target) != outcome.fenced.end()) {
      continue;
    }
    if (!was_applied_at(target, operation.begun.message)) {
      fail(truth_.text(operation.begun.message) + " is confirmed and was not applied at " + target);
    }
    const bool is_for_it = message.names(target);
    if (operation.begun.value == kNoMessage || !is_for_it) continue;
    if (!was_applied_at(target, operation.begun.value)) {
      fail(truth_.text(operation.begun.value) + " is confirmed and did not come to " + target);
    }
  }
}

// In some life of the target, or the target has been told that it is lost. A value from before that
// life knew of its origin is kept there and given to those who resume: nobody sees it come.
bool OperationCheck::was_applied_at(const std::string& cluster, MessageIndex message) const {
  const auto lives = witnesses_.find(cluster);
  if (lives == witnesses_.end()) return false;
  const auto& stampings = truth_.message(message).stampings;
  const bool is_value = truth_.message(message).kind == RecordKind::value;
  // Who knows the refusal of another broker passes what this one has numbered.
  if (truth_.message(message).refused) return true;
  return std::any_of(lives->second.begin(), lives->second.end(), [&](const auto& witness) {
    if (is_value ? witness->has_seen_value(message) : witness->has_applied(message)) return true;
    return std::any_of(stampings.begin(), stampings.end(), [&](const Stamping& stamping) {
      return witness->has_gap(stamping) ||
             (is_value && stamping.number <= witness->first(stamping.stream).value_or(kNumberMax));
    });
  });
}

std::optional<std::string> OperationCheck::find_pending() const {
  for (const auto& [number, operation] : operations_) {
    if (number > accepted_through_) return text(number) + " is neither accepted nor refused";
    if (operation.begun.tracked && !operation.ended && !operation.refused) {
      return text(number) + " is tracked and has no outcome";
    }
  }
  return std::nullopt;
}

}  // namespace mpreg::sim
