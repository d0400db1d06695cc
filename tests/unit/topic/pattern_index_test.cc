#include "topic/pattern_index.h"

#include <gtest/gtest.h>

#include "unit/topic/allocation_counter.h"
#include "unit/topic/brute_force.h"

namespace mpreg {
namespace {

IdList ids_of(const PatternIndex& index, std::string_view topic) {
  IdList ids{99};  // match() replaces what was there.
  index.match(topic, ids);
  return ids;
}

TEST(PatternIndex, hash_at_the_end_matches_zero_words) {
  PatternIndex index;
  index.add("a.#", 1);
  EXPECT_EQ(ids_of(index, "a"), IdList{1});
  EXPECT_EQ(ids_of(index, "a.b.c"), IdList{1});
  EXPECT_EQ(ids_of(index, "ab"), IdList{});
}

TEST(PatternIndex, an_id_comes_once_however_many_of_its_patterns_match) {
  PatternIndex index;
  for (const char* pattern : {"a.b", "a.*", "a.#", "#", "#.b", "*.*"}) {
    index.add(pattern, 7);
    index.add(pattern, 3);
  }
  EXPECT_EQ(ids_of(index, "a.b"), (IdList{3, 7}));
  EXPECT_EQ(index.patterns(), 6U);
}

TEST(PatternIndex, a_pair_added_twice_is_removed_by_the_second_removal) {
  PatternIndex index;
  for (const char* pattern : {"a.b", "a.*"}) {
    index.add(pattern, 1);
    index.add(pattern, 1);
    EXPECT_EQ(ids_of(index, "a.b"), IdList{1});
    EXPECT_TRUE(index.remove(pattern, 1));
    EXPECT_EQ(ids_of(index, "a.b"), IdList{1});
    EXPECT_TRUE(index.remove(pattern, 1));
    EXPECT_EQ(ids_of(index, "a.b"), IdList{});
    EXPECT_FALSE(index.remove(pattern, 1));
  }
}

TEST(PatternIndex, what_is_not_held_cannot_be_removed) {
  PatternIndex index;
  index.add("a.*.c", 1);
  index.add("a.b.c", 2);
  const auto revision = index.revision();
  EXPECT_FALSE(index.remove("a.*.c", 2));
  EXPECT_FALSE(index.remove("a.b.c", 1));
  EXPECT_FALSE(index.remove("a.*", 1));
  EXPECT_FALSE(index.remove("a.*.d", 1));
  EXPECT_FALSE(index.remove("a.b", 2));
  EXPECT_EQ(index.revision(), revision);
  EXPECT_EQ(ids_of(index, "a.b.c"), (IdList{1, 2}));
}

TEST(PatternIndex, the_brokers_own_names_are_not_matched_by_a_wildcard_at_the_first_word) {
  PatternIndex index;
  index.add("#", 1);
  index.add("*.load", 2);
  index.add("#.load", 3);
  index.add("$sys.*", 4);
  index.add("$sys.load", 5);
  EXPECT_EQ(ids_of(index, "$sys.load"), (IdList{4, 5}));
  EXPECT_EQ(ids_of(index, "sys.load"), (IdList{1, 2, 3}));
}

// Adds and removes at random and holds every answer against the model.
void churn(const std::vector<std::string>& pattern_words,
           const std::vector<std::string>& topic_words, std::uint64_t seed) {
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  PatternIndex index;
  brute_force::Index model;
  std::vector<std::pair<std::string, std::uint32_t>> held;
  for (int step = 0; step < 1'500; ++step) {
    // Mostly growing, then mostly shrinking, in waves.
    const bool grows = step / 200 % 2 == 0;
    if (random() % 100 < (grows ? 75U : 25U)) {
      const auto pattern = brute_force::random_text(random, pattern_words, 5);
      const auto id = static_cast<std::uint32_t>(random() % 20);
      index.add(pattern, id);
      model.add(pattern, id);
      held.emplace_back(pattern, id);
    } else if (!held.empty()) {
      std::swap(held[random() % held.size()], held.back());
      const auto& [pattern, id] = held.back();
      ASSERT_TRUE(index.remove(pattern, id)) << pattern;
      ASSERT_TRUE(model.remove(pattern, id));
      held.pop_back();
    }
    // Most of these are not held.
    const auto other = brute_force::random_text(random, pattern_words, 5);
    if (!model.contains(other, 7)) {
      ASSERT_FALSE(index.remove(other, 7)) << other;
    }
    ASSERT_EQ(index.patterns(), model.patterns());
    for (int look = 0; look < 2; ++look) {
      const auto topic = brute_force::random_text(random, topic_words, 6);
      ASSERT_EQ(ids_of(index, topic), model.match(topic)) << topic << " at step " << step;
    }
  }
  for (const auto& [pattern, id] : held) ASSERT_TRUE(index.remove(pattern, id));
  EXPECT_EQ(index.patterns(), 0U);
  EXPECT_EQ(ids_of(index, "a"), IdList{});
}

TEST(PatternIndex, churn_of_mixed_patterns_agrees_with_the_model) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    churn({"a", "b", "c", "*", "#"}, {"a", "b", "c", "d"}, seed);
  }
}

