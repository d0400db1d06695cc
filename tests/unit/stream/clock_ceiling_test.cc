#include "stream/clock_ceiling.h"

#include <gtest/gtest.h>

namespace mpreg {
namespace {

using namespace std::chrono_literals;

HybridTime at(std::chrono::milliseconds time) { return hybrid_time_of(WallTime(time)); }

TEST(ClockCeiling, nothing_is_issued_above_what_is_synced) {
  ClockCeiling ceiling;
  EXPECT_FALSE(ceiling.allows(at(100s)));
  const auto wanted = ceiling.reserve(at(100s));
  ASSERT_EQ(wanted, at(110s));
  EXPECT_FALSE(ceiling.allows(at(100s)));  // It was handed over, and is not synced.
  ceiling.on_synced(*wanted);
  EXPECT_TRUE(ceiling.allows(at(110s)));
  EXPECT_FALSE(ceiling.allows(at(110s) + 1));
}

TEST(ClockCeiling, is_reserved_again_in_time_and_asked_for_once) {
  ClockCeiling ceiling(at(110s));
  EXPECT_EQ(ceiling.reserve(at(105s)), std::nullopt);
  EXPECT_EQ(ceiling.reserve(at(105'001ms)), at(115'001ms));
  EXPECT_EQ(ceiling.reserve(at(106s)), std::nullopt);
  EXPECT_TRUE(ceiling.allows(at(110s)));
  EXPECT_FALSE(ceiling.allows(at(111s)));
}

TEST(ClockCeiling, an_answer_for_an_earlier_one_takes_nothing_back) {
  ClockCeiling ceiling(at(110s));
  ceiling.on_synced(at(120s));
  ceiling.on_synced(at(115s));
  EXPECT_TRUE(ceiling.allows(at(120s)));
}

TEST(ClockCeiling, a_steady_clock_is_never_stopped_by_a_disk_that_answers_within_the_margin) {
  ClockCeiling ceiling;
  std::optional<HybridTime> on_its_way = ceiling.reserve(at(100s));
  ceiling.on_synced(*on_its_way);
  on_its_way.reset();
  auto answers_at = 0ms;
  for (auto now = 100'000ms; now < 200s; now += 10ms) {
    if (on_its_way && now >= answers_at) {
      ceiling.on_synced(*on_its_way);
      on_its_way.reset();
    }
    EXPECT_TRUE(ceiling.allows(at(now))) << now.count();
    if (const auto wanted = ceiling.reserve(at(now))) {
      EXPECT_FALSE(on_its_way);
      on_its_way = wanted;
      answers_at = now + kCeilingLow - 20ms;
    }
  }
}

TEST(ClockCeiling, a_clock_that_went_back_begins_at_the_ceiling_of_the_last_start) {
  const ClockCeiling remembered(at(110s));
  HybridClock clock;
  clock.raise(at(110s));
  const HybridTime reading = clock.issue(WallTime(50s));
  EXPECT_GT(reading, at(110s));
  EXPECT_FALSE(remembered.allows(reading));  // Not before another one is reserved.
}

}  // namespace
}  // namespace mpreg
