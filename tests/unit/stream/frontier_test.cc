#include "stream/frontier.h"

#include <gtest/gtest.h>

namespace mpreg {
namespace {

const StreamId kEast{"east", {1}, Lane::cache};
const StreamId kWest{"west", {1}, Lane::cache};

TEST(Frontier, never_goes_back) {
  Frontier frontier;
  EXPECT_TRUE(frontier.advance(kEast, 5));
  EXPECT_FALSE(frontier.advance(kEast, 4));
  EXPECT_EQ(frontier.at(kEast), 5U);
  EXPECT_EQ(frontier.at(kWest), 0U);
}

TEST(Frontier, a_later_incarnation_is_another_stream) {
  Frontier frontier;
  frontier.advance(kEast, 5);
  frontier.advance({"east", {2}, Lane::cache}, 1);
  EXPECT_EQ(frontier.positions().size(), 2U);
  EXPECT_EQ(frontier.at(kEast), 5U);
}

TEST(Frontier, merging_covers_both_sides) {
  Frontier left({{kEast, 5}, {kWest, 1}});
  const Frontier right({{kEast, 3}, {kWest, 9}});
  EXPECT_FALSE(left.covers(right));
  left.merge(right);
  EXPECT_TRUE(left.covers(right));
  EXPECT_EQ(left.at(kEast), 5U);
  EXPECT_EQ(left.at(kWest), 9U);
}

}  // namespace
}  // namespace mpreg
