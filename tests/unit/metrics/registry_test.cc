#include "metrics/registry.h"

#include <gtest/gtest.h>

#include <thread>

namespace mpreg {
namespace {

TEST(MetricsRegistry, the_same_name_and_labels_give_the_same_object) {
  MetricsRegistry registry;
  Counter& plain = registry.counter("mpreg_batches_received_total", "Batches received.");
  Counter& east =
      registry.counter("mpreg_batches_received_total", "", {{"cluster", "east"}, {"lane", "bulk"}});
  EXPECT_EQ(&plain, &registry.counter("mpreg_batches_received_total", ""));
  EXPECT_EQ(&east, &registry.counter("mpreg_batches_received_total", "",
                                     {{"lane", "bulk"}, {"cluster", "east"}}));
  EXPECT_NE(&plain, &east);
}

TEST(MetricsRegistry, references_stay_valid_while_others_are_registered) {
  MetricsRegistry registry;
  Gauge& first = registry.gauge("mpreg_sessions", "Sessions now.");
  for (int i = 0; i < 500; ++i) {
    registry.gauge("mpreg_lag_numbers", "Behind by.", {{"cluster", std::to_string(i)}}).set(i);
  }
  first.set(7);
  EXPECT_EQ(registry.gauge("mpreg_sessions", "").value(), 7);
}

TEST(MetricsRegistry, a_snapshot_is_sorted_and_holds_every_kind) {
  MetricsRegistry registry;
  registry.histogram("mpreg_operation_microseconds", "How long operations take.").record(10);
  registry.counter("mpreg_gaps_total", "Gaps.", {{"cluster", "west"}}).add(2);
  registry.counter("mpreg_gaps_total", "A second help is ignored.", {{"cluster", "east"}}).add(1);
  registry.gauge("mpreg_lag_numbers", "Behind by.").set(-4);

  const std::vector<MetricValue> values = registry.snapshot();
  ASSERT_EQ(values.size(), 4U);
  EXPECT_EQ(values[0].name, "mpreg_gaps_total");
  EXPECT_EQ(values[0].labels, (Labels{{"cluster", "east"}}));
  EXPECT_EQ(values[0].kind(), MetricKind::counter);
  EXPECT_EQ(std::get<std::uint64_t>(values[0].value), 1U);
  EXPECT_EQ(values[1].labels, (Labels{{"cluster", "west"}}));
  EXPECT_EQ(values[1].help, "Gaps.");
  EXPECT_EQ(values[2].kind(), MetricKind::gauge);
  EXPECT_EQ(std::get<std::int64_t>(values[2].value), -4);
  EXPECT_EQ(values[3].kind(), MetricKind::histogram);
  EXPECT_EQ(std::get<HistogramSummary>(values[3].value).p999, 10U);
}

TEST(MetricsRegistry, label_sets_beyond_the_limit_share_one_series) {
  MetricsRegistry registry;
  const std::string name = "mpreg_batches_received_total";
  for (std::size_t i = 0; i < MetricsRegistry::kLabelSetsMax; ++i) {
    registry.counter(name, "", {{"cluster", "c" + std::to_string(i)}}).add(1);
  }
  Counter& late = registry.counter(name, "", {{"cluster", "late"}});
  EXPECT_EQ(&late, &registry.counter(name, "", {{"cluster", "later"}}));
  EXPECT_EQ(&late, &registry.counter(name, "", {{"cluster", "other"}}));
  EXPECT_EQ(registry.counter(name, "", {{"cluster", "c0"}}).value(), 1U);
  EXPECT_EQ(registry.snapshot().size(), MetricsRegistry::kLabelSetsMax + 1);
}

TEST(MetricsRegistry, snapshots_may_be_taken_while_another_thread_registers) {
  MetricsRegistry registry;
  constexpr std::size_t kSeries = 200;
  std::thread writer([&] {
    for (std::size_t i = 0; i < kSeries; ++i) {
      registry.counter("mpreg_gaps_total", "", {{"cluster", std::to_string(i)}}).add();
    }
  });
  std::size_t before = 0;
  bool fell = false;
  while (before < kSeries) {
    const std::size_t size = registry.snapshot().size();
    fell = fell || size < before;
    before = size;
  }
  writer.join();
  EXPECT_FALSE(fell);
}

TEST(MetricName, is_snake_case_under_our_prefix_with_the_suffix_of_its_kind) {
  EXPECT_TRUE(check_metric_name("mpreg_gaps_total", MetricKind::counter));
  EXPECT_TRUE(check_metric_name("mpreg_log_bytes", MetricKind::gauge));
  EXPECT_TRUE(check_metric_name("mpreg_apply_2_microseconds", MetricKind::histogram));
  for (const char* name : {"", "mpreg_", "gaps_total", "mpreg_Gaps_total", "mpreg__gaps_total",
                           "mpreg_gaps_total_", "mpreg-gaps_total", "mpreg_gaps"}) {
    EXPECT_FALSE(check_metric_name(name, MetricKind::counter)) << name;
  }
  EXPECT_FALSE(check_metric_name("mpreg_gaps_total", MetricKind::gauge));
  EXPECT_FALSE(check_metric_name("mpreg_" + std::string(128, 'a'), MetricKind::gauge));
  EXPECT_EQ(check_metric_name("mpreg_gaps", MetricKind::counter).error().text,
            "metric name 'mpreg_gaps' is a counter's and does not end in _total");
}

TEST(MetricsRegistryDeathTest, one_name_as_two_kinds_or_a_bad_name_stops_the_process) {
  MetricsRegistry registry;
  (void)registry.gauge("mpreg_sessions", "");
  EXPECT_DEATH((void)registry.histogram("mpreg_sessions", ""), "broken invariant");
  EXPECT_DEATH((void)registry.counter("sessions_total", ""), "broken invariant");
  EXPECT_DEATH((void)registry.gauge("mpreg_lag", "", {{"Bad", "x"}}), "broken invariant");
}

}  // namespace
}  // namespace mpreg
