#include "node/seen_book.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace mpreg {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Book : testing::Test {
  SeenBook book{"east"};
  StreamPlace own = book.place_of(0, {"east", {1, 7}, Lane::cache});
  StreamPlace west = book.place_of(3, {"west", {1, 8}, Lane::cache});
  StreamPlace north = book.place_of(6, {"north", {1, 9}, Lane::cache});
  Instant now{seconds(1000)};

  // The number that is said of a stream; nothing when it is not named.
  [[nodiscard]] static std::optional<Number> of(const SeenBook::SharedSeen& seen, StreamKey key) {
    if (!seen) return std::nullopt;
    const auto it = std::find_if(seen->begin(), seen->end(),
                                 [&](const SeenPosition& one) { return one.stream == key; });
    return it == seen->end() ? std::nullopt : std::optional(it->number);
  }
};

TEST_F(Book, all_is_said_first_then_what_has_changed_and_all_again_after_a_second) {
  book.move(own, 3);
  book.move(west, 5);
  book.move(north, 0);
  const StreamKey of_west = book.table().key_at(west);
  const StreamKey of_north = book.table().key_at(north);
  const auto first = book.take(now);
  EXPECT_EQ(of(first, of_west), 5U);
  EXPECT_EQ(of(first, of_north), 0U) << "it is known, though nothing of it is applied";
  EXPECT_FALSE(of(first, book.table().key_at(own)));
  EXPECT_EQ(book.take(now), nullptr);
  book.move(west, 6);
  const auto changed = book.take(now + milliseconds(1));
  EXPECT_EQ(of(changed, of_west), 6U);
  EXPECT_FALSE(of(changed, of_north));
  const auto again = book.take(now + seconds(1));
  EXPECT_EQ(of(again, of_west), 6U);
  EXPECT_EQ(of(again, of_north), 0U);
}

TEST_F(Book, a_stream_that_is_over_is_named_until_a_later_one_is) {
  book.move(west, kNumberMax);
  EXPECT_EQ(of(book.take(now), book.table().key_at(west)), kNumberMax);
  EXPECT_TRUE(book.positions().empty());
  const StreamPlace next = book.place_of(9, {"west", {2, 1}, Lane::cache});
  book.move(next, 1);
  const auto seen = book.take(now + seconds(2));
  EXPECT_FALSE(of(seen, book.table().key_at(west)));
  EXPECT_EQ(of(seen, book.table().key_at(next)), 1U);
}

TEST_F(Book, what_an_origin_had_applied_is_noted_as_far_as_it_is_known_here) {
  const auto seen = std::make_shared<const std::vector<SeenPosition>>(
      std::vector<SeenPosition>{{book.table().key_at(north), 4}, {0xABCDEF, 9}});
  book.note({west, 2}, seen);
  EXPECT_TRUE(book.table().has_seen({west, 2}, {north, 4}));
  EXPECT_FALSE(book.table().has_seen({west, 1}, {north, 4}));
  EXPECT_FALSE(book.note({west, 3}, nullptr));
}

TEST_F(Book, a_new_incarnation_of_ours_says_all_of_it_with_its_first_body) {
  book.move(west, 5);
  (void)book.take(now);
  const StreamPlace next = book.place_of(8, {"east", {2, 7}, Lane::cache});
  book.begin(8);
  const auto seen = book.take(now + milliseconds(1));
  EXPECT_EQ(of(seen, book.table().key_at(west)), 5U);
  EXPECT_FALSE(of(seen, book.table().key_at(next)));
}

// Whoever knows a later incarnation has seen everything of the earlier one.
TEST_F(Book, a_later_incarnation_is_not_named_before_the_earlier_one_is_complete) {
  const StreamPlace next = book.place_of(9, {"west", {2, 1}, Lane::cache});
  const StreamKey of_next = book.table().key_at(next);
  book.move(west, 5);
  book.move(next, 1);
  const auto first = book.take(now);
  EXPECT_EQ(of(first, book.table().key_at(west)), 5U);
  EXPECT_FALSE(of(first, of_next));
  book.move(next, 2);
  EXPECT_FALSE(of(book.take(now + milliseconds(1)), of_next));
  book.complete(west);
  EXPECT_EQ(of(book.take(now + milliseconds(2)), of_next), 2U);
  book.move(next, 3);
  EXPECT_EQ(of(book.take(now + milliseconds(3)), of_next), 3U);
}

TEST_F(Book, nor_before_the_end_of_one_that_nothing_came_of) {
  book.await_end(book.place_of(9, {"west", {2, 1}, Lane::cache}));
  const StreamPlace next = book.place_of(10, {"west", {3, 1}, Lane::cache});
  book.move(next, 1);
  EXPECT_FALSE(of(book.take(now), book.table().key_at(next)));
}

// A broker that joins later has never heard of it, and what its clients write would never count.
TEST_F(Book, the_end_of_a_stream_that_was_never_known_here_is_taken_over_once) {
  const StreamId gone{"south", {1, 4}, Lane::cache};
  const auto seen = std::make_shared<const std::vector<SeenPosition>>(
      std::vector<SeenPosition>{{key_of(gone), kNumberMax}});
  EXPECT_TRUE(book.note({west, 1}, seen));
  EXPECT_FALSE(book.note({west, 2}, seen));
  EXPECT_EQ(of(book.take(now), key_of(gone)), kNumberMax);
}

TEST_F(Book, nobody_has_seen_the_end_of_a_stream_of_ours) {
  const auto seen = std::make_shared<const std::vector<SeenPosition>>(
      std::vector<SeenPosition>{{book.table().key_at(own), kNumberMax}});
  EXPECT_FALSE(book.note({west, 1}, seen));
  EXPECT_FALSE(book.table().has_seen({west, 1}, {own, 1}));
}

TEST_F(Book, nobody_elses_streams_have_started_until_one_has) {
  book.move(own, 1);
  EXPECT_FALSE(book.has_others());
  book.move(west, 0);
  EXPECT_TRUE(book.has_others());
}

}  // namespace
}  // namespace mpreg
