// What the pattern index allocates, counted: it says so itself, and gives everything back.
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

#include "topic/pattern_index.h"
#include "unit/topic/allocation_counter.h"
#include "unit/topic/brute_force.h"

namespace mpreg {
namespace {

using testing_support::allocated_bytes;

// Different for every number: names of four words, 60 % exact, 20 % with '*', 20 % with '#'.
std::string pattern_of(std::uint32_t number) {
  const std::string tenant = "tenant" + std::to_string(number % 1'000);
  const std::string service = "service" + std::to_string(number / 1'000 % 50);
  const std::string thing = "id" + std::to_string(number);
  switch (number % 10) {
    case 0:
      return "*." + service + "." + thing + ".changed";
    case 1:
      return tenant + ".*." + thing + ".changed";
    case 2:
      return tenant + "." + service + "." + thing + ".#";
    case 3:
      return "#." + thing + ".changed." + tenant;
    default:
      return tenant + "." + service + "." + thing + ".changed";
  }
}

TEST(TopicMemory, a_million_patterns_in_and_out_leave_nothing_behind) {
  PatternIndex index;
  const std::size_t before = allocated_bytes();
  constexpr std::uint32_t kPatterns = 1'000'000;
  for (std::uint32_t i = 0; i < kPatterns; ++i) index.add(pattern_of(i), i);
  EXPECT_EQ(index.patterns(), kPatterns);
  EXPECT_GT(allocated_bytes(), before + kPatterns * 30);
  // Not in the order in which they came: 7 and a million have no common divisor.
  for (std::uint64_t i = 0; i < kPatterns; ++i) {
    const auto number = static_cast<std::uint32_t>(i * 7 % kPatterns);
    ASSERT_TRUE(index.remove(pattern_of(number), number));
  }
  EXPECT_EQ(index.patterns(), 0U);
  EXPECT_EQ(allocated_bytes(), before);
}

TEST(TopicMemory, what_comes_and_goes_above_patterns_that_stay_leaves_little_behind) {
  PatternIndex index;
  constexpr std::uint32_t kStaying = 10'000;
  constexpr std::uint32_t kAll = 150'000;
  const std::size_t empty = allocated_bytes();
  for (std::uint32_t i = 0; i < kStaying; ++i) index.add(pattern_of(i), i);
  const std::size_t before = allocated_bytes() - empty;
  for (std::uint32_t i = kStaying; i < kAll; ++i) index.add(pattern_of(i), i);
  for (std::uint32_t i = kStaying; i < kAll; ++i) {
    ASSERT_TRUE(index.remove(pattern_of(i), i));
  }
  // The tables may stay up to 1.75 times as large as growing alone makes them; cells do not.
  EXPECT_LT(allocated_bytes() - empty, before + before / 4);
}

TEST(TopicMemory, many_ids_of_few_patterns_leave_nothing_behind) {
  PatternIndex index;
  std::mt19937_64 random(1);
  std::vector<std::uint32_t> ids(20'000);
  const std::size_t before = allocated_bytes();
  for (auto& id : ids) id = static_cast<std::uint32_t>(random());
  for (const auto id : ids) {
    for (const char* pattern : {"a.b", "a.*", "#.b"}) index.add(pattern, id);
  }
  std::shuffle(ids.begin(), ids.end(), random);
  for (const auto id : ids) {
    for (const char* pattern : {"#.b", "a.b", "a.*"}) ASSERT_TRUE(index.remove(pattern, id));
  }
  EXPECT_EQ(allocated_bytes(), before);
}

TEST(TopicMemory, the_bytes_that_it_tells_are_the_bytes_that_it_has) {
  const std::size_t before = allocated_bytes();
  std::optional<PatternIndex> index;
  index.emplace();
  EXPECT_EQ(index->bytes(), allocated_bytes() - before);
  for (std::uint32_t i = 0; i < 50'000; ++i) {
    index->add(pattern_of(i), i);
    if (i % 50 == 0) index->add(pattern_of(i / 2), i);
    if (i % 1'000 == 0) {
      ASSERT_EQ(index->bytes(), allocated_bytes() - before) << i;
    }
  }
  {
    IdList ids;
    index->match("#.id3.changed.tenant3", ids);
  }
  EXPECT_EQ(index->bytes(), allocated_bytes() - before);
  for (std::uint32_t i = 0; i < 50'000; i += 3) ASSERT_TRUE(index->remove(pattern_of(i), i));
  EXPECT_EQ(index->bytes(), allocated_bytes() - before);
  index.reset();
  EXPECT_EQ(allocated_bytes(), before);
}

TEST(TopicMemory, churn_at_one_size_does_not_grow) {
  PatternIndex index;
  std::mt19937_64 random(2);
  std::vector<std::uint32_t> held;
  for (std::uint32_t i = 0; i < 20'000; ++i) {
    held.push_back(i);
    index.add(pattern_of(i), i);
  }
  std::uint32_t next = 20'000;
  const auto turn_over = [&](int times) {
    for (int i = 0; i < times; ++i) {
      auto& slot = held[random() % held.size()];
      ASSERT_TRUE(index.remove(pattern_of(slot), slot));
      slot = next++;
      index.add(pattern_of(slot), slot);
    }
  };
  turn_over(50'000);
  const std::size_t settled = index.bytes();
  turn_over(100'000);
  EXPECT_LT(index.bytes(), settled + settled / 10);
}

}  // namespace
}  // namespace mpreg
