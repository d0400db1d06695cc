#include "topic/flat_table.h"

#include <gtest/gtest.h>

#include <random>
#include <unordered_map>

namespace mpreg {
namespace {

struct Pair {
  std::uint32_t key = 0;  // Zero: empty.
  std::uint32_t value = 0;

  [[nodiscard]] bool empty() const { return key == 0; }
  // Few different hashes, some at the very end of the range: long runs, and runs that wrap.
  [[nodiscard]] std::uint32_t hash() const { return hash_of(key); }
  static std::uint32_t hash_of(std::uint32_t key) {
    return key % 3 == 0 ? 0xFFFFFFF0U + key % 16 : key * 0x9E3779B1U;
  }
};

Pair* find(const FlatTable<Pair>& table, std::uint32_t key) {
  return table.find(Pair::hash_of(key), [&](const Pair& pair) { return pair.key == key; });
}

TEST(FlatTable, random_insertions_and_removals_agree_with_a_map) {
  FlatTable<Pair> table;
  std::unordered_map<std::uint32_t, std::uint32_t> model;
  std::mt19937_64 random(5);
  for (int step = 0; step < 100'000; ++step) {
    const auto key = static_cast<std::uint32_t>(1 + random() % 300);
    Pair* found = find(table, key);
    const auto expected = model.find(key);
    ASSERT_EQ(found != nullptr, expected != model.end());
    if (found != nullptr) {
      ASSERT_EQ(found->value, expected->second);
      table.erase(found);
      model.erase(expected);
    } else {
      const auto value = static_cast<std::uint32_t>(random());
      table.insert({key, value});
      model[key] = value;
    }
    ASSERT_EQ(table.size(), model.size());
  }
}

TEST(FlatTable, an_empty_table_finds_nothing_and_holds_no_memory) {
  FlatTable<Pair> table;
  EXPECT_EQ(find(table, 1), nullptr);
  for (std::uint32_t key = 1; key < 2'000; ++key) table.insert({key, key});
  EXPECT_GT(table.bytes(), 0U);
  for (std::uint32_t key = 1; key < 2'000; ++key) table.erase(find(table, key));
  EXPECT_EQ(table.bytes(), 0U);
  EXPECT_EQ(find(table, 1), nullptr);
}

TEST(FlatTable, it_is_never_mostly_empty) {
  FlatTable<Pair> table;
  for (std::uint32_t key = 1; key < 20'000; ++key) table.insert({key * 3 + 1, key});
  for (std::uint32_t key = 1; key < 19'900; ++key) {
    table.erase(find(table, key * 3 + 1));
    ASSERT_LE(table.bytes(), sizeof(Pair) * (table.size() * 10 / 4 + 8));
  }
}

}  // namespace
}  // namespace mpreg
