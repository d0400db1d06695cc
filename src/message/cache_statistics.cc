#include "message/cache_statistics.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

#include "base/text.h"

namespace mpreg {
namespace {

// Sums are taken in floating point: counters near 2^64 must not wrap.
double sum(std::uint64_t a, std::uint64_t b) {
  return static_cast<double>(a) + static_cast<double>(b);
}

double ratio(double part, double whole, double when_empty) {
  if (whole <= 0) return when_empty;
  return std::clamp(part / whole, 0.0, 1.0);
}

constexpr double kSuccessRateMin = 0.95;
constexpr std::uint64_t kPendingOperationsMax = 1000;
constexpr double kAverageLatencyMaxMs = 5000;
constexpr std::chrono::milliseconds kUnacknowledgedMax{30'000};
constexpr std::chrono::milliseconds kPeerBehindMax{3'000};

std::string one_decimal(double value, const char* unit) {
  char text[64];
  std::snprintf(text, sizeof text, "%.1f%s", value, unit);
  return text;
}

std::string in_seconds(std::chrono::milliseconds duration) {
  return one_decimal(std::chrono::duration<double>(duration).count(), "s");
}

template <typename Statistics>
using Fields = std::span<const CounterField<Statistics>>;

using Bridge = BridgeStatistics;
constexpr CounterField<Bridge> kBridgeCounters[] = {
    {"invalidations_sent", &Bridge::invalidations_sent},
    {"invalidations_received", &Bridge::invalidations_received},
    {"invalidations_processed", &Bridge::invalidations_processed},
    {"replications_sent", &Bridge::replications_sent},
    {"replications_received", &Bridge::replications_received},
    {"replications_processed", &Bridge::replications_processed},
    {"timeout_operations", &Bridge::timeout_operations},
    {"failed_operations", &Bridge::failed_operations},
    {"receive_failures", &Bridge::receive_failures},
    {"pending_operations_count", &Bridge::pending_operations_count},
    {"coherence_violations_detected", &Bridge::coherence_violations_detected},
};

using Cluster = ClusterStatistics;
constexpr CounterField<Cluster> kClusterCounters[] = {
    {"local_hits", &Cluster::local_hits},
    {"local_misses", &Cluster::local_misses},
    {"federation_hits", &Cluster::federation_hits},
    {"federation_misses", &Cluster::federation_misses},
    {"cross_cluster_requests", &Cluster::cross_cluster_requests},
    {"invalidations_sent", &Cluster::invalidations_sent},
    {"invalidations_received", &Cluster::invalidations_received},
    {"replications_sent", &Cluster::replications_sent},
    {"replications_received", &Cluster::replications_received},
    {"coherence_violations", &Cluster::coherence_violations},
};

using Near = NearCacheCounters;
constexpr CounterField<Near> kNearCounters[] = {
    {"hits", &Near::hits},
    {"misses", &Near::misses},
    {"evictions", &Near::evictions},
    {"entry_count", &Near::entry_count},
    {"memory_bytes", &Near::memory_bytes},
    {"key_memory_bytes", &Near::key_memory_bytes},
    {"value_memory_bytes", &Near::value_memory_bytes},
};

using Store = CacheStoreStatistics;
constexpr CounterField<Store> kStoreCounters[] = {
    {"hits", &Store::hits},
    {"misses", &Store::misses},
    {"evictions", &Store::evictions},
    {"entries", &Store::entries},
    {"total_size_bytes", &Store::total_size_bytes},
    {"max_size_bytes", &Store::max_size_bytes},
};

}  // namespace

constinit const Fields<Bridge> Bridge::kCounters = kBridgeCounters;
constinit const Fields<Cluster> Cluster::kCounters = kClusterCounters;
constinit const Fields<Near> Near::kCounters = kNearCounters;
constinit const Fields<Store> Store::kCounters = kStoreCounters;

double BridgeStatistics::success_rate() const {
  const double lost = sum(timeout_operations, failed_operations);
  return 1.0 - ratio(lost, sum(invalidations_sent, replications_sent), 0.0);
}

double BridgeStatistics::processing_efficiency() const {
  return ratio(sum(invalidations_processed, replications_processed),
               sum(invalidations_received, replications_received), 1.0);
}

void ClusterStatistics::add_federation_hit() {
  ++federation_hits;
  ++cross_cluster_requests;
}

void ClusterStatistics::add_federation_miss() {
  ++federation_misses;
  ++cross_cluster_requests;
}

double ClusterStatistics::local_hit_rate() const {
  return ratio(static_cast<double>(local_hits), sum(local_hits, local_misses), 0.0);
}

double ClusterStatistics::federation_hit_rate() const {
  return ratio(static_cast<double>(federation_hits), sum(federation_hits, federation_misses), 0.0);
}

double ClusterStatistics::overall_hit_rate() const {
  const double hits = sum(local_hits, federation_hits);
  return ratio(hits, hits + sum(local_misses, federation_misses), 0.0);
}

double ClusterStatistics::coherence_efficiency() const {
  return 1.0 - ratio(static_cast<double>(coherence_violations),
                     sum(invalidations_sent, replications_sent), 0.0);
}

double ClusterStatistics::federation_efficiency() const {
  return ratio(static_cast<double>(federation_hits), static_cast<double>(cross_cluster_requests),
               0.0);
}

double NearCacheCounters::hit_rate() const {
  return ratio(static_cast<double>(hits), sum(hits, misses), 0.0);
}

double NearCacheCounters::key_to_value_ratio() const {
  if (key_memory_bytes == 0) return 0.0;
  if (value_memory_bytes == 0) return std::numeric_limits<double>::infinity();
  return static_cast<double>(key_memory_bytes) / static_cast<double>(value_memory_bytes);
}

double NearCacheCounters::memory_efficiency() const {
  return ratio(static_cast<double>(value_memory_bytes), static_cast<double>(memory_bytes), 0.0);
}

double CacheStoreStatistics::hit_rate() const {
  return ratio(static_cast<double>(hits), sum(hits, misses), 0.0);
}

double CacheStoreStatistics::miss_rate() const {
  return ratio(static_cast<double>(misses), sum(hits, misses), 1.0);
}

double CacheStoreStatistics::fill_rate() const {
  return ratio(static_cast<double>(total_size_bytes), static_cast<double>(max_size_bytes), 0.0);
}

double CacheStoreStatistics::average_entry_size() const {
  if (entries == 0) return 0.0;
  return static_cast<double>(total_size_bytes) / static_cast<double>(entries);
}

template <typename Statistics>
Result<Statistics> statistics_from(std::span<const NamedCount> counts) {
  Statistics statistics;
  for (const NamedCount& count : counts) {
    const Fields<Statistics> fields = Statistics::kCounters;
    const auto field = std::find_if(fields.begin(), fields.end(),
                                    [&](const auto& f) { return f.name == count.name; });
    if (field == fields.end()) {
      return fail(ErrorCode::malformed, "there is no counter " + in_quotes(count.name));
    }
    if (count.value < 0) {
      return fail(ErrorCode::malformed, std::string(count.name) + " is " +
                                            std::to_string(count.value) +
                                            ", at least 0 is required");
    }
    statistics.*field->member = static_cast<std::uint64_t>(count.value);
  }
  return statistics;
}

template Result<BridgeStatistics> statistics_from(std::span<const NamedCount>);
template Result<ClusterStatistics> statistics_from(std::span<const NamedCount>);
template Result<NearCacheCounters> statistics_from(std::span<const NamedCount>);
template Result<CacheStoreStatistics> statistics_from(std::span<const NamedCount>);

bool AverageLatency::add(Milliseconds sample) {
  if (!std::isfinite(sample.count()) || sample.count() < 0) return false;
  average_ = is_empty_ ? sample : average_ * 0.9 + sample * 0.1;
  is_empty_ = false;
  return true;
}

HealthReport assess_health(const HealthInputs& inputs) {
  HealthReport report;
  const auto unhealthy = [&](std::string issue) {
    report.healthy = false;
    report.issues.push_back(std::move(issue));
  };
  // A rate that is not a number fails every comparison: it counts as too low.
  if (!(inputs.success_rate >= kSuccessRateMin)) {
    unhealthy("Low success rate: " + one_decimal(inputs.success_rate * 100, "%"));
  }
  if (inputs.pending_operations > kPendingOperationsMax) {
    unhealthy("Too many pending operations: " + std::to_string(inputs.pending_operations));
  }
  if (!(inputs.average_latency_ms <= kAverageLatencyMaxMs)) {
    unhealthy("High latency: " + one_decimal(inputs.average_latency_ms, "ms"));
  }
  if (inputs.coherence_violations > 0) {
    report.issues.push_back("Coherence violations detected: " +
                            std::to_string(inputs.coherence_violations));
  }
  if (inputs.oldest_unacknowledged.value_or(kUnacknowledgedMax) > kUnacknowledgedMax) {
    unhealthy("Oldest unacknowledged operation: " + in_seconds(*inputs.oldest_unacknowledged));
  }
  for (const HealthInputs::PeerLag& lag : inputs.lags) {
    if (lag.behind <= kPeerBehindMax) continue;
    report.issues.push_back("Cluster " + lag.cluster + " is behind: " +
                            std::to_string(lag.numbers) + " for " + in_seconds(lag.behind));
  }
  for (const std::string& scope : inputs.suspect_scopes) {
    report.issues.push_back("Suspect scope: " + scope);
  }
  return report;
}

HealthInputs health_inputs_of(const BridgeStatistics& statistics) {
  HealthInputs inputs;
  inputs.success_rate = statistics.success_rate();
  inputs.pending_operations = statistics.pending_operations_count;
  inputs.average_latency_ms = statistics.average_operation_latency_ms;
  inputs.coherence_violations = statistics.coherence_violations_detected;
  return inputs;
}

}  // namespace mpreg
