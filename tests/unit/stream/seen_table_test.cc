#include "stream/seen_table.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace mpreg {
namespace {

StreamId stream(const std::string& origin, std::uint64_t counter) {
  return {origin, {counter, 7}, Lane::cache};
}

struct Seen : testing::Test {
  SeenTable table;
  StreamPlace east = table.intern(stream("east", 1));
  StreamPlace west = table.intern(stream("west", 1));
};

TEST_F(Seen, a_write_has_seen_what_its_origin_had_applied_and_what_it_wrote_before) {
  EXPECT_FALSE(table.has_seen({east, 5}, {west, 1}));
  table.note({east, 5}, {west, 7});
  EXPECT_TRUE(table.has_seen({east, 5}, {west, 7}));
  EXPECT_TRUE(table.has_seen({east, 9}, {west, 3}));
  EXPECT_FALSE(table.has_seen({east, 5}, {west, 8}));
  EXPECT_FALSE(table.has_seen({east, 4}, {west, 7}));
  EXPECT_TRUE(table.has_seen({east, 5}, {east, 4}));
  EXPECT_FALSE(table.has_seen({east, 5}, {east, 5}));
}

TEST_F(Seen, what_was_said_late_counts_and_takes_nothing_back) {
  table.note({east, 10}, {west, 20});
  table.note({east, 5}, {west, 7});
  EXPECT_TRUE(table.has_seen({east, 6}, {west, 7}));
  EXPECT_FALSE(table.has_seen({east, 9}, {west, 8}));
  EXPECT_TRUE(table.has_seen({east, 10}, {west, 20}));
  table.note({east, 8}, {west, 3});
  EXPECT_TRUE(table.has_seen({east, 8}, {west, 7}));
}

TEST_F(Seen, who_has_heard_of_a_later_incarnation_has_seen_the_earlier_ones) {
  const StreamPlace next = table.intern(stream("west", 2));
  EXPECT_FALSE(table.has_seen({east, 5}, {west, 100}));
  table.note({east, 5}, {next, 0});
  EXPECT_TRUE(table.has_seen({east, 5}, {west, 100}));
  EXPECT_FALSE(table.has_seen({east, 4}, {west, 100}));
  EXPECT_FALSE(table.has_seen({east, 5}, {next, 1}));
  EXPECT_TRUE(table.has_seen({next, 1}, {west, 100})) << "its own earlier incarnation";
}

TEST_F(Seen, what_is_over_needs_not_be_seen) {
  table.end(west);
  EXPECT_TRUE(table.has_seen({east, 1}, {west, 100}));
}

TEST_F(Seen, a_stream_is_found_by_the_key_that_travels) {
  EXPECT_EQ(table.find(key_of(stream("west", 1))), west);
  EXPECT_FALSE(table.find(key_of(stream("west", 2))));
  EXPECT_NE(key_of(stream("a", 11)), key_of(stream("a1", 1)));
}

// Against a list of all that was noted: what is said to have been seen was; the latest is known.
TEST_F(Seen, it_never_says_seen_of_what_was_not) {
  struct Note {
    Position from;
    Position seen;
  };
  for (unsigned seed = 1; seed <= 20; ++seed) {
    SeenTable tried;
    std::mt19937 random(seed);
    for (int i = 0; i < 4; ++i) (void)tried.intern(stream(std::string(1, char('a' + i)), 1));
    std::vector<Note> notes;
    std::vector<std::vector<Number>> applied(4, std::vector<Number>(4));
    std::vector<Number> heads(4, 1);
    for (int i = 0; i < 2000; ++i) {
      const StreamPlace from = random() % 4;
      const StreamPlace of = (from + 1 + random() % 3) % 4;
      heads[from] += random() % 3;
      applied[from][of] = std::max(applied[from][of], Number{random() % (heads[of] + 1)});
      notes.push_back({{from, heads[from]}, {of, applied[from][of]}});
      if (random() % 5 != 0) tried.note(notes.back().from, notes.back().seen);
      const Position write{from, random() % (heads[from] + 2)};
      const Position other{of, 1 + random() % (heads[of] + 2)};
      bool is_seen = false;
      for (const Note& note : notes) {
        is_seen = is_seen || (note.from.stream == from && note.seen.stream == of &&
                              note.from.number <= write.number && note.seen.number >= other.number);
      }
      if (tried.has_seen(write, other)) {
        ASSERT_TRUE(is_seen) << "seed " << seed << " step " << i;
      }
      if (applied[from][of] > 0) {
        tried.note({from, heads[from]}, {of, applied[from][of]});
        ASSERT_TRUE(tried.has_seen({from, heads[from]}, {of, applied[from][of]}));
      }
    }
  }
}

}  // namespace
}  // namespace mpreg
