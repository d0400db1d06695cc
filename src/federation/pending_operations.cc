#include "federation/pending_operations.h"

#include <algorithm>

namespace mpreg {

PendingOperations::Ended PendingOperations::end(Operation operation, Outcome outcome, Instant now) {
  Ended ended;
  ended.client = operation.id.client;
  ended.outcome.operation = operation.id.operation;
  ended.outcome.outcome = outcome;
  ended.outcome.confirmed = std::move(operation.confirmed);
  ended.outcome.missing = std::move(operation.missing);
  const auto latency =
      std::chrono::duration_cast<std::chrono::microseconds>(now - operation.started);
  ended.outcome.latency_us =
      static_cast<std::uint32_t>(std::clamp<std::int64_t>(latency.count(), 0, 0xFFFFFFFF));
  return ended;
}

void PendingOperations::add(Operation operation, Instant now, std::vector<Ended>& ended) {
  if (operation.missing.empty()) {
    ended.push_back(end(std::move(operation), Outcome::confirmed, now));
    return;
  }
  const Number number = operation.cache_number;
  by_id_.emplace(operation.id, number);
  by_deadline_.emplace(operation.deadline, number);
  const bool is_new = by_number_.emplace(number, std::move(operation)).second;
  MPREG_CHECK(is_new);
}

void PendingOperations::applied(const std::string& cluster, Lane lane, Number number, Instant now,
                                std::vector<Ended>& ended) {
  Positions& positions = applied_[cluster];
  Number& position = lane == Lane::cache ? positions.cache : positions.bulk;
  if (number <= position || lane == Lane::events) return;
  // Only a step in the cache lane needs to be looked at from where it was; a value may complete
  // anything that the cache lane has passed already.
  const Number from = lane == Lane::cache ? position + 1 : 0;
  position = number;
  for (auto it = by_number_.lower_bound(from); it != by_number_.end();) {
    Operation& operation = it->second;
    if (operation.cache_number > positions.cache) break;
    const auto missing =
        std::lower_bound(operation.missing.begin(), operation.missing.end(), cluster);
    if (missing == operation.missing.end() || *missing != cluster ||
        !passed(operation, positions)) {
      ++it;
      continue;
    }
    operation.confirmed.push_back(cluster);
    operation.missing.erase(missing);
    if (!operation.missing.empty()) {
      ++it;
      continue;
    }
    by_id_.erase(operation.id);
    const auto [begin, stop] = by_deadline_.equal_range(operation.deadline);
    by_deadline_.erase(
        std::find_if(begin, stop, [&](const auto& entry) { return entry.second == it->first; }));
    ended.push_back(end(std::move(operation), Outcome::confirmed, now));
    it = by_number_.erase(it);
  }
}

void PendingOperations::expire(Instant now, std::vector<Ended>& ended) {
  while (!by_deadline_.empty() && by_deadline_.begin()->first <= now) {
    const auto it = by_number_.find(by_deadline_.begin()->second);
    by_deadline_.erase(by_deadline_.begin());
    by_id_.erase(it->second.id);
    ended.push_back(end(std::move(it->second), Outcome::timed_out, now));
    by_number_.erase(it);
  }
}

bool PendingOperations::complete(const OperationId& id, bool success, Instant now,
                                 std::vector<Ended>& ended) {
  const auto known = by_id_.find(id);
  if (known == by_id_.end()) return false;
  const auto it = by_number_.find(known->second);
  by_id_.erase(known);
  const auto [begin, stop] = by_deadline_.equal_range(it->second.deadline);
  by_deadline_.erase(
      std::find_if(begin, stop, [&](const auto& entry) { return entry.second == it->first; }));
  ended.push_back(end(std::move(it->second), success ? Outcome::confirmed : Outcome::failed, now));
  by_number_.erase(it);
  return true;
}

void PendingOperations::fail_all(Instant now, std::vector<Ended>& ended) {
  for (auto& [number, operation] : by_number_) {
    ended.push_back(end(std::move(operation), Outcome::failed, now));
  }
  by_number_.clear();
  by_id_.clear();
  by_deadline_.clear();
}

std::optional<Instant> PendingOperations::next_deadline() const {
  if (by_deadline_.empty()) return std::nullopt;
  return by_deadline_.begin()->first;
}

std::optional<Instant> PendingOperations::oldest() const {
  if (by_number_.empty()) return std::nullopt;
  return by_number_.begin()->second.started;
}

Number PendingOperations::applied_by(const std::string& cluster, Lane lane) const {
  const auto it = applied_.find(cluster);
  if (it == applied_.end()) return 0;
  return lane == Lane::cache ? it->second.cache : lane == Lane::bulk ? it->second.bulk : 0;
}

}  // namespace mpreg
