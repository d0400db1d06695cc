#include "message/cache_statistics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>

namespace mpreg {
namespace {

constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();

TEST(BridgeStatistics, ratios_are_one_before_anything_happened) {
  const BridgeStatistics statistics;
  EXPECT_EQ(statistics.success_rate(), 1.0);
  EXPECT_EQ(statistics.processing_efficiency(), 1.0);
}

TEST(BridgeStatistics, both_kinds_of_loss_lower_the_success_rate) {
  BridgeStatistics statistics;
  statistics.invalidations_sent = 6;
  statistics.replications_sent = 4;
  statistics.timeout_operations = 1;
  statistics.failed_operations = 2;
  EXPECT_DOUBLE_EQ(statistics.success_rate(), 0.7);
  statistics.receive_failures = 5;
  EXPECT_DOUBLE_EQ(statistics.success_rate(), 0.7);
}

TEST(BridgeStatistics, contradicting_counters_stay_within_zero_and_one) {
  BridgeStatistics statistics;
  statistics.invalidations_sent = 1;
  statistics.failed_operations = 2;
  statistics.invalidations_received = 1;
  statistics.replications_processed = 2;
  EXPECT_EQ(statistics.success_rate(), 0.0);
  EXPECT_EQ(statistics.processing_efficiency(), 1.0);
}

TEST(BridgeStatistics, sums_of_great_counters_do_not_wrap) {
  BridgeStatistics statistics;
  statistics.invalidations_sent = kMax;
  statistics.replications_sent = kMax;
  statistics.timeout_operations = kMax;
  EXPECT_DOUBLE_EQ(statistics.success_rate(), 0.5);
}

TEST(ClusterStatistics, a_look_up_elsewhere_counts_one_request_hit_or_miss) {
  ClusterStatistics statistics;
  statistics.add_federation_hit();
  statistics.add_federation_miss();
  statistics.add_local_miss();
  EXPECT_EQ(statistics.cross_cluster_requests, 2U);
  EXPECT_EQ(statistics.total_requests(), 3U);
  EXPECT_DOUBLE_EQ(statistics.federation_efficiency(), 0.5);
  EXPECT_DOUBLE_EQ(statistics.federation_hit_rate(), 0.5);
  EXPECT_DOUBLE_EQ(statistics.overall_hit_rate(), 1.0 / 3);
  EXPECT_EQ(statistics.local_hit_rate(), 0.0);
}

TEST(ClusterStatistics, violations_lower_coherence_efficiency_down_to_zero) {
  ClusterStatistics statistics;
  statistics.invalidations_sent = 3;
  statistics.replications_sent = 1;
  statistics.coherence_violations = 1;
  EXPECT_DOUBLE_EQ(statistics.coherence_efficiency(), 0.75);
  statistics.coherence_violations = 9;
  EXPECT_EQ(statistics.coherence_efficiency(), 0.0);
}

TEST(NearCacheCounters, ratios_of_memory) {
  NearCacheCounters statistics;
  EXPECT_EQ(statistics.key_to_value_ratio(), 0.0);
  EXPECT_EQ(statistics.memory_efficiency(), 0.0);
  statistics.key_memory_bytes = 50;
  EXPECT_TRUE(std::isinf(statistics.key_to_value_ratio()));
  statistics.value_memory_bytes = 200;
  statistics.memory_bytes = 250;
  statistics.hits = 3;
  statistics.misses = 1;
  EXPECT_DOUBLE_EQ(statistics.key_to_value_ratio(), 0.25);
  EXPECT_DOUBLE_EQ(statistics.memory_efficiency(), 0.8);
  EXPECT_DOUBLE_EQ(statistics.hit_rate(), 0.75);
}

TEST(CacheStoreStatistics, hit_and_miss_rate_add_up_and_filling_stops_at_one) {
  CacheStoreStatistics statistics;
  EXPECT_EQ(statistics.hit_rate() + statistics.miss_rate(), 1.0);
  statistics.hits = 1;
  statistics.misses = 3;
  statistics.entries = 4;
  statistics.total_size_bytes = 100;
  EXPECT_EQ(statistics.fill_rate(), 0.0);
  statistics.max_size_bytes = 400;
  EXPECT_DOUBLE_EQ(statistics.hit_rate(), 0.25);
  EXPECT_DOUBLE_EQ(statistics.miss_rate(), 0.75);
  EXPECT_DOUBLE_EQ(statistics.fill_rate(), 0.25);
  EXPECT_DOUBLE_EQ(statistics.average_entry_size(), 25);
  statistics.total_size_bytes = 500;
  EXPECT_EQ(statistics.fill_rate(), 1.0);
}

// Each name sets a counter of its own, and no counter is left without a name.
template <typename Statistics>
void expect_names_and_members_to_agree(std::size_t counters) {
  std::set<std::string_view> names;
  for (const auto& field : Statistics::kCounters) {
    names.insert(field.name);
    const NamedCount count{field.name, 7};
    const auto one = statistics_from<Statistics>({&count, 1});
    ASSERT_TRUE(one);
    EXPECT_EQ((*one).*field.member, 7U) << field.name;
    std::uint64_t sum = 0;
    for (const auto& other : Statistics::kCounters) sum += (*one).*other.member;
    EXPECT_EQ(sum, 7U) << field.name;
  }
  EXPECT_EQ(names.size(), counters);
  EXPECT_EQ(Statistics::kCounters.size(), counters);
  EXPECT_EQ(sizeof(Statistics) / sizeof(std::uint64_t), counters);
}

TEST(StatisticsFrom, names_and_counters_agree) {
  expect_names_and_members_to_agree<ClusterStatistics>(10);
  expect_names_and_members_to_agree<NearCacheCounters>(7);
  expect_names_and_members_to_agree<CacheStoreStatistics>(6);
}

TEST(StatisticsFrom, negative_and_unknown_counters_are_refused_by_name) {
  const NamedCount negative{"local_hits", -1};
  EXPECT_EQ(statistics_from<ClusterStatistics>({&negative, 1}).error().text,
            "local_hits is -1, at least 0 is required");
  const NamedCount unknown{"hits", 1};
  EXPECT_EQ(statistics_from<BridgeStatistics>({&unknown, 1}).error().text,
            "there is no counter 'hits'");
}

TEST(AverageLatency, takes_the_first_sample_as_it_is_even_if_it_is_zero) {
  using Milliseconds = AverageLatency::Milliseconds;
  AverageLatency latency;
  EXPECT_EQ(latency.value().count(), 0.0);
  EXPECT_TRUE(latency.add(Milliseconds(0)));
  EXPECT_TRUE(latency.add(Milliseconds(10)));
  EXPECT_DOUBLE_EQ(latency.value().count(), 1.0);
  EXPECT_FALSE(latency.add(Milliseconds(-1)));
  EXPECT_FALSE(latency.add(Milliseconds(std::nan(""))));
  EXPECT_FALSE(latency.add(Milliseconds(std::numeric_limits<double>::infinity())));
  EXPECT_DOUBLE_EQ(latency.value().count(), 1.0);
}

TEST(Health, every_limit_itself_is_healthy) {
  HealthInputs inputs;
  inputs.success_rate = 0.95;
  inputs.pending_operations = 1000;
  inputs.average_latency_ms = 5000;
  inputs.oldest_unacknowledged = std::chrono::seconds(30);
  inputs.lags = {{"east", 5, std::chrono::seconds(3)}};
  EXPECT_EQ(assess_health(inputs), HealthReport{});
}

TEST(Health, each_limit_passed_is_an_issue_in_the_words_of_the_guide) {
  HealthInputs inputs;
  inputs.success_rate = 0.94;
  inputs.pending_operations = 1001;
  inputs.average_latency_ms = 5000.5;
  inputs.coherence_violations = 2;
  inputs.oldest_unacknowledged = std::chrono::milliseconds(30'100);
  inputs.lags = {{"east", 5, std::chrono::milliseconds(3'100)}, {"west", 0, {}}};
  inputs.suspect_scopes = {"namespace users"};
  const HealthReport report = assess_health(inputs);
  EXPECT_FALSE(report.healthy);
  EXPECT_EQ(
      report.issues,
      (std::vector<std::string>{
          "Low success rate: 94.0%", "Too many pending operations: 1001", "High latency: 5000.5ms",
          "Coherence violations detected: 2", "Oldest unacknowledged operation: 30.1s",
          "Cluster east is behind: 5 for 3.1s", "Suspect scope: namespace users"}));
}

TEST(Health, violations_lag_and_suspicion_alone_are_issues_of_a_healthy_broker) {
  HealthInputs inputs;
  inputs.coherence_violations = 1;
  inputs.lags = {{"east", 1, std::chrono::seconds(60)}};
  inputs.suspect_scopes = {"all"};
  const HealthReport report = assess_health(inputs);
  EXPECT_TRUE(report.healthy);
  EXPECT_EQ(report.issues.size(), 3U);
}

TEST(Health, each_of_the_guides_limits_alone_makes_it_unhealthy) {
  HealthInputs inputs;
  inputs.success_rate = std::nan("");
  EXPECT_FALSE(assess_health(inputs).healthy);
  inputs = {};
  inputs.pending_operations = 1001;
  EXPECT_FALSE(assess_health(inputs).healthy);
  inputs = {};
  inputs.average_latency_ms = 5001;
  EXPECT_FALSE(assess_health(inputs).healthy);
}

TEST(Health, is_read_from_the_statistics_of_a_bridge) {
  BridgeStatistics statistics;
  statistics.invalidations_sent = 10;
  statistics.failed_operations = 1;
  statistics.pending_operations_count = 3;
  statistics.average_operation_latency_ms = 1.5;
  statistics.coherence_violations_detected = 4;
  const HealthInputs inputs = health_inputs_of(statistics);
  EXPECT_DOUBLE_EQ(inputs.success_rate, 0.9);
  EXPECT_EQ(inputs.pending_operations, 3U);
  EXPECT_EQ(inputs.average_latency_ms, 1.5);
  EXPECT_EQ(inputs.coherence_violations, 4U);
}

}  // namespace
}  // namespace mpreg
