#include "stream/ranges.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace mpreg {
namespace {

TEST(Ranges, neighbours_join_and_holes_stay) {
  Ranges ranges;
  ranges.add({1, 3});
  ranges.add({7, 9});
  ranges.add({4, 5});
  EXPECT_EQ(ranges.ranges(), (std::vector<NumberRange>{{1, 5}, {7, 9}}));
  EXPECT_TRUE(ranges.contains_all({2, 5}));
  EXPECT_FALSE(ranges.contains_all({5, 7}));
  EXPECT_TRUE(ranges.contains_any({6, 7}));
  EXPECT_FALSE(ranges.contains(6));
}

TEST(Ranges, agree_with_a_plain_set_on_random_additions) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 200; ++round) {
    Ranges ranges;
    std::set<Number> truth;
    for (int i = 0; i < 30; ++i) {
      const Number first = random() % 60;
      const Number last = first + random() % 8;
      ranges.add({first, last});
      for (Number n = first; n <= last; ++n) truth.insert(n);
      for (Number n = 0; n < 70; ++n) ASSERT_EQ(ranges.contains(n), truth.contains(n)) << round;
    }
    for (std::size_t i = 1; i < ranges.ranges().size(); ++i) {
      ASSERT_GT(ranges.ranges()[i].first, ranges.ranges()[i - 1].last + 1);
    }
  }
}

TEST(Ranges, the_lowest_are_forgotten_and_no_hole_is_filled) {
  Ranges ranges;
  ranges.add({1, 1});
  ranges.add({4, 4});
  ranges.add({9, 9});
  ranges.forget_lowest(3);
  EXPECT_EQ(ranges.ranges().size(), 3U);
  ranges.forget_lowest(2);
  EXPECT_EQ(ranges.ranges(), (std::vector<NumberRange>{{4, 4}, {9, 9}}));
}

TEST(Ranges, the_greatest_number_does_not_wrap) {
  Ranges ranges;
  ranges.add({kNumberMax - 1, kNumberMax});
  ranges.add({kNumberMax, kNumberMax});
  EXPECT_EQ(ranges.ranges(), (std::vector<NumberRange>{{kNumberMax - 1, kNumberMax}}));
}

TEST(Ranges, the_greatest_number_has_no_successor) {
  Ranges ranges;
  ranges.add({kNumberMax - 1, kNumberMax});
  ranges.add({0, 3});
  EXPECT_EQ(ranges.ranges(), (std::vector<NumberRange>{{0, 3}, {kNumberMax - 1, kNumberMax}}));
}

}  // namespace
}  // namespace mpreg
