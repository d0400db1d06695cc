// covers() and intersects(), which stand in topic/match.h.
#include <gtest/gtest.h>

#include "topic/match.h"
#include "unit/topic/brute_force.h"

namespace mpreg {
namespace {

struct Row {
  std::string pattern;
  std::vector<bool> matched;  // By topic.
};

std::vector<brute_force::Words> topics_of(const std::vector<std::string>& words,
                                          std::size_t words_max) {
  std::vector<brute_force::Words> topics;
  for (const auto& text : brute_force::texts_of(words, words_max)) {
    topics.push_back(brute_force::split(text));
  }
  return topics;
}

using Matcher = bool (*)(const brute_force::Words&, const brute_force::Words&);

std::vector<Row> rows_of(const std::vector<std::string>& patterns,
                         const std::vector<brute_force::Words>& topics,
                         Matcher matcher = brute_force::matches) {
  std::vector<Row> rows;
  for (const auto& pattern : patterns) {
    if (pattern.empty()) continue;
    Row row{pattern, {}};
    const auto words = brute_force::split(pattern);
    for (const auto& topic : topics) row.matched.push_back(matcher(words, topic));
    rows.push_back(std::move(row));
  }
  return rows;
}

bool includes(const Row& a, const Row& b) {
  for (std::size_t i = 0; i < a.matched.size(); ++i) {
    if (b.matched[i] && !a.matched[i]) return false;
  }
  return true;
}

bool meet(const Row& a, const Row& b) {
  for (std::size_t i = 0; i < a.matched.size(); ++i) {
    if (a.matched[i] && b.matched[i]) return true;
  }
  return false;
}

// "z" stands for every word that no pattern names.
const std::vector<std::string> kTopicWords{"a", "b", "z"};

TEST(PatternCover, all_short_patterns_cover_and_intersect_as_the_enumeration_of_topics_says) {
  const auto topics = topics_of(kTopicWords, 6);
  const auto rows = rows_of(brute_force::texts_of({"a", "b", "*", "#"}, 3), topics);
  for (const Row& a : rows) {
    for (const Row& b : rows) {
      ASSERT_EQ(covers(a.pattern, b.pattern), includes(a, b))
          << a.pattern << " covers " << b.pattern;
      ASSERT_EQ(intersects(a.pattern, b.pattern), meet(a, b))
          << a.pattern << " intersects " << b.pattern;
    }
  }
}

// Longer patterns, of which random pairs hardly ever cover one another: so one is made from the
// other by widening or narrowing it a little.
std::string altered(std::mt19937_64& random, const std::string& pattern) {
  auto words = brute_force::split(pattern);
  for (int change = 0; change < 2; ++change) {
    const std::size_t at = random() % words.size();
    static const std::vector<std::string> kWords{"a", "a", "*", "#", "#"};
    const auto place = words.begin() + static_cast<std::ptrdiff_t>(at);
    if (random() % 3 == 0) {
      words.insert(place, kWords[random() % kWords.size()]);
    } else if (random() % 2 == 0 && words.size() > 1) {
      words.erase(place);
    } else {
      *place = kWords[random() % kWords.size()];
    }
  }
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : ".") + word;
  return text;
}

TEST(PatternCover, random_longer_patterns_cover_and_intersect_as_the_enumeration_says) {
  const auto topics = topics_of({"a", "z"}, 9);
  std::mt19937_64 random(11);
  int covered = 0;
  for (int round = 0; round < 600; ++round) {
    const auto b = brute_force::random_text(random, {"a", "a", "*", "#", "#"}, 5);
    const auto rows = rows_of({altered(random, b), b}, topics);
    const bool expected = includes(rows[0], rows[1]);
    ASSERT_EQ(covers(rows[0].pattern, b), expected) << rows[0].pattern << " covers " << b;
    ASSERT_EQ(intersects(rows[0].pattern, b), meet(rows[0], rows[1]))
        << rows[0].pattern << " intersects " << b;
    covered += expected ? 1 : 0;
  }
  EXPECT_GT(covered, 100);
  EXPECT_LT(covered, 500);
}

TEST(PatternCover, for_clients_nothing_is_covered_that_a_client_would_not_get) {
  const auto topics = topics_of({"$a", "b", "z"}, 5);
  const auto rows = rows_of(brute_force::texts_of({"$a", "b", "*", "#"}, 3), topics,
                            brute_force::matches_for_clients);
  int missed = 0;
  for (const Row& a : rows) {
    for (const Row& b : rows) {
      const bool said = covers_for_clients(a.pattern, b.pattern);
      const bool holds = includes(a, b);
      ASSERT_TRUE(holds || !said) << a.pattern << " covers " << b.pattern;
      if (holds && !said) {
        ++missed;
        ASSERT_EQ(b.pattern.front(), '#') << a.pattern << " covers " << b.pattern;
      }
      if (!intersects(a.pattern, b.pattern)) {
        ASSERT_FALSE(meet(a, b)) << a.pattern << " intersects " << b.pattern;
      }
    }
  }
  EXPECT_LT(missed, 100);
  EXPECT_FALSE(covers_for_clients("#", "$a.#"));
  EXPECT_TRUE(covers_for_clients("$a.#", "$a.*"));
}

TEST(PatternCover, covering_is_reflexive_and_transitive) {
  std::mt19937_64 random(13);
  int chains = 0;
  for (int round = 0; round < 20'000; ++round) {
    const auto a = brute_force::random_text(random, {"a", "*", "#"}, 6);
    const auto b = altered(random, a);
    const auto c = altered(random, b);
    ASSERT_TRUE(covers(a, a)) << a;
    if (covers(a, b) && covers(b, c)) {
      ++chains;
      ASSERT_TRUE(covers(a, c)) << a << " covers " << b << " covers " << c;
    }
  }
  EXPECT_GT(chains, 500);
}

TEST(PatternCover, long_chains_of_wildcards_end) {
  std::string hashes = "#";
  std::string stars = "*";
  for (int i = 0; i < 60; ++i) {
    hashes += ".a.#";
    stars += ".*.a.#";
  }
  EXPECT_TRUE(covers(hashes, stars));
  EXPECT_FALSE(covers(stars, hashes));
  EXPECT_TRUE(intersects(hashes, stars));
  EXPECT_FALSE(intersects(hashes + ".b", stars + ".c"));
}

}  // namespace
}  // namespace mpreg
