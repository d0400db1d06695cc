#include "topic/slab.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <random>

namespace mpreg {
namespace {

std::uint64_t& value_at(const Slab& slab, std::uint32_t cell) {
  return *reinterpret_cast<std::uint64_t*>(slab.at(cell));
}

TEST(Slab, cells_keep_their_bytes_while_others_come_and_go) {
  Slab slab(16);
  std::map<std::uint32_t, std::uint64_t> model;
  std::mt19937_64 random(3);
  for (int step = 0; step < 50'000; ++step) {
    if (model.empty() || random() % 100 < (step < 25'000 ? 60U : 40U)) {
      const std::uint32_t cell = slab.allocate();
      ASSERT_FALSE(model.contains(cell));
      model[cell] = value_at(slab, cell) = random();
    } else {
      const auto at = model.lower_bound(static_cast<std::uint32_t>(random() % 8'000));
      const auto gone = at == model.end() ? model.begin() : at;
      ASSERT_EQ(value_at(slab, gone->first), gone->second);
      slab.release(gone->first);
      model.erase(gone);
    }
  }
  for (const auto& [cell, value] : model) ASSERT_EQ(value_at(slab, cell), value);
  for (const auto& [cell, value] : model) slab.release(cell);
  EXPECT_EQ(slab.bytes(), 0U);
}

TEST(Slab, the_lowest_free_cell_is_given_out_first) {
  Slab slab(8);
  for (std::uint32_t i = 0; i < 1'000; ++i) EXPECT_EQ(slab.allocate(), i);
  slab.release(700);
  slab.release(3);
  slab.release(650);
  EXPECT_EQ(slab.allocate(), 3U);
  EXPECT_EQ(slab.allocate(), 650U);
  EXPECT_EQ(slab.allocate(), 700U);
  EXPECT_EQ(slab.allocate(), 1'000U);
}

TEST(Slab, a_chunk_in_the_middle_goes_back_when_its_cells_are_free) {
  Slab slab(64);
  for (std::uint32_t i = 0; i < 640; ++i) static_cast<void>(slab.allocate());
  const std::size_t full = slab.bytes();
  for (std::uint32_t i = 128; i < 192; ++i) slab.release(i);
  EXPECT_EQ(slab.bytes(), full - 64U * 64U);
  EXPECT_EQ(slab.allocate(), 128U);
  EXPECT_EQ(slab.bytes(), full);
}

}  // namespace
}  // namespace mpreg
