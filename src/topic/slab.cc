#include "topic/slab.h"

#include <bit>

namespace mpreg {
namespace {

constexpr std::size_t kWordBits = 64;

// Vectors that have become much too large give back what they do not need.
template <typename T>
void trim(std::vector<T>& vector) {
  if (vector.size() <= 1 || vector.capacity() > 2 * vector.size()) vector.shrink_to_fit();
}

}  // namespace

std::uint32_t Slab::allocate() {
  while (lowest_open_ < open_.size() && open_[lowest_open_] == 0) ++lowest_open_;
  std::size_t chunk = chunks_.size();
  if (lowest_open_ < open_.size()) {
    chunk =
        lowest_open_ * kWordBits + static_cast<std::size_t>(std::countr_zero(open_[lowest_open_]));
  } else {
    chunks_.emplace_back();
    if (open_.size() * kWordBits < chunks_.size()) open_.push_back(0);
    set_open(chunk, true);
  }
  Chunk& home = chunks_[chunk];
  if (home.cells == nullptr) {
    home.cells = std::make_unique_for_overwrite<std::byte[]>(kChunkCells * cell_bytes_);
    ++chunks_used_;
  }
  const auto place = static_cast<std::uint32_t>(std::countr_zero(home.free));
  home.free &= home.free - 1;
  if (home.free == 0) set_open(chunk, false);
  return static_cast<std::uint32_t>(chunk) * kChunkCells + place;
}

void Slab::release(std::uint32_t cell) {
  const std::size_t chunk = cell / kChunkCells;
  Chunk& home = chunks_[chunk];
  home.free |= std::uint64_t{1} << (cell % kChunkCells);
  set_open(chunk, true);
  if (home.free != kAllFree) return;
  home.cells.reset();
  --chunks_used_;
  drop_last_chunks();
}

void Slab::set_open(std::size_t chunk, bool open) {
  const std::size_t word = chunk / kWordBits;
  const std::uint64_t bit = std::uint64_t{1} << (chunk % kWordBits);
  if (!open) {
    open_[word] &= ~bit;
    return;
  }
  open_[word] |= bit;
  if (word < lowest_open_) lowest_open_ = word;
}

void Slab::drop_last_chunks() {
  if (chunks_.back().cells != nullptr) return;
  while (!chunks_.empty() && chunks_.back().cells == nullptr) {
    set_open(chunks_.size() - 1, false);
    chunks_.pop_back();
  }
  open_.resize((chunks_.size() + kWordBits - 1) / kWordBits);
  if (lowest_open_ > open_.size()) lowest_open_ = open_.size();
  trim(chunks_);
  trim(open_);
}

std::size_t Slab::bytes() const {
  return chunks_used_ * kChunkCells * cell_bytes_ + chunks_.capacity() * sizeof(Chunk) +
         open_.capacity() * sizeof(std::uint64_t);
}

}  // namespace mpreg
