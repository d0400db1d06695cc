#include "stream/stream_table.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace mpreg {
namespace {

TEST(StreamTable, indices_are_dense_and_a_stream_keeps_its_own) {
  StreamTable table;
  EXPECT_EQ(table.intern({"west", {1}, Lane::cache}), 0U);
  EXPECT_EQ(table.intern({"east", {1}, Lane::cache}), 1U);
  EXPECT_EQ(table.intern({"west", {1}, Lane::bulk}), 2U);
  EXPECT_EQ(table.intern({"west", {1}, Lane::cache}), 0U);
  EXPECT_EQ(table.size(), 3U);
}

TEST(StreamTable, another_incarnation_is_another_stream) {
  StreamTable table;
  const StreamIndex old_life = table.intern({"west", {1}, Lane::cache});
  EXPECT_NE(table.intern({"west", {2}, Lane::cache}), old_life);
}

TEST(StreamTable, looking_adds_nothing) {
  StreamTable table;
  EXPECT_EQ(table.find({"west", {1}, Lane::cache}), std::nullopt);
  EXPECT_EQ(table.size(), 0U);
  const StreamIndex index = table.intern({"west", {1}, Lane::cache});
  EXPECT_EQ(table.find({"west", {1}, Lane::cache}), index);
  EXPECT_EQ(table.find({"west", {1}, Lane::events}), std::nullopt);
}

TEST(StreamTable, ids_stay_where_they_are_while_it_grows) {
  StreamTable table;
  const StreamId& first = table.id_of(table.intern({"m", {1}, Lane::cache}));
  for (int i = 0; i < 1000; ++i) {
    const StreamId id{"c" + std::to_string(i), {1}, Lane::events};
    ASSERT_EQ(table.id_of(table.intern(id)), id);
  }
  EXPECT_EQ(&first, &table.id_of(0));
  EXPECT_EQ(first, (StreamId{"m", {1}, Lane::cache}));
}

TEST(StreamTable, by_id_is_sorted_whatever_the_order_of_arrival) {
  StreamTable table;
  for (const char* origin : {"w", "a", "m", "z", "b"})
    (void)table.intern({origin, {1}, Lane::cache});
  std::string order;
  for (const auto& [id, index] : table.by_id()) {
    order += id.origin;
    EXPECT_EQ(table.id_of(index), id);
  }
  EXPECT_EQ(order, "abmwz");
}

}  // namespace
}  // namespace mpreg
