#include "exchange/client_table.h"

#include <gtest/gtest.h>

#include <vector>

namespace mpreg {
namespace {

using Seen = ClientTable::Seen;

Segment segment_of(std::uint64_t client, std::uint64_t first, std::uint32_t count) {
  return {client, first, count, 0};
}

TEST(ClientTable, tells_how_much_of_a_segment_was_added_before) {
  ClientTable table(4);
  table.add(segment_of(7, 10, 5));
  EXPECT_EQ(table.seen(segment_of(7, 10, 5)), Seen::all);
  EXPECT_EQ(table.seen(segment_of(7, 11, 2)), Seen::all);
  EXPECT_EQ(table.seen(segment_of(7, 14, 2)), Seen::some);
  EXPECT_EQ(table.seen(segment_of(7, 8, 20)), Seen::some);
  EXPECT_EQ(table.seen(segment_of(7, 15, 5)), Seen::none);
  EXPECT_EQ(table.seen(segment_of(8, 10, 5)), Seen::none);
  EXPECT_TRUE(table.seen(OperationId{7, 14}));
  EXPECT_FALSE(table.seen(OperationId{7, 15}));
  EXPECT_FALSE(table.seen(OperationId{8, 14}));
}

TEST(ClientTable, a_hole_is_filled_by_the_operations_that_come_by_another_way) {
  ClientTable table(4);
  table.add(segment_of(7, 1, 3));
  table.add(segment_of(7, 6, 2));
  EXPECT_FALSE(table.seen(OperationId{7, 4}));
  EXPECT_EQ(table.accepted(7), (std::vector<NumberRange>{{1, 3}, {6, 7}}));
  table.add(segment_of(7, 4, 2));
  EXPECT_EQ(table.accepted(7), (std::vector<NumberRange>{{1, 7}}));
}

TEST(ClientTable, a_hole_is_never_taken_as_seen_and_the_lowest_are_forgotten) {
  constexpr std::uint64_t kRanges = 16'384;
  ClientTable table(4);
  for (std::uint64_t i = 0; i < kRanges; ++i) table.add(segment_of(7, 2 * i + 1, 1));
  EXPECT_TRUE(table.seen(OperationId{7, 1}));
  table.add(segment_of(7, 2 * kRanges + 1, 1));
  for (std::uint64_t i = 1; i <= kRanges; ++i) ASSERT_FALSE(table.seen(OperationId{7, 2 * i}));
  EXPECT_FALSE(table.seen(OperationId{7, 1}));
  EXPECT_FALSE(table.seen(OperationId{7, kRanges - 1}));
  EXPECT_TRUE(table.seen(OperationId{7, kRanges + 3}));
  EXPECT_TRUE(table.seen(OperationId{7, 2 * kRanges + 1}));
  EXPECT_EQ(table.accepted(7).size(), 4096U) << "as many as a Welcome may hold";
  EXPECT_EQ(table.accepted(7).back().last, 2 * kRanges + 1);
}

TEST(ClientTable, when_full_it_forgets_the_client_heard_from_longest_ago) {
  ClientTable table(3);
  for (const std::uint64_t client : {1U, 2U, 3U}) table.add(segment_of(client, 1, 1));
  table.add(segment_of(1, 2, 1));  // 2 is now the one heard from longest ago.
  table.add(segment_of(4, 1, 1));
  EXPECT_EQ(table.size(), 3U);
  EXPECT_FALSE(table.seen(OperationId{2, 1}));
  EXPECT_TRUE(table.seen(OperationId{1, 1}));
  EXPECT_TRUE(table.seen(OperationId{1, 2}));
  table.add(segment_of(5, 1, 1));
  EXPECT_FALSE(table.seen(OperationId{3, 1}));
  EXPECT_TRUE(table.seen(OperationId{1, 1}));
}

TEST(ClientTable, looking_does_not_keep_a_client) {
  ClientTable table(2);
  table.add(segment_of(1, 1, 1));
  table.add(segment_of(2, 1, 1));
  EXPECT_TRUE(table.seen(OperationId{1, 1}));
  EXPECT_EQ(table.seen(segment_of(1, 1, 1)), Seen::all);
  table.add(segment_of(3, 1, 1));
  EXPECT_FALSE(table.seen(OperationId{1, 1}));
  EXPECT_TRUE(table.seen(OperationId{2, 1}));
}

TEST(ClientTable, a_segment_of_nobody_or_of_nothing_is_ignored) {
  ClientTable table(2);
  table.add(segment_of(0, 1, 5));
  table.add(segment_of(1, 1, 0));
  EXPECT_EQ(table.size(), 0U);
  EXPECT_EQ(table.seen(segment_of(0, 1, 5)), Seen::none);
  EXPECT_TRUE(table.accepted(1).empty());
}

TEST(ClientTable, an_unbroken_run_ends_before_the_first_hole) {
  ClientTable table(2);
  table.add(segment_of(1, 5, 3));
  table.add(segment_of(1, 10, 2));
  EXPECT_EQ(table.contiguous_end(1, 5), 7U);
  EXPECT_EQ(table.contiguous_end(1, 6), 7U);
  EXPECT_EQ(table.contiguous_end(1, 10), 11U);
  EXPECT_EQ(table.contiguous_end(1, 8), 7U);
  EXPECT_EQ(table.contiguous_end(2, 8), 7U);
}

TEST(ClientTable, a_segment_that_runs_over_the_greatest_number_ends_there) {
  ClientTable table(2);
  const Segment segment = segment_of(1, kNumberMax - 2, 10);
  table.add(segment);
  EXPECT_EQ(table.seen(segment), Seen::all);
  EXPECT_TRUE(table.seen(OperationId{1, kNumberMax - 1}));
  EXPECT_FALSE(table.seen(OperationId{1, 1}));
  table.add(segment_of(1, 0, 2));
  EXPECT_EQ(table.accepted(1),
            (std::vector<NumberRange>{{0, 1}, {kNumberMax - 2, kNumberMax - 1}}));
}

}  // namespace
}  // namespace mpreg
