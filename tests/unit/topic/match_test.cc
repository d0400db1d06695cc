#include "topic/match.h"

#include <gtest/gtest.h>

#include "unit/topic/allocation_counter.h"
#include "unit/topic/brute_force.h"

namespace mpreg {
namespace {

TEST(Match, every_short_pattern_answers_every_short_topic_as_the_definition_says) {
  const auto patterns = brute_force::texts_of({"a", "b", "", "*", "#"}, 4);
  const auto topics = brute_force::texts_of({"a", "b", "", "#"}, 4);
  std::vector<brute_force::Words> split_topics;
  for (const auto& topic : topics) split_topics.push_back(brute_force::split(topic));
  for (const auto& pattern : patterns) {
    const auto words = brute_force::split(pattern);
    for (std::size_t i = 0; i < topics.size(); ++i) {
      ASSERT_EQ(matches(pattern, topics[i]), brute_force::matches(words, split_topics[i]))
          << "'" << pattern << "' against '" << topics[i] << "'";
    }
  }
}

TEST(Match, long_random_texts_of_few_words_answer_as_the_definition_says) {
  std::mt19937_64 random(7);
  int matched = 0;
  for (int round = 0; round < 20'000; ++round) {
    const auto pattern = brute_force::random_text(random, {"a", "b", "*", "#", "#"}, 8);
    const auto topic = brute_force::random_text(random, {"a", "b", "ab"}, 8);
    const bool expected = brute_force::matches(pattern, topic);
    ASSERT_EQ(matches(pattern, topic), expected) << pattern << " against " << topic;
    matched += expected ? 1 : 0;
  }
  EXPECT_GT(matched, 4'000);
  EXPECT_LT(matched, 16'000);
}

TEST(Match, a_wildcard_counts_only_as_a_whole_word) {
  EXPECT_TRUE(matches("a*", "a*"));
  EXPECT_FALSE(matches("a*", "ab"));
  EXPECT_FALSE(matches("##", "a.b"));
  EXPECT_TRUE(matches("##", "##"));
}

TEST(Match, bytes_are_compared_exactly_and_in_full) {
  using std::string_view;
  EXPECT_FALSE(matches(string_view("a\0b", 3), string_view("a\0c", 3)));
  EXPECT_TRUE(matches(string_view("a\0b.*", 5), string_view("a\0b.\xFF", 5)));
  EXPECT_FALSE(matches("A", "a"));
}

TEST(Match, many_hashes_against_many_words_end_and_are_right) {
  std::string pattern = "#";
  std::string topic = "a";
  for (int i = 0; i < 100; ++i) {
    pattern += ".#.a";
    topic += ".a";
  }
  EXPECT_TRUE(matches(pattern, topic));
  EXPECT_FALSE(matches(pattern + ".b", topic));
  EXPECT_TRUE(matches("#.#.#.#.#.#.#.#.#.#", "a.b.c.d.e.f.g.h.i.j.k.l"));
}

TEST(Match, matching_does_not_allocate) {
  const std::string pattern = "#.a.*.#.b.#";
  const std::string topic = "x.a.a.a.y.z.b.b.q";
  const auto before = testing_support::allocations();
  const bool matched = matches_for_clients(pattern, topic);
  EXPECT_EQ(testing_support::allocations(), before);
  EXPECT_TRUE(matched);
}

TEST(Match, a_wildcard_at_the_first_word_does_not_match_the_brokers_own_names_for_clients) {
  EXPECT_TRUE(matches("#", "$sys.load"));
  EXPECT_FALSE(matches_for_clients("#", "$sys.load"));
  EXPECT_FALSE(matches_for_clients("*.load", "$sys.load"));
  EXPECT_FALSE(matches_for_clients("#.$sys.load", "$sys.load"));
  EXPECT_TRUE(matches_for_clients("$sys.#", "$sys.load"));
  EXPECT_TRUE(matches_for_clients("a.#", "a.$pattern"));
  EXPECT_TRUE(matches_for_clients("#.$pattern", "a.$pattern"));
}

}  // namespace
}  // namespace mpreg
