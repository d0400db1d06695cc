#include "message/vector_clock.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

namespace mpreg {
namespace {

using Relation = VectorClock::Relation;
constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();

VectorClock clock_of(std::vector<VectorClock::Entry> entries) {
  return VectorClock::from_entries(std::move(entries)).value();
}

VectorClock merged(VectorClock a, const VectorClock& b) {
  EXPECT_TRUE(a.merge(b));
  return a;
}

VectorClock random_clock(std::mt19937_64& random) {
  std::vector<VectorClock::Entry> entries;
  for (const char* node : {"d", "a", "c", "b"}) {
    if (random() % 3 != 0) entries.emplace_back(node, random() % 3);
  }
  return clock_of(std::move(entries));
}

TEST(VectorClock, is_sorted_and_holds_no_zeros) {
  const VectorClock clock = clock_of({{"b", 2}, {"c", 0}, {"a", 1}});
  EXPECT_EQ(clock.entries(), (std::vector<VectorClock::Entry>{{"a", 1}, {"b", 2}}));
  EXPECT_EQ(clock, clock_of({{"a", 1}, {"b", 2}}));
  EXPECT_EQ(clock.at("b"), 2U);
  EXPECT_EQ(clock.at("c"), 0U);
  EXPECT_EQ(clock.max(), 2U);
  EXPECT_EQ(clock.total(), 3U);
}

TEST(VectorClock, exactly_one_relation_holds_and_turns_around_with_the_sides) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 5000; ++i) {
    const VectorClock a = random_clock(random);
    const VectorClock b = random_clock(random);
    bool less_or_equal = true;
    bool greater_or_equal = true;
    for (const char* node : {"a", "b", "c", "d"}) {
      less_or_equal = less_or_equal && a.at(node) <= b.at(node);
      greater_or_equal = greater_or_equal && a.at(node) >= b.at(node);
    }
    const Relation expected = less_or_equal
                                  ? (greater_or_equal ? Relation::equal : Relation::before)
                              : greater_or_equal ? Relation::after
                                                 : Relation::concurrent;
    ASSERT_EQ(a.relation(b), expected);
    ASSERT_EQ(a.happens_before(b), b.happens_after(a));
    ASSERT_EQ(a.concurrent(b), b.concurrent(a));
    ASSERT_EQ(a.relation(b) == Relation::equal, a == b);
  }
}

TEST(VectorClock, merging_is_the_least_upper_bound) {
  std::mt19937_64 random(2);
  for (int i = 0; i < 2000; ++i) {
    const VectorClock a = random_clock(random);
    const VectorClock b = random_clock(random);
    const VectorClock c = random_clock(random);
    const VectorClock both = merged(a, b);
    ASSERT_EQ(both, merged(b, a));
    ASSERT_EQ(merged(both, c), merged(a, merged(b, c)));
    ASSERT_EQ(merged(a, a), a);
    ASSERT_EQ(merged(a, VectorClock()), a);
    ASSERT_FALSE(a.happens_after(both) || a.concurrent(both));
    for (const char* node : {"a", "b", "c", "d"}) {
      ASSERT_EQ(both.at(node), std::max(a.at(node), b.at(node)));
    }
  }
}

TEST(VectorClock, an_increment_happens_after_what_was) {
  std::mt19937_64 random(3);
  for (int i = 0; i < 500; ++i) {
    const VectorClock before = random_clock(random);
    for (const char* node : {"a", "d", "e"}) {
      VectorClock after = before;
      ASSERT_TRUE(after.increment(node));
      ASSERT_TRUE(before.happens_before(after));
      ASSERT_EQ(after.at(node), before.at(node) + 1);
    }
  }
}

TEST(VectorClock, overflow_is_an_error_and_changes_nothing) {
  VectorClock clock = clock_of({{"a", kMax - 1}, {"b", 1}});
  ASSERT_TRUE(clock.increment("a"));
  EXPECT_EQ(clock.at("a"), kMax);
  const auto refused = clock.increment("a");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().text,
            "vector clock of node 'a' stands at 18446744073709551615, the most that it can hold");
  EXPECT_EQ(clock.at("a"), kMax);
  EXPECT_FALSE(clock.total());
  EXPECT_EQ(clock.max(), kMax);
}

TEST(VectorClock, bad_entries_are_refused) {
  EXPECT_EQ(VectorClock::from_entries({{"a", 1}, {"b", 1}, {"a", 1}}).error().text,
            "vector clock names node 'a' twice");
  EXPECT_FALSE(VectorClock::from_entries({{"a", 0}, {"a", 0}}));
  EXPECT_FALSE(VectorClock::from_entries({{"", 1}}));
  EXPECT_FALSE(VectorClock::from_entries({{std::string(256, 'n'), 1}}));
  EXPECT_FALSE(VectorClock().increment(""));
}

TEST(VectorClock, a_clock_of_the_most_nodes_takes_no_other) {
  std::vector<VectorClock::Entry> entries;
  for (std::size_t i = 0; i < VectorClock::kNodesMax; ++i) {
    entries.emplace_back("n" + std::to_string(i), 1);
  }
  VectorClock clock = clock_of(entries);
  const VectorClock full = clock;
  EXPECT_FALSE(clock.increment("late"));
  EXPECT_FALSE(clock.merge(clock_of({{"late", 1}})));
  EXPECT_EQ(clock, full);
  EXPECT_TRUE(clock.increment("n0"));
  EXPECT_TRUE(clock.merge(clock_of({{"n1", 7}})));
  EXPECT_EQ(clock.at("n1"), 7U);
  entries.emplace_back("late", 1);
  EXPECT_FALSE(VectorClock::from_entries(entries));
}

}  // namespace
}  // namespace mpreg
