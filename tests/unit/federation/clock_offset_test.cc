#include "federation/clock_offset.h"

#include <gtest/gtest.h>

namespace mpreg {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using Verdict = ClockOffset::Verdict;

constexpr milliseconds kMax{60'000};

// Two brokers and what lies between them. Time is ours.
struct Echoes : testing::Test {
  ClockOffset clock;
  Instant time{100s};
  milliseconds offset{0};  // Theirs minus ours.

  [[nodiscard]] static WallTime wall_at(Instant at) {
    return WallTime(1'700'000'000s) +
           std::chrono::duration_cast<milliseconds>(at.time_since_epoch());
  }
  // We say something, which takes `there`; they answer after `held`; that takes `back`; and we take
  // it in with a clock that was read `stale` before.
  bool exchange(Duration there, Duration held, Duration back, Duration stale = 0ms) {
    ClockOffset::Measurement one;
    one.asked = time;
    one.held = held;
    time += there + held;
    one.theirs = wall_at(time) + offset;
    time += back;
    one.arrived = {time - stale, wall_at(time - stale)};
    return clock.measure(one, kMax);
  }
};

TEST_F(Echoes, nothing_is_trusted_before_it_is_measured_and_one_measurement_is_enough_to_begin) {
  EXPECT_FALSE(clock.is_trusted());
  EXPECT_TRUE(exchange(1ms, 200ms, 1ms));
  EXPECT_TRUE(clock.is_trusted());
  EXPECT_LT(std::chrono::abs(clock.offset()), 5ms);
}

TEST_F(Echoes, a_clock_that_is_off_says_how_much_and_which_way) {
  offset = 600s;
  EXPECT_TRUE(exchange(5ms, 200ms, 5ms));
  EXPECT_EQ(clock.verdict(), Verdict::ahead);
  EXPECT_NEAR(static_cast<double>(clock.offset().count()), 600'000, 10);
  clock.restart();
  EXPECT_FALSE(clock.is_off());
  offset = -600s;
  EXPECT_TRUE(exchange(5ms, 200ms, 5ms));
  EXPECT_EQ(clock.verdict(), Verdict::behind);
  EXPECT_NEAR(static_cast<double>(clock.offset().count()), -600'000, 10);
}

// Half of the round trip would be 45 s off here: enough to accuse a clock that is right.
TEST_F(Echoes, asymmetric_delays_accuse_nobody) {
  offset = 59s;
  EXPECT_TRUE(exchange(90s, 0ms, 1ms));
  EXPECT_TRUE(clock.is_trusted());
  for (int i = 0; i < 5; ++i) {
    EXPECT_FALSE(exchange(1ms, 0ms, 90s));
    EXPECT_FALSE(exchange(90s, 0ms, 1ms));
  }
  offset = -59s;
  for (int i = 0; i < 5; ++i) {
    EXPECT_FALSE(exchange(1ms, 0ms, 90s));
    EXPECT_FALSE(exchange(90s, 0ms, 1ms));
  }
  EXPECT_TRUE(clock.is_trusted());
}

TEST_F(Echoes, delays_that_differ_do_not_hide_a_clock_that_is_off) {
  offset = 600s;
  EXPECT_TRUE(exchange(90s, 1s, 1ms));
  EXPECT_EQ(clock.verdict(), Verdict::ahead);
  EXPECT_FALSE(exchange(1ms, 1s, 90s));
  EXPECT_EQ(clock.verdict(), Verdict::ahead);
}

// They read their clock, were suspended, and sent it then: only the way back is longer.
TEST_F(Echoes, a_suspension_there_accuses_nobody) {
  EXPECT_TRUE(exchange(1ms, 0ms, 120s));
  EXPECT_TRUE(clock.is_trusted());
}

// Our turn had read its clock, and then we were suspended while they went on.
TEST_F(Echoes, a_suspension_here_changes_no_verdict) {
  ASSERT_TRUE(exchange(1ms, 0ms, 1ms));
  EXPECT_FALSE(exchange(100s, 0ms, 100s, 90s)) << "they seem to be 90 s ahead";
  EXPECT_FALSE(exchange(1ms, 0ms, 1ms));
  EXPECT_FALSE(exchange(100s, 0ms, 100s, 90s));
  EXPECT_TRUE(clock.is_trusted());
}

TEST_F(Echoes, a_clock_that_is_set_is_noticed_after_three_and_so_is_its_correction) {
  ASSERT_TRUE(exchange(1ms, 500ms, 1ms));
  offset = 600s;
  EXPECT_FALSE(exchange(1ms, 500ms, 1ms));
  EXPECT_FALSE(exchange(1ms, 500ms, 1ms));
  EXPECT_TRUE(exchange(1ms, 500ms, 1ms));
  EXPECT_TRUE(clock.is_off());
  offset = 0s;
  EXPECT_FALSE(exchange(1ms, 500ms, 1ms));
  EXPECT_FALSE(exchange(1ms, 500ms, 1ms));
  EXPECT_TRUE(exchange(1ms, 500ms, 1ms));
  EXPECT_TRUE(clock.is_trusted());
}

TEST_F(Echoes, an_answer_that_was_held_for_longer_than_there_was_time_is_ignored) {
  ClockOffset::Measurement one;
  one.asked = time;
  one.held = 10s;
  one.theirs = wall_at(time) + 600s;
  one.arrived = {time + 1s, wall_at(time + 1s)};
  EXPECT_FALSE(clock.measure(one, kMax));
  EXPECT_EQ(clock.verdict(), Verdict::unknown);
}

TEST(OwnClockWatch, sees_the_clock_being_set_and_not_time_passing) {
  OwnClockWatch watch;
  Now now{Instant(100s), WallTime(1'700'000'000s)};
  EXPECT_FALSE(watch.was_set(now, kMax));
  now = {now.instant + 3600s, now.wall + 3600s};
  EXPECT_FALSE(watch.was_set(now, kMax)) << "a machine that slept for an hour";
  now = {now.instant + 1s, now.wall + 61s};
  EXPECT_FALSE(watch.was_set(now, kMax)) << "within the limit";
  now = {now.instant + 1s, now.wall + 62s};
  EXPECT_TRUE(watch.was_set(now, kMax));
  EXPECT_FALSE(watch.was_set(now, kMax));
  now = {now.instant + 1s, now.wall - 600s};
  EXPECT_TRUE(watch.was_set(now, kMax));
}

}  // namespace
}  // namespace mpreg
