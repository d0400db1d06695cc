#pragma once
// FederationBooks: what this broker's cluster has told the others and heard from them, in all and
// by cluster; and since when each one has been behind.

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/time.h"
#include "message/cache_statistics.h"
#include "stream/stream_id.h"

namespace mpreg {

class FederationBooks {
 public:
  struct Cluster {
    ClusterStatistics statistics;
    std::uint64_t invalidations_processed = 0;  // Of the received ones: the rest was known already.
    std::uint64_t replications_processed = 0;
    std::uint64_t confirmed = 0;  // Tracked operations, by this cluster as a target.
    std::uint64_t timed_out = 0;
    std::uint64_t failed = 0;
  };
  enum class Sort : std::uint8_t { invalidation, replication };

  // To these clusters, or to all but us; `sent_to_all` is counted for those known at that time.
  void sent(Sort sort, const std::vector<std::string>& targets);
  void sent_to_all(Sort sort);
  // From then on it counts among all.
  void learn(const std::string& cluster) { of(cluster); }
  void received(Sort sort, const std::string& cluster, std::uint64_t count,
                std::uint64_t processed);
  // So many tracked operations ended.
  void ended(std::uint64_t operations, const std::vector<std::string>& confirmed,
             const std::vector<std::string>& missing, bool has_timed_out);
  // Writes that were refused because they were no step, and, in all, what stores did not keep.
  void violated() { ++violations_refused_; }
  void note_violations(std::uint64_t not_kept) { violations_not_kept_ = not_kept; }
  void took(std::chrono::microseconds latency);
  void forget(const std::string& cluster) { clusters_.erase(cluster); }

  // How far the cluster has applied our numbers, looked at now and then.
  void note_lag(const std::string& cluster, Number applied, Number head, Instant now);
  // For how long the oldest number that it has not applied is out; zero when there is none.
  [[nodiscard]] std::chrono::milliseconds behind(const std::string& cluster, Instant now) const;

  // pending_operations_count is left to the caller.
  [[nodiscard]] BridgeStatistics total() const;
  [[nodiscard]] std::map<std::string, Cluster> by_cluster() const;

 private:
  struct Book {
    Cluster cluster;
    std::uint64_t invalidations_to_all_before = 0;  // Sent before the cluster was known.
    std::uint64_t replications_to_all_before = 0;
    Number mark = 0;  // Was our head at mark_at, and is not applied yet; 0: level.
    Instant mark_at{};
  };
  Book& of(const std::string& cluster);

  std::map<std::string, Book> clusters_;
  std::uint64_t invalidations_to_all_ = 0;
  std::uint64_t replications_to_all_ = 0;
  std::uint64_t violations_refused_ = 0;
  std::uint64_t violations_not_kept_ = 0;
  BridgeStatistics total_;
  AverageLatency latency_;
};

}  // namespace mpreg
