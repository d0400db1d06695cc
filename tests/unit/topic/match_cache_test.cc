#include "topic/match_cache.h"

#include <gtest/gtest.h>

#include <optional>

#include "unit/topic/brute_force.h"

namespace mpreg {
namespace {

TEST(MatchCache, a_match_is_the_same_object_until_a_change_concerns_its_topic) {
  PatternIndex index;
  index.add("a.*", 1);
  CachedMatch cached;
  const IdList* first = &refresh(cached, "a.b", index);
  EXPECT_EQ(*first, IdList{1});
  index.add("c.*", 2);
  EXPECT_EQ(&refresh(cached, "a.b", index), first);
  index.add("a.b", 2);
  EXPECT_EQ(refresh(cached, "a.b", index), (IdList{1, 2}));
  EXPECT_TRUE(index.remove("a.*", 1));
  EXPECT_EQ(refresh(cached, "a.b", index), IdList{2});
}

TEST(MatchCache, topics_that_the_same_ids_want_share_one_list) {
  PatternIndex index;
  index.add("a.#", 1);
  index.add("b.*", 1);
  index.add("c", 2);
  CachedMatch a;
  CachedMatch b;
  CachedMatch c;
  CachedMatch none;
  CachedMatch nothing;
  EXPECT_EQ(&refresh(a, "a.x", index), &refresh(b, "b.y", index));
  EXPECT_NE(&refresh(a, "a.x", index), &refresh(c, "c", index));
  EXPECT_EQ(&refresh(none, "x", index), &refresh(nothing, "y", index));
}

TEST(MatchCache, a_list_outlives_its_index_with_who_holds_it) {
  CachedMatch cached;
  {
    PatternIndex index;
    index.add("a", 5);
    static_cast<void>(refresh(cached, "a", index));
  }
  EXPECT_EQ(*cached.ids, IdList{5});
}

TEST(MatchCache, under_churn_cached_matches_equal_fresh_ones) {
  const std::vector<std::string> words{"a", "b", "c"};
  const auto topics = brute_force::texts_of(words, 3);
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    std::mt19937_64 random(seed);
    PatternIndex index;
    brute_force::Index model;
    std::vector<CachedMatch> cached(topics.size());
    MatchCache cache(16);
    for (int step = 0; step < 1'500; ++step) {
      // Sometimes more changes at once than the index remembers.
      const std::size_t changes = random() % 200 == 0 ? 260 : random() % 3;
      for (std::size_t i = 0; i < changes; ++i) {
        const auto pattern = brute_force::random_text(random, {"a", "b", "c", "*", "#"}, 3);
        const auto id = static_cast<std::uint32_t>(random() % 4);
        if (model.remove(pattern, id)) {
          ASSERT_TRUE(index.remove(pattern, id));
        } else {
          index.add(pattern, id);
          model.add(pattern, id);
        }
      }
      const std::size_t topic = random() % topics.size();
      ASSERT_EQ(refresh(cached[topic], topics[topic], index), model.match(topics[topic]))
          << topics[topic] << " at step " << step;
      const auto& other = topics[random() % topics.size()];
      ASSERT_EQ(cache.find(other, index), model.match(other)) << other << " at step " << step;
    }
    EXPECT_EQ(cache.size(), 16U);
    EXPECT_GT(cache.evictions(), 0U);
  }
}

TEST(MatchCache, it_holds_so_many_topics_and_no_more) {
  PatternIndex index;
  index.add("#", 1);
  MatchCache cache(10);
  for (int i = 0; i < 1'000; ++i) {
    EXPECT_EQ(cache.find("t." + std::to_string(i), index), IdList{1});
  }
  EXPECT_EQ(cache.size(), 10U);
  EXPECT_EQ(cache.evictions(), 990U);
}

TEST(MatchCache, what_is_asked_for_again_stays) {
  PatternIndex index;
  MatchCache cache(10);
  static_cast<void>(cache.find("hot", index));
  for (int i = 0; i < 100; ++i) {
    static_cast<void>(cache.find("hot", index));
    static_cast<void>(cache.find("cold." + std::to_string(i), index));
  }
  const auto evictions = cache.evictions();
  static_cast<void>(cache.find("hot", index));
  EXPECT_EQ(cache.evictions(), evictions);
}

TEST(MatchCache, a_list_outlives_the_eviction_of_its_topic) {
  PatternIndex index;
  index.add("kept.*", 1);
  index.add("kept.*", 2);
  MatchCache cache(2);
  const IdList& list = cache.find("kept.x", index);
  for (int i = 0; i < 1'000; ++i) {
    static_cast<void>(cache.find("other." + std::to_string(i), index));
  }
  EXPECT_EQ(list, (IdList{1, 2}));
  EXPECT_EQ(&cache.find("kept.x", index), &list);
}

}  // namespace
}  // namespace mpreg
