#include "federation/freshness.h"

#include <gtest/gtest.h>

namespace mpreg {
namespace {

Instant at(int seconds) { return Instant(std::chrono::seconds(seconds)); }

TEST(Freshness, is_unknown_at_first) { EXPECT_EQ(Freshness().complete_as_of(), Instant{}); }

TEST(Freshness, counts_at_once_what_is_applied_already) {
  Freshness freshness;
  freshness.learn(5, at(10), 5);
  EXPECT_EQ(freshness.complete_as_of(), at(10));
  freshness.learn(5, at(9), 6);  // Older word takes nothing back.
  EXPECT_EQ(freshness.complete_as_of(), at(10));
}

TEST(Freshness, waits_for_what_the_word_names) {
  Freshness freshness;
  freshness.learn(7, at(10), 5);
  freshness.advance(6);
  EXPECT_EQ(freshness.complete_as_of(), Instant{});
  freshness.advance(7);
  EXPECT_EQ(freshness.complete_as_of(), at(10));
}

// A stream that never stands still is always behind the newest word.
TEST(Freshness, moves_on_while_new_words_name_ever_more) {
  Freshness freshness;
  freshness.learn(10, at(10), 5);
  freshness.learn(20, at(11), 6);
  freshness.learn(30, at(12), 7);
  freshness.advance(10);
  EXPECT_EQ(freshness.complete_as_of(), at(10));
  freshness.advance(29);
  EXPECT_EQ(freshness.complete_as_of(), at(10));
  freshness.advance(30);
  EXPECT_EQ(freshness.complete_as_of(), at(12));
}

}  // namespace
}  // namespace mpreg
