#pragma once
// Slab: cells of one size under small numbers. Cells never move; the lowest free one is given out
// first, and memory is returned as soon as 64 neighbouring cells are free.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace mpreg {

class Slab {
 public:
  // A multiple of the alignment of what is put there.
  explicit Slab(std::size_t cell_bytes) : cell_bytes_(cell_bytes) {}

  // The bytes of a new cell are undefined.
  [[nodiscard]] std::uint32_t allocate();
  void release(std::uint32_t cell);

  [[nodiscard]] std::byte* at(std::uint32_t cell) const {
    return chunks_[cell / kChunkCells].cells.get() + cell % kChunkCells * cell_bytes_;
  }

  // Allocated, without this object.
  [[nodiscard]] std::size_t bytes() const;

 private:
  static constexpr std::uint32_t kChunkCells = 64;  // One bit each in Chunk::free.
  static constexpr std::uint64_t kAllFree = ~std::uint64_t{0};

  struct Chunk {
    std::unique_ptr<std::byte[]> cells;  // Null while all are free.
    std::uint64_t free = kAllFree;
  };

  void set_open(std::size_t chunk, bool open);
  void drop_last_chunks();

  std::size_t cell_bytes_;
  std::vector<Chunk> chunks_;
  std::vector<std::uint64_t> open_;  // One bit for each chunk that has a free cell.
  std::size_t lowest_open_ = 0;      // No word of open_ before this one has a bit set.
  std::size_t chunks_used_ = 0;      // Those with memory.
};

}  // namespace mpreg
