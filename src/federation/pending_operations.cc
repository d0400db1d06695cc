#include "federation/pending_operations.h"

#include <algorithm>
#include <utility>

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

PendingOperations::Ended PendingOperations::progress(const Operation& operation,
                                                     const std::string& cluster) {
  Ended told;
  told.client = operation.id.client;
  told.outcome.operation = operation.id.operation;
  told.outcome.outcome = Outcome::acknowledged;
  told.outcome.confirmed.push_back(cluster);
  return told;
}

void PendingOperations::add(Operation operation, Instant now, std::vector<Ended>& ended) {
  if (operation.missing.empty() && !operation.waits_for_fence) {
    ended.push_back(end(std::move(operation), Outcome::confirmed, now));
    return;
  }
  const Key key = key_of(operation);
  by_id_.emplace(operation.id, operation.cache_number);
  by_deadline_.emplace(operation.deadline, key);
  if (operation.fence != Instant{}) fences_.emplace(key, operation.fence);
  const bool is_new = by_number_.emplace(key, std::move(operation)).second;
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
  confirm(cluster, positions, from, now, ended);
}

void PendingOperations::observed(const std::string& cluster, Number number, Instant now,
                                 std::vector<Ended>& ended) {
  Positions& positions = applied_[cluster];
  if (number <= positions.observed) return;
  const Number from = std::exchange(positions.observed, number) + 1;
  if (!fences_.empty()) confirm(cluster, positions, from, now, ended);
}

void PendingOperations::confirm(const std::string& cluster, const Positions& positions, Number from,
                                Instant now, std::vector<Ended>& ended) {
  for (auto it = by_number_.lower_bound(Key{from, {}}); it != by_number_.end();) {
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
    if (!operation.missing.empty() || operation.waits_for_fence) {
      if (operation.tells_each) ended.push_back(progress(operation, cluster));
      ++it;
      continue;
    }
    strike_off(operation);
    ended.push_back(end(std::move(operation), Outcome::confirmed, now));
    it = by_number_.erase(it);
  }
}

void PendingOperations::strike_off(const Operation& operation) {
  by_id_.erase(operation.id);
  fences_.erase(key_of(operation));
  const auto [begin, stop] = by_deadline_.equal_range(operation.deadline);
  const auto it = std::find_if(
      begin, stop, [&](const auto& entry) { return entry.second == key_of(operation); });
  if (it != stop) by_deadline_.erase(it);
}

void PendingOperations::expire(Instant now, std::vector<Ended>& ended) {
  while (!fences_.empty() && fences_.begin()->second <= now) {
    const auto it = by_number_.find(fences_.begin()->first);
    MPREG_CHECK(it != by_number_.end());
    Operation operation = std::move(it->second);
    by_number_.erase(it);
    strike_off(operation);
    // A value that has not come is missing all the same: nobody serves it, or anything older.
    std::vector<std::string> fenced = std::exchange(operation.missing, {});
    operation.confirmed.insert(operation.confirmed.end(), fenced.begin(), fenced.end());
    ended.push_back(end(std::move(operation), Outcome::confirmed, now));
    ended.back().outcome.fenced = std::move(fenced);
  }
  while (!by_deadline_.empty() && by_deadline_.begin()->first <= now) {
    const auto it = by_number_.find(by_deadline_.begin()->second);
    Operation operation = std::move(it->second);
    by_number_.erase(it);
    strike_off(operation);
    ended.push_back(end(std::move(operation), Outcome::timed_out, now));
  }
}

bool PendingOperations::complete(const OperationId& id, bool success, Instant now,
                                 std::vector<Ended>& ended) {
  const auto known = by_id_.find(id);
  if (known == by_id_.end()) return false;
  const auto it = by_number_.find(Key{known->second, id});
  Operation operation = std::move(it->second);
  by_number_.erase(it);
  strike_off(operation);
  ended.push_back(end(std::move(operation), success ? Outcome::confirmed : Outcome::failed, now));
  return true;
}

void PendingOperations::fail_all(Instant now, std::vector<Ended>& ended) {
  for (auto& [number, operation] : by_number_) {
    ended.push_back(end(std::move(operation), Outcome::failed, now));
  }
  by_number_.clear();
  by_id_.clear();
  by_deadline_.clear();
  fences_.clear();
}

std::optional<Instant> PendingOperations::next_deadline() const {
  if (by_deadline_.empty()) return std::nullopt;
  if (fences_.empty()) return by_deadline_.begin()->first;
  return std::min(by_deadline_.begin()->first, fences_.begin()->second);
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
