#pragma once
// BridgeBooks: what a bridge counts, and which of its operations are pending. Any thread.

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "message/cache_statistics.h"
#include "mpreg/operation.h"
#include "net/clock.h"

namespace mpreg {

class BridgeBooks {
 public:
  enum class Sort : std::uint8_t { invalidation, replication };

  explicit BridgeBooks(std::size_t pending_max) : pending_max_(pending_max) {}

  // Takes a slot for an operation that is about to be sent. `overloaded` when none is free.
  [[nodiscard]] Result<void> reserve();
  // It was not sent after all.
  void release();
  // It was sent. `reserved`: it holds a slot until ended(). The clusters are those it named.
  void sent(std::uint64_t operation, Sort sort, const std::vector<std::string>& clusters,
            bool reserved);
  void ended(std::uint64_t operation, Sort sort, bool was_broadcast, const OperationResult& result);
  [[nodiscard]] bool is_pending(std::uint64_t operation) const;

  void received(Sort sort, const std::string& cluster);
  void processed(Sort sort);
  void receive_failed();

  [[nodiscard]] BridgeStatistics statistics() const;
  [[nodiscard]] Result<ClusterStatistics> of_cluster(std::string_view cluster) const;
  [[nodiscard]] std::map<std::string, ClusterStatistics> of_all_clusters() const;
  [[nodiscard]] HealthReport health() const;

 private:
  // Clusters are named by peers and callers; more than this many share the counts of "other".
  static constexpr std::size_t kClustersMax = 1024;

  [[nodiscard]] ClusterStatistics& cluster(const std::string& name);
  [[nodiscard]] BridgeStatistics statistics_locked() const;

  const std::size_t pending_max_;
  const Clock clock_{};
  mutable std::mutex mutex_;
  // Guarded by mutex_:
  BridgeStatistics totals_;
  AverageLatency latency_;
  std::map<std::string, ClusterStatistics, std::less<>> clusters_;
  std::size_t reserved_ = 0;                  // Slots of operations that are being sent.
  std::map<std::uint64_t, Instant> pending_;  // Since when.
};

}  // namespace mpreg
