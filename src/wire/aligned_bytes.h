#pragma once
// Bytes where FlatBuffers can read them: libzmq hands out frames at any alignment, and a payload
// lies wherever the one before it ended.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "base/frame.h"

namespace mpreg {

// The largest scalar of the schemas. The encodings here are little-endian in memory as on the wire.
inline constexpr std::size_t kWireAlignment = 8;
static_assert(std::endian::native == std::endian::little);

[[nodiscard]] inline bool is_aligned(const void* data, std::size_t to = kWireAlignment) {
  return reinterpret_cast<std::uintptr_t>(data) % to == 0;
}

// The given bytes where they are, or a copy of them that is aligned. Small ones, which are most,
// are copied without an allocation.
class AlignedBytes {
 public:
  explicit AlignedBytes(Bytes bytes);
  AlignedBytes(const AlignedBytes&) = delete;
  AlignedBytes& operator=(const AlignedBytes&) = delete;

  [[nodiscard]] const std::uint8_t* data() const {
    return reinterpret_cast<const std::uint8_t*>(bytes_.data());
  }
  [[nodiscard]] std::size_t size() const { return bytes_.size(); }

 private:
  static constexpr std::size_t kSmallBytes = 512;

  alignas(16) std::array<std::byte, kSmallBytes> small_;
  Frame large_;
  Bytes bytes_;
};

}  // namespace mpreg
