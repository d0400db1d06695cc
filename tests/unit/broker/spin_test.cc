#include "broker/spin.h"

#include <gtest/gtest.h>

namespace mpreg {
namespace {

using namespace std::chrono_literals;

TEST(Spin, an_idle_loop_sleeps_at_once) {
  Spin spin(100us);
  EXPECT_EQ(spin.budget(), Duration::zero());
  for (int i = 0; i < 1000; ++i) spin.on_pause(500ms);
  EXPECT_EQ(spin.budget(), Duration::zero());
}

TEST(Spin, quick_work_makes_it_look_first_and_slow_work_ends_that) {
  Spin spin(100us);
  int quick = 0;
  while (spin.budget() == Duration::zero()) {
    spin.on_pause(40us);
    ASSERT_LT(++quick, 50);
  }
  EXPECT_EQ(spin.budget(), 100us);
  EXPECT_GT(quick, 5) << "one burst of a few messages is not traffic";
  int slow = 0;
  while (spin.budget() != Duration::zero()) {
    spin.on_pause(1s);
    ASSERT_LT(++slow, 5);
  }
}

TEST(Spin, work_that_comes_slower_than_it_could_wait_for_is_not_waited_for) {
  Spin spin(100us);
  for (int i = 0; i < 1000; ++i) spin.on_pause(300us);
  EXPECT_EQ(spin.budget(), Duration::zero());
}

TEST(Spin, where_others_want_the_core_it_stops_for_a_moment) {
  Spin spin(100us);
  for (int i = 0; i < 100; ++i) spin.on_pause(40us);
  spin.on_crowded();
  EXPECT_EQ(spin.budget(), Duration::zero());
  for (int i = 0; i < 20; ++i) spin.on_pause(40us);
  EXPECT_EQ(spin.budget(), 100us);
}

TEST(Spin, with_a_maximum_of_zero_it_never_spins) {
  Spin spin(0us);
  for (int i = 0; i < 1000; ++i) spin.on_pause(0us);
  EXPECT_EQ(spin.budget(), Duration::zero());
}

}  // namespace
}  // namespace mpreg
