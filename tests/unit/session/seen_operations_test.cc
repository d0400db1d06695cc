#include "session/seen_operations.h"

#include <gtest/gtest.h>

namespace mpreg {
namespace {

TEST(SeenOperations, hold_a_stream_against_the_others_of_its_lane_only) {
  SeenOperations seen(10);
  seen.find(1, {0}, Lane::events).add({1, 5});
  EXPECT_FALSE(seen.find(1, 0, Lane::events).elsewhere(3));
  EXPECT_TRUE(seen.find(1, 1, Lane::events).elsewhere(3));
  EXPECT_FALSE(seen.find(1, 1, Lane::events).elsewhere(6));
  EXPECT_FALSE(seen.find(1, 2, Lane::cache).elsewhere(3));
  EXPECT_FALSE(seen.find(2, 1, Lane::events).elsewhere(3));
}

TEST(SeenOperations, never_take_a_hole_as_seen_however_many_there_are) {
  SeenOperations seen(10);
  // Every second operation comes in one stream, the others in another one.
  for (std::uint64_t n = 1; n < 10'000; n += 2) seen.find(1, 1, Lane::events).add({n, n});
  for (std::uint64_t n = 2; n < 10'000; n += 2) {
    auto& record = seen.find(1, {0}, Lane::events);
    ASSERT_FALSE(record.elsewhere(n));
    record.add({n, n});
  }
  EXPECT_TRUE(seen.find(1, 0, Lane::events).elsewhere(9'999));
  EXPECT_FALSE(seen.find(1, 0, Lane::events).elsewhere(1)) << "the lowest are forgotten";
}

TEST(SeenOperations, forget_the_publisher_heard_from_longest_ago) {
  SeenOperations seen(2);
  seen.find(1, {0}, Lane::events).add({1, 1});
  seen.find(2, 0, Lane::events).add({1, 1});
  static_cast<void>(seen.find(1, 0, Lane::events));
  seen.find(3, 0, Lane::events).add({1, 1});
  EXPECT_EQ(seen.size(), 2U);
  EXPECT_TRUE(seen.find(1, 1, Lane::events).elsewhere(1));
  EXPECT_FALSE(seen.find(2, 1, Lane::events).elsewhere(1));
}

}  // namespace
}  // namespace mpreg
