#include "federation/stream_state.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace mpreg {
namespace {

using Verdict = StreamState::Verdict;
using namespace std::chrono_literals;

constexpr std::uint64_t kPlenty = 1 << 20;

// A body that covers after + 1 .. through, or, without bytes, only the word that nothing is in it.
Arrival arrival_of(Number after, Number through, std::size_t bytes = 10) {
  Arrival arrival;
  arrival.after = after;
  arrival.through = through;
  if (bytes > 0) {
    arrival.body.frame = Frame::copy_of(as_bytes(std::string(bytes, 'x')));
    arrival.body.stamp.first = after + 1;
    arrival.body.stamp.count = static_cast<std::uint32_t>(through - after);
  }
  return arrival;
}

StreamState started_at(Number frontier) {
  StreamState state;
  state.started = true;
  state.frontier = frontier;
  return state;
}

TEST(StreamState, pitfall_11_what_is_next_is_applied_and_what_is_known_is_a_duplicate) {
  const StreamState state = started_at(10);
  EXPECT_EQ(state.judge(arrival_of(10, 12)), Verdict::apply);
  EXPECT_EQ(state.judge(arrival_of(5, 10)), Verdict::duplicate);
  EXPECT_EQ(state.judge(arrival_of(5, 9)), Verdict::duplicate);
  EXPECT_EQ(state.judge(arrival_of(11, 12)), Verdict::early);
}

TEST(StreamState, a_body_is_taken_whole_and_words_about_ranges_may_overlap) {
  const StreamState state = started_at(10);
  EXPECT_EQ(state.judge(arrival_of(8, 12)), Verdict::overlap);
  EXPECT_EQ(state.judge(arrival_of(8, 12, 0)), Verdict::apply);
  Arrival lost = arrival_of(8, 12, 0);
  lost.gap = std::make_shared<const Gap>();
  EXPECT_EQ(state.judge(lost), Verdict::apply);
  // Nothing in 9 .. 10 is for us, and the body begins after it.
  Arrival later = arrival_of(10, 12);
  later.after = 8;
  EXPECT_EQ(state.judge(later), Verdict::apply);
}

TEST(StreamState, before_its_beginning_is_settled_everything_is_early) {
  StreamState state;
  EXPECT_EQ(state.judge(arrival_of(0, 3)), Verdict::early);
  state.started = true;
  EXPECT_EQ(state.judge(arrival_of(0, 3)), Verdict::apply);
}

TEST(StreamState, kept_pieces_come_back_in_order_when_the_one_before_them_is_applied) {
  StreamState state = started_at(0);
  for (const auto& [after, through] : {std::pair{7U, 9U}, {2U, 5U}, {5U, 7U}}) {
    state.keep(arrival_of(after, through), kPlenty);
  }
  EXPECT_FALSE(state.next_kept().has_value());
  state.advance(2, Instant{1s});
  for (const Number through : {5U, 7U, 9U}) {
    const auto next = state.next_kept();
    ASSERT_TRUE(next.has_value());
    EXPECT_EQ(next->through, through);
    state.advance(through, Instant{1s});
  }
  EXPECT_FALSE(state.has_kept());
  EXPECT_FALSE(state.next_kept().has_value());
}

TEST(StreamState, kept_pieces_that_are_known_by_now_are_dropped) {
  StreamState state = started_at(0);
  state.keep(arrival_of(2, 5), kPlenty);
  state.keep(arrival_of(3, 8), kPlenty);  // Will lie across the frontier: asked for again.
  state.keep(arrival_of(6, 7), kPlenty);
  state.advance(6, Instant{1s});
  const auto next = state.next_kept();
  ASSERT_TRUE(next.has_value());
  EXPECT_EQ(next->after, 6U);
  EXPECT_FALSE(state.has_kept());
}

TEST(StreamState, keeps_no_more_bytes_than_there_is_room_for) {
  StreamState state = started_at(0);
  const std::uint64_t room = 2 * arrival_of(1, 2).bytes();
  state.keep(arrival_of(1, 2), room);
  state.keep(arrival_of(1, 2), room);  // The same again takes no room.
  state.keep(arrival_of(2, 3), room);
  state.keep(arrival_of(3, 4), room);
  state.advance(1, Instant{1s});
  EXPECT_EQ(state.next_kept()->through, 2U);
  state.advance(2, Instant{1s});
  state.keep(arrival_of(3, 4), room);  // There is room again.
  EXPECT_EQ(state.next_kept()->through, 3U);
  state.advance(3, Instant{1s});
  EXPECT_EQ(state.next_kept()->through, 4U);
}

TEST(StreamState, declarations_count_as_bytes) {
  Arrival plain = arrival_of(1, 2);
  Arrival declaring = plain;
  declaring.declarations.push_back({1, std::string(200, 't')});
  EXPECT_GE(declaring.bytes(), plain.bytes() + 200);
}

TEST(StreamState, dropping_all_kept_pieces_gives_their_room_back) {
  StreamState state = started_at(0);
  const std::uint64_t room = arrival_of(1, 2).bytes();
  state.keep(arrival_of(1, 2), room);
  state.drop_kept();
  EXPECT_FALSE(state.has_kept());
  state.keep(arrival_of(5, 6), room);
  EXPECT_TRUE(state.has_kept());
}

TEST(StreamState, progress_ends_the_wait_for_what_was_asked) {
  StreamState state = started_at(0);
  state.take_pending = true;
  state.advance(4, Instant{9s});
  EXPECT_EQ(state.frontier, 4U);
  EXPECT_EQ(state.progressed, Instant{9s});
  EXPECT_FALSE(state.take_pending);
}

TEST(StreamState, is_complete_when_closed_or_at_its_final_number) {
  StreamState state = started_at(9);
  EXPECT_FALSE(state.complete());
  state.final = true;
  state.final_number = 10;
  EXPECT_FALSE(state.complete());
  state.frontier = 10;
  EXPECT_TRUE(state.complete());
  state = started_at(kNumberMax);
  EXPECT_TRUE(state.closed());
  EXPECT_TRUE(state.complete());
  EXPECT_EQ(state.judge(arrival_of(10, 12)), Verdict::duplicate);
}

// Pieces in any order, some twice: applying what it says applies each number once and in order.
TEST(StreamState, pitfall_12_any_order_of_arrival_ends_at_the_same_frontier) {
  std::mt19937_64 random(8);
  for (int round = 0; round < 300; ++round) {
    std::vector<Arrival> pieces;
    for (Number at = 0; at < 40;) {
      const Number next = at + 1 + random() % 5;
      pieces.push_back(arrival_of(at, next, random() % 3));
      if (random() % 3 == 0) pieces.push_back(pieces.back());
      at = next;
    }
    const Number end = pieces.back().through;
    std::shuffle(pieces.begin(), pieces.end(), random);
    StreamState state = started_at(0);
    const auto apply = [&](const Arrival& arrival) {
      ASSERT_EQ(arrival.after, state.frontier);
      state.advance(arrival.through, Instant{});
    };
    for (Arrival& piece : pieces) {
      const Verdict verdict = state.judge(piece);
      ASSERT_NE(verdict, Verdict::overlap);
      if (verdict == Verdict::early) state.keep(std::move(piece), kPlenty);
      if (verdict != Verdict::apply) continue;
      apply(piece);
      while (const auto kept = state.next_kept()) apply(*kept);
    }
    ASSERT_EQ(state.frontier, end) << round;
    ASSERT_FALSE(state.has_kept()) << round;
  }
}

}  // namespace
}  // namespace mpreg