TEST(PatternIndex, churn_of_chains_of_hashes_agrees_with_the_model) {
  for (std::uint64_t seed = 11; seed <= 14; ++seed) {
    churn({"a", "#", "#", "#", "*"}, {"a", "b"}, seed);
  }
}

TEST(PatternIndex, churn_with_empty_words_and_names_of_the_broker_agrees_with_the_model) {
  for (std::uint64_t seed = 21; seed <= 24; ++seed) {
    churn({"", "$a", "b", "*", "#"}, {"", "$a", "b", "#"}, seed);
  }
}

TEST(PatternIndex, churn_of_one_pattern_under_many_others_agrees_with_the_model) {
  churn({"a", "a", "a", "a", "*"}, {"a", "a", "a", "b"}, 31);
}

TEST(PatternIndex, patterns_up_to_the_limit_of_255_bytes_are_matched) {
  PatternIndex index;
  for (std::size_t length = 1; length <= 250; ++length) {
    const std::string word(length, 'x');
    index.add(word, static_cast<std::uint32_t>(length));
    index.add(word + ".*.#", static_cast<std::uint32_t>(1'000 + length));
  }
  for (std::uint32_t length = 1; length <= 250; ++length) {
    ASSERT_EQ(ids_of(index, std::string(length, 'x')), IdList{length});
    ASSERT_EQ(ids_of(index, std::string(length, 'x') + ".y"), IdList{1'000 + length});
  }
}

TEST(PatternIndex, topics_beyond_every_limit_are_answered) {
  PatternIndex index;
  index.add("#.b", 1);
  index.add("a.#", 2);
  std::string topic = "a";
  for (int i = 0; i < 5'000; ++i) topic += ".a";
  EXPECT_EQ(ids_of(index, topic), IdList{2});
  EXPECT_EQ(ids_of(index, topic + ".b"), (IdList{1, 2}));
  EXPECT_EQ(ids_of(index, ""), IdList{});
  EXPECT_EQ(ids_of(index, std::string(3'000, 'x')), IdList{});
}

TEST(PatternIndex, a_pattern_of_more_than_255_bytes_is_refused_and_leaves_no_trace) {
  PatternIndex index;
  const auto revision = index.revision();
  for (const std::string& pattern : {std::string(256, 'x'), std::string(254, 'x') + ".#"}) {
    const auto result = index.add(pattern, 1);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error(),
              (Error{ErrorCode::malformed, "pattern has 256 bytes, at most 255 are allowed"}));
    EXPECT_FALSE(index.remove(pattern, 1));
  }
  EXPECT_EQ(index.patterns(), 0U);
  EXPECT_EQ(index.revision(), revision);
}

// With one way for each choice of the words that a '#' takes, this would not end.
TEST(PatternIndex, chains_of_hashes_in_the_trie_end) {
  PatternIndex index;
  std::mt19937_64 random(17);
  for (std::uint32_t id = 0; id < 3'000; ++id) {
    std::string pattern = "#";
    for (int i = 0; i < 12; ++i) pattern += random() % 2 == 0 ? ".a.#" : ".*.#";
    index.add(pattern, id);
  }
  std::string topic = "a";
  for (int i = 1; i < 32; ++i) topic += ".a";
  EXPECT_EQ(ids_of(index, topic).size(), 3'000U);
  EXPECT_EQ(ids_of(index, "b." + topic).size(), 3'000U);
  EXPECT_EQ(ids_of(index, "a.a.a.a.a.a.a.a.a.a.a").size(), 0U);
}

TEST(PatternIndex, matching_does_not_allocate_once_its_memory_has_grown) {
  PatternIndex index;
  for (std::uint32_t id = 0; id < 50; ++id) {
    index.add("a.#." + std::to_string(id), id);
    index.add("#.b.*", id);
    index.add("a.b.c", id);
  }
  IdList ids;
  for (int i = 0; i < 4; ++i) {
    index.match("a.x.b.7", ids);
    index.match("a.b.c", ids);
  }
  const auto before = testing_support::allocations();
  index.match("a.x.b.7", ids);
  index.match("a.b.c", ids);
  index.match("a.y.z.9", ids);
  EXPECT_EQ(testing_support::allocations(), before);
  EXPECT_EQ(ids, IdList{9});
}

}  // namespace
}  // namespace mpreg
