#include "store/arena.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <random>

namespace mpreg {
namespace {

TEST(Arena, gives_out_all_of_its_memory_and_takes_it_back) {
  Arena arena(1U << 20U);
  const auto all = arena.allocate((1U << 20U) - 2 * Arena::kUnit);
  ASSERT_NE(all, Arena::kNone);
  EXPECT_EQ(arena.used_bytes(), arena.bytes());
  EXPECT_EQ(arena.allocate(1), Arena::kNone);
  arena.free(all);
  EXPECT_EQ(arena.used_bytes(), 0U);
  EXPECT_EQ(arena.allocate(1U << 20U), Arena::kNone);
  EXPECT_NE(arena.allocate((1U << 20U) - 2 * Arena::kUnit), Arena::kNone);
}

// Blocks keep what was written to them, do not overlap, and everything comes together again.
TEST(Arena, any_order_of_sizes_leaves_blocks_whole) {
  constexpr std::uint64_t kBytes = 1U << 20U;
  Arena arena(kBytes);
  std::mt19937 random(5);
  std::map<Arena::Handle, std::pair<std::size_t, unsigned char>> held;
  std::size_t refused = 0;
  for (int i = 0; i < 200'000; ++i) {
    if (held.empty() || random() % 100 < 55) {
      const std::size_t bytes = random() % 10 == 0 ? random() % 40'000 : 1 + random() % 300;
      const auto handle = arena.allocate(bytes);
      if (handle == Arena::kNone) {
        ++refused;
        continue;
      }
      ASSERT_GE(arena.size_of(handle), bytes);
      const auto fill = static_cast<unsigned char>(random());
      std::memset(arena.at(handle), fill, bytes);
      ASSERT_TRUE(held.emplace(handle, std::pair(bytes, fill)).second);
    } else {
      auto it = held.lower_bound(static_cast<Arena::Handle>(random() % (kBytes / Arena::kUnit)));
      if (it == held.end()) it = held.begin();
      for (std::size_t at = 0; at < it->second.first; ++at) {
        ASSERT_EQ(static_cast<unsigned char>(arena.at(it->first)[at]), it->second.second);
      }
      arena.free(it->first);
      held.erase(it);
    }
  }
  EXPECT_GT(refused, 0U);
  for (const auto& [handle, what] : held) arena.free(handle);
  EXPECT_EQ(arena.used_bytes(), 0U);
  EXPECT_NE(arena.allocate(kBytes - 2 * Arena::kUnit), Arena::kNone);
}

}  // namespace
}  // namespace mpreg
