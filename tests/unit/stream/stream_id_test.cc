#include "stream/stream_id.h"

#include <gtest/gtest.h>

#include <string_view>
#include <vector>

namespace mpreg {
namespace {

TEST(StreamId, is_ordered_by_origin_then_incarnation_then_lane) {
  const std::vector<StreamId> ascending = {
      {"east", {1}, Lane::cache}, {"east", {1}, Lane::bulk},    {"east", {1}, Lane::events},
      {"east", {2}, Lane::cache}, {"easter", {1}, Lane::cache}, {"west", {1}, Lane::cache}};
  for (std::size_t i = 0; i < ascending.size(); ++i) {
    for (std::size_t j = 0; j < ascending.size(); ++j) {
      EXPECT_EQ(ascending[i] < ascending[j], i < j) << i << " " << j;
      EXPECT_EQ(ascending[i] == ascending[j], i == j) << i << " " << j;
    }
  }
}

TEST(StreamId, is_written_with_the_name_of_its_lane) {
  EXPECT_EQ(to_string({"east", {7, 0xDEADBEEF}, Lane::cache}), "east/7-00000000deadbeef/cache");
  EXPECT_EQ(to_string({"east", {1}, Lane::bulk}), "east/1-0000000000000000/bulk");
  EXPECT_EQ(to_string({"", {}, Lane::events}), "/0-0000000000000000/events");
}

TEST(Lane, every_lane_has_a_name_and_what_is_no_lane_says_so) {
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < kLanes; ++i) names.push_back(name_of(static_cast<Lane>(i)));
  EXPECT_EQ(names, (std::vector<std::string_view>{"cache", "bulk", "events"}));
  EXPECT_EQ(name_of(static_cast<Lane>(kLanes)), "unknown");
}

}  // namespace
}  // namespace mpreg
