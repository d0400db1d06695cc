#include "bridge_books.h"

namespace mpreg {

Result<void> BridgeBooks::reserve() {
  const std::lock_guard lock(mutex_);
  if (reserved_ + pending_.size() >= pending_max_) {
    return fail(ErrorCode::overloaded, std::to_string(reserved_ + pending_.size()) +
                                           " operations are pending, max_pending_operations is " +
                                           std::to_string(pending_max_));
  }
  ++reserved_;
  return {};
}

void BridgeBooks::release() {
  const std::lock_guard lock(mutex_);
  --reserved_;
}

void BridgeBooks::sent(std::uint64_t operation, Sort sort, const std::vector<std::string>& clusters,
                       bool reserved) {
  const std::lock_guard lock(mutex_);
  const bool is_invalidation = sort == Sort::invalidation;
  ++(is_invalidation ? totals_.invalidations_sent : totals_.replications_sent);
  for (const std::string& name : clusters) {
    ClusterStatistics& counts = cluster(name);
    ++(is_invalidation ? counts.invalidations_sent : counts.replications_sent);
  }
  if (!reserved) return;
  --reserved_;
  pending_.emplace(operation, clock_.now().instant);
}

void BridgeBooks::ended(std::uint64_t operation, Sort sort, bool was_broadcast,
                        const OperationResult& result) {
  const std::lock_guard lock(mutex_);
  const auto it = pending_.find(operation);
  if (it != pending_.end()) {
    if (result.status == OperationStatus::done) {
      latency_.add(clock_.now().instant - it->second);
    }
    pending_.erase(it);
  }
  if (result.status == OperationStatus::timed_out) ++totals_.timeout_operations;
  if (result.status == OperationStatus::failed || result.status == OperationStatus::refused) {
    ++totals_.failed_operations;
  }
  // To whom a broadcast went is known when it has ended.
  if (!was_broadcast) return;
  for (const auto* names : {&result.confirmed, &result.missing}) {
    for (const std::string& name : *names) {
      ClusterStatistics& counts = cluster(name);
      ++(sort == Sort::invalidation ? counts.invalidations_sent : counts.replications_sent);
    }
  }
}

bool BridgeBooks::is_pending(std::uint64_t operation) const {
  const std::lock_guard lock(mutex_);
  return pending_.contains(operation);
}

void BridgeBooks::received(Sort sort, const std::string& from) {
  const std::lock_guard lock(mutex_);
  const bool is_invalidation = sort == Sort::invalidation;
  ++(is_invalidation ? totals_.invalidations_received : totals_.replications_received);
  ClusterStatistics& counts = cluster(from);
  ++(is_invalidation ? counts.invalidations_received : counts.replications_received);
}

void BridgeBooks::processed(Sort sort) {
  const std::lock_guard lock(mutex_);
  ++(sort == Sort::invalidation ? totals_.invalidations_processed : totals_.replications_processed);
}

void BridgeBooks::receive_failed() {
  const std::lock_guard lock(mutex_);
  ++totals_.receive_failures;
}

ClusterStatistics& BridgeBooks::cluster(const std::string& name) {
  const auto it = clusters_.find(name);
  if (it != clusters_.end()) return it->second;
  return clusters_[clusters_.size() < kClustersMax ? name : "other"];
}

BridgeStatistics BridgeBooks::statistics_locked() const {
  BridgeStatistics statistics = totals_;
  statistics.pending_operations_count = pending_.size();
  statistics.average_operation_latency_ms = latency_.value().count();
  return statistics;
}

BridgeStatistics BridgeBooks::statistics() const {
  const std::lock_guard lock(mutex_);
  return statistics_locked();
}

Result<ClusterStatistics> BridgeBooks::of_cluster(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  const auto it = clusters_.find(name);
  if (it != clusters_.end()) return it->second;
  return fail(ErrorCode::refused,
              "nothing was sent to or received from cluster '" + std::string(name) + "'");
}

std::map<std::string, ClusterStatistics> BridgeBooks::of_all_clusters() const {
  const std::lock_guard lock(mutex_);
  return {clusters_.begin(), clusters_.end()};
}

HealthReport BridgeBooks::health() const {
  const std::lock_guard lock(mutex_);
  HealthInputs inputs = health_inputs_of(statistics_locked());
  std::optional<Instant> oldest;
  for (const auto& [operation, since] : pending_) {
    if (!oldest || since < *oldest) oldest = since;
  }
  if (oldest) {
    inputs.oldest_unacknowledged =
        std::chrono::duration_cast<std::chrono::milliseconds>(clock_.now().instant - *oldest);
  }
  return assess_health(inputs);
}

}  // namespace mpreg
