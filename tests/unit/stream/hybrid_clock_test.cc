#include "stream/hybrid_clock.h"

#include <gtest/gtest.h>

namespace mpreg {
namespace {

using std::chrono::milliseconds;

WallTime wall(std::int64_t ms) { return WallTime(milliseconds(ms)); }

TEST(HybridClock, never_goes_back_when_the_wall_clock_does) {
  HybridClock clock;
  const HybridTime first = clock.issue(wall(1000));
  EXPECT_EQ(milliseconds_of(first), 1000U);
  const HybridTime second = clock.issue(wall(10));
  EXPECT_GT(second, first);
}

TEST(HybridClock, a_run_of_readings_is_reserved_as_a_whole) {
  HybridClock clock;
  const HybridTime first = clock.issue(wall(1), 100);
  EXPECT_EQ(clock.issue(wall(1)), first + 100);
}

TEST(HybridClock, what_was_seen_is_passed_and_what_is_too_far_ahead_is_refused) {
  HybridClock clock;
  EXPECT_TRUE(clock.observe((1500ULL << kHybridCounterBits) + 7, wall(1000), milliseconds(600)));
  EXPECT_EQ(clock.issue(wall(1000)), (1500ULL << kHybridCounterBits) + 8);
  EXPECT_FALSE(clock.observe(9999ULL << kHybridCounterBits, wall(1000), milliseconds(600)));
  EXPECT_EQ(clock.last(), (1500ULL << kHybridCounterBits) + 8);
}

}  // namespace
}  // namespace mpreg
