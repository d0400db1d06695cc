#include "metrics/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>
#include <vector>

namespace mpreg {
namespace {

constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();

TEST(Histogram, an_empty_one_says_zero_everywhere) {
  EXPECT_EQ(Histogram().summary(), HistogramSummary{});
}

TEST(Histogram, values_below_64_are_exact) {
  for (std::uint64_t value = 0; value < 64; ++value) EXPECT_EQ(Histogram::bucket_max(value), value);
}

TEST(Histogram, a_bucket_reaches_at_most_one_thirty_second_above_its_values) {
  std::mt19937_64 random(3);
  for (int i = 0; i < 100'000; ++i) {
    const std::uint64_t value = random() >> (random() % 64);
    const std::uint64_t edge = Histogram::bucket_max(value);
    ASSERT_GE(edge, value);
    ASSERT_LE(edge - value, value / 32);
    // Buckets do not overlap: the edge is in it, the next value is not.
    ASSERT_EQ(Histogram::bucket_max(edge), edge);
    if (edge < kMax) {
      ASSERT_GT(Histogram::bucket_max(edge + 1), edge);
    }
  }
  EXPECT_EQ(Histogram::bucket_max(kMax), kMax);
}

TEST(Histogram, quantiles_agree_with_sorted_values) {
  std::mt19937_64 random(5);
  for (const std::size_t count : {1U, 2U, 9U, 10U, 1000U, 1001U, 12'345U}) {
    Histogram histogram;
    std::vector<std::uint64_t> values;
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < count; ++i) {
      values.push_back(random() >> (40 + random() % 20));
      histogram.record(values.back());
      sum += values.back();
    }
    std::sort(values.begin(), values.end());
    const auto at = [&](std::size_t thousandths) {
      return Histogram::bucket_max(values[(count * thousandths + 999) / 1000 - 1]);
    };
    const HistogramSummary summary = histogram.summary();
    EXPECT_EQ(summary.count, count);
    EXPECT_EQ(summary.sum, sum);
    EXPECT_EQ(summary.max, values.back());
    EXPECT_EQ(summary.p50, std::min(at(500), values.back())) << count;
    EXPECT_EQ(summary.p90, std::min(at(900), values.back())) << count;
    EXPECT_EQ(summary.p99, std::min(at(990), values.back())) << count;
    EXPECT_EQ(summary.p999, std::min(at(999), values.back())) << count;
  }
}

TEST(Histogram, merging_gives_what_recording_everything_in_one_gives) {
  std::mt19937_64 random(11);
  Histogram one;
  Histogram other;
  Histogram both;
  for (int i = 0; i < 5000; ++i) {
    const std::uint64_t value = random() >> (50 + random() % 14);
    (i % 3 == 0 ? one : other).record(value);
    both.record(value);
  }
  one.merge(other);
  EXPECT_EQ(one.summary(), both.summary());
}

TEST(Histogram, recording_several_times_is_recording_each_time) {
  Histogram at_once;
  Histogram one_by_one;
  at_once.record(1000, 7);
  at_once.record(5, 0);
  for (int i = 0; i < 7; ++i) one_by_one.record(1000);
  EXPECT_EQ(at_once.summary(), one_by_one.summary());
}

TEST(Histogram, the_greatest_value_fits_and_the_sum_stops_instead_of_wrapping) {
  Histogram histogram;
  histogram.record(kMax, 3);
  const HistogramSummary summary = histogram.summary();
  EXPECT_EQ(summary.sum, kMax);
  EXPECT_EQ(summary.p50, kMax);
  EXPECT_EQ(summary.count, 3U);
}

}  // namespace
}  // namespace mpreg
