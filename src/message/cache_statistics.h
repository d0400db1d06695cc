#pragma once
// Statistics of cache federation as plain values, the ratios that are read from them, and the
// health verdict. A value is a picture of one moment: reading it changes nothing. Ratios are within
// 0..1 even where counters contradict each other (more processed than received).

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace mpreg {

// A counter of a statistics type under the name that users see.
template <typename Statistics>
struct CounterField {
  std::string_view name;
  std::uint64_t Statistics::*member;
};

// What one broker's bridge has done.
struct BridgeStatistics {
  std::uint64_t invalidations_sent = 0;
  std::uint64_t invalidations_received = 0;
  std::uint64_t invalidations_processed = 0;  // Of the received ones: applied.
  std::uint64_t replications_sent = 0;
  std::uint64_t replications_received = 0;
  std::uint64_t replications_processed = 0;
  std::uint64_t timeout_operations = 0;
  std::uint64_t failed_operations = 0;  // Of the sent ones; what failed on arrival is below.
  std::uint64_t receive_failures = 0;
  std::uint64_t pending_operations_count = 0;
  std::uint64_t coherence_violations_detected = 0;
  double average_operation_latency_ms = 0;  // AverageLatency.

  // 1 - (timeouts + failed) / sent; 1 when nothing was sent.
  [[nodiscard]] double success_rate() const;
  // processed / received; 1 when nothing was received.
  [[nodiscard]] double processing_efficiency() const;

  static const std::span<const CounterField<BridgeStatistics>> kCounters;
  friend bool operator==(const BridgeStatistics&, const BridgeStatistics&) = default;
};

// What was done with one cluster. A look-up is local, or goes to another cluster.
struct ClusterStatistics {
  std::uint64_t local_hits = 0;
  std::uint64_t local_misses = 0;
  std::uint64_t federation_hits = 0;
  std::uint64_t federation_misses = 0;
  std::uint64_t cross_cluster_requests = 0;
  std::uint64_t invalidations_sent = 0;
  std::uint64_t invalidations_received = 0;
  std::uint64_t replications_sent = 0;
  std::uint64_t replications_received = 0;
  std::uint64_t coherence_violations = 0;

  void add_local_hit() { ++local_hits; }
  void add_local_miss() { ++local_misses; }
  // Either way a request crossed to another cluster.
  void add_federation_hit();
  void add_federation_miss();

  [[nodiscard]] std::uint64_t total_hits() const { return local_hits + federation_hits; }
  [[nodiscard]] std::uint64_t total_misses() const { return local_misses + federation_misses; }
  [[nodiscard]] std::uint64_t total_requests() const { return total_hits() + total_misses(); }
  // hits / look-ups; 0 when there were none.
  [[nodiscard]] double local_hit_rate() const;
  [[nodiscard]] double federation_hit_rate() const;
  [[nodiscard]] double overall_hit_rate() const;
  // 1 - violations / sent; 1 when nothing was sent.
  [[nodiscard]] double coherence_efficiency() const;
  // federation hits / cross-cluster requests; 0 when there were none.
  [[nodiscard]] double federation_efficiency() const;

  static const std::span<const CounterField<ClusterStatistics>> kCounters;
  friend bool operator==(const ClusterStatistics&, const ClusterStatistics&) = default;
};

// A near cache: what the process of a service holds in memory.
struct NearCacheCounters {
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;
  std::uint64_t evictions = 0;
  std::uint64_t entry_count = 0;
  std::uint64_t memory_bytes = 0;
  std::uint64_t key_memory_bytes = 0;
  std::uint64_t value_memory_bytes = 0;

  [[nodiscard]] double hit_rate() const;  // 0 without look-ups.
  // Key bytes / value bytes: infinite when only keys take memory, 0 when nothing does.
  [[nodiscard]] double key_to_value_ratio() const;
  // Value bytes / all bytes; 0 when nothing takes memory.
  [[nodiscard]] double memory_efficiency() const;

  static const std::span<const CounterField<NearCacheCounters>> kCounters;
  friend bool operator==(const NearCacheCounters&, const NearCacheCounters&) = default;
};

// A cluster's cache store.
struct CacheStoreStatistics {
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;
  std::uint64_t evictions = 0;
  std::uint64_t entries = 0;
  std::uint64_t total_size_bytes = 0;
  std::uint64_t max_size_bytes = 0;  // 0: no limit.

  [[nodiscard]] double hit_rate() const;            // 0 without look-ups,
  [[nodiscard]] double miss_rate() const;           // and then 1: they add up to 1.
  [[nodiscard]] double fill_rate() const;           // 0 without a limit.
  [[nodiscard]] double average_entry_size() const;  // Bytes; 0 without entries.

  static const std::span<const CounterField<CacheStoreStatistics>> kCounters;
  friend bool operator==(const CacheStoreStatistics&, const CacheStoreStatistics&) = default;
};

// Counters by name, as a file or another language gives them. Those that are not named stay 0.
// Refused: an unknown name, a negative value. For the four types above.
struct NamedCount {
  std::string_view name;
  std::int64_t value = 0;
};
template <typename Statistics>
[[nodiscard]] Result<Statistics> statistics_from(std::span<const NamedCount> counts);

// The average latency of operations: the first sample as it is, then 0.9 of the old average and 0.1
// of the sample.
class AverageLatency {
 public:
  using Milliseconds = std::chrono::duration<double, std::milli>;

  // False, and nothing changed, for a sample that is negative or not finite.
  bool add(Milliseconds sample);
  [[nodiscard]] Milliseconds value() const { return average_; }  // 0 before the first sample.

 private:
  Milliseconds average_{0};
  bool is_empty_ = true;
};

// What the verdict is drawn from: the guide's four, and what only this broker can know.
struct HealthInputs {
  double success_rate = 1;
  std::uint64_t pending_operations = 0;
  double average_latency_ms = 0;
  std::uint64_t coherence_violations = 0;

  std::optional<std::chrono::milliseconds> oldest_unacknowledged;
  struct PeerLag {
    std::string cluster;
    std::uint64_t numbers = 0;            // Given to it and not confirmed.
    std::chrono::milliseconds behind{0};  // How long it has not been level.
  };
  std::vector<PeerLag> lags;
  std::vector<std::string> suspect_scopes;
};

struct HealthReport {
  bool healthy = true;
  std::vector<std::string> issues;  // In the order of the inputs. An issue alone is not unhealthy.

  friend bool operator==(const HealthReport&, const HealthReport&) = default;
};

// Unhealthy: success below 0.95, more than 1000 pending, average latency above 5000 ms, an
// operation unacknowledged for longer than the default invalidation timeout of 30 s. Only named as
// issues: coherence violations, peers that have been behind for more than the 3 s after which a
// peer counts as down, suspect scopes. Every limit itself is still healthy.
[[nodiscard]] HealthReport assess_health(const HealthInputs& inputs);
[[nodiscard]] HealthInputs health_inputs_of(const BridgeStatistics& statistics);

}  // namespace mpreg
