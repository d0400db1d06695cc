#pragma once
// Arena: one region of memory, given out in blocks of any size in constant time: the two-level
// segregated fit of Masmano, Ripoll, Crespo and Real, "TLSF: a New Dynamic Memory Allocator for
// Real-Time Systems" (ECRTS 2004). Neighbours that are free are joined, so that sizes may change
// over time; the memory is bounded exactly, and pages that were never given out are never touched.
// A block is named by a handle of 32 bits. Not thread-safe.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>

namespace mpreg {

class Arena {
 public:
  using Handle = std::uint32_t;
  static constexpr Handle kNone = 0;
  static constexpr std::size_t kUnit = 8;         // Bytes; blocks begin at multiples.
  static constexpr std::size_t kHeaderBytes = 8;  // Before each block.
  static constexpr std::uint64_t kBytesMax = 32ULL << 30U;

  // Rounded down to whole units; at most kBytesMax.
  explicit Arena(std::uint64_t bytes);
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // kNone when no free block is large enough.
  [[nodiscard]] Handle allocate(std::size_t bytes);
  void free(Handle handle);

  [[nodiscard]] std::byte* at(Handle handle) const { return base_.get() + handle * kUnit; }
  // Of a block, as given out: at least what was asked for.
  [[nodiscard]] std::size_t size_of(Handle handle) const;

  // Given out, headers included.
  [[nodiscard]] std::uint64_t used_bytes() const { return used_units_ * kUnit; }
  [[nodiscard]] std::uint64_t bytes() const { return units_ * kUnit; }

 private:
  // All in units. A free block holds its links in its first unit.
  struct Header {
    std::uint32_t size = 0;    // Without the header; the highest bit: free.
    std::uint32_t before = 0;  // The handle of the block in front of it; 0: none.
  };
  struct Links {
    Handle next = kNone;
    Handle previous = kNone;
  };
  static constexpr std::uint32_t kFree = 1U << 31U;
  static constexpr unsigned kSecondBits = 5;
  static constexpr unsigned kSeconds = 1U << kSecondBits;
  static constexpr unsigned kFirsts = 32 - kSecondBits;
  static constexpr std::uint32_t kHeaderUnits = 1;

  struct Class {
    unsigned first = 0;
    unsigned second = 0;
  };
  [[nodiscard]] static Class class_of(std::uint32_t units);
  [[nodiscard]] Header& header(Handle handle) const {
    return reinterpret_cast<Header*>(base_.get())[handle - kHeaderUnits];
  }
  [[nodiscard]] Links& links(Handle handle) const {
    return reinterpret_cast<Links*>(base_.get())[handle];
  }
  [[nodiscard]] Handle behind(Handle handle) const;
  [[nodiscard]] Handle find(std::uint32_t units) const;
  [[nodiscard]] Handle find_in_classes(std::uint32_t units) const;
  void link(Handle handle);
  void unlink(Handle handle);

  struct Free {
    void operator()(std::byte* memory) const { std::free(memory); }
  };
  std::unique_ptr<std::byte[], Free> base_;
  std::uint64_t units_ = 0;
  std::uint64_t used_units_ = 0;
  std::uint32_t first_map_ = 0;
  std::array<std::uint32_t, kFirsts> second_maps_{};
  std::array<std::array<Handle, kSeconds>, kFirsts> lists_{};
};

}  // namespace mpreg
