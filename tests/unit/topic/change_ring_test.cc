#include "topic/change_ring.h"

#include <gtest/gtest.h>

#include "unit/topic/brute_force.h"

namespace mpreg {
namespace {

bool is_unchanged(const ChangeRing& ring, std::string_view topic, std::uint64_t since) {
  return ring.is_unchanged(topic, ChangeRing::signature_of_topic(topic), since);
}

TEST(ChangeRing, only_topics_that_a_changed_pattern_matches_are_concerned) {
  ChangeRing ring;
  const auto since = ring.revision();
  ring.record("a.b");
  ring.record("c.*");
  EXPECT_EQ(ring.revision(), since + 2);
  EXPECT_FALSE(is_unchanged(ring, "a.b", since));
  EXPECT_FALSE(is_unchanged(ring, "c.x", since));
  EXPECT_TRUE(is_unchanged(ring, "a.c", since));
  EXPECT_TRUE(is_unchanged(ring, "a.b", since + 1));
  EXPECT_FALSE(is_unchanged(ring, "a.c", 0));
}

TEST(ChangeRing, beyond_its_length_it_says_no) {
  ChangeRing ring;
  const auto since = ring.revision();
  for (std::size_t i = 0; i < ChangeRing::kChanges; ++i) ring.record("other." + std::to_string(i));
  EXPECT_TRUE(is_unchanged(ring, "a.b", since));
  ring.record("other.more");
  EXPECT_FALSE(is_unchanged(ring, "a.b", since));
  EXPECT_TRUE(is_unchanged(ring, "a.b", since + 1));
}

TEST(ChangeRing, a_pattern_too_long_to_be_kept_concerns_every_topic_with_its_words) {
  ChangeRing ring;
  const auto since = ring.revision();
  const std::string word(70, 'x');
  ring.record(word + ".*");
  EXPECT_FALSE(is_unchanged(ring, word + ".a", since));
  EXPECT_TRUE(is_unchanged(ring, "y.a", since));
}

// It may say "changed" for nothing, never "unchanged" wrongly.
TEST(ChangeRing, it_never_overlooks_a_change) {
  std::mt19937_64 random(23);
  int unchanged = 0;
  for (int round = 0; round < 5'000; ++round) {
    ChangeRing ring;
    const auto since = ring.revision();
    std::vector<std::string> patterns;
    for (std::size_t i = 0; i < 1 + random() % 5; ++i) {
      patterns.push_back(brute_force::random_text(random, {"a", "b", "c", "$d", "*", "#"}, 4));
      ring.record(patterns.back());
    }
    const auto topic = brute_force::random_text(random, {"a", "b", "c", "$d", "e"}, 4);
    bool concerned = false;
    for (const auto& pattern : patterns) {
      concerned = concerned || brute_force::matches_for_clients(pattern, topic);
    }
    const bool said = is_unchanged(ring, topic, since);
    ASSERT_FALSE(said && concerned) << topic;
    ASSERT_TRUE(said || concerned) << topic;  // So few changes are all compared.
    unchanged += said ? 1 : 0;
  }
  EXPECT_GT(unchanged, 500);
}

}  // namespace
}  // namespace mpreg
