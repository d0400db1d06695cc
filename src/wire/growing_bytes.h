#pragma once
// GrowingBytes: bytes appended one piece after another. What std::vector does, without writing
// zeros into room that is about to be filled.

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>

#include "base/frame.h"

namespace mpreg {

class GrowingBytes {
 public:
  // Room for so many more bytes, to be filled by the caller. Valid until the next call.
  [[nodiscard]] std::byte* append(std::size_t size) {
    if (capacity_ - size_ < size) grow(size);
    std::byte* place = bytes_.get() + size_;
    size_ += size;
    return place;
  }

  [[nodiscard]] Bytes bytes() const { return {bytes_.get(), size_}; }
  [[nodiscard]] std::size_t size() const { return size_; }
  void clear() { size_ = 0; }

 private:
  void grow(std::size_t size) {
    const std::size_t capacity = std::max(size_ + size, std::max<std::size_t>(4096, 2 * capacity_));
    auto larger = std::make_unique_for_overwrite<std::byte[]>(capacity);
    if (size_ != 0) std::memcpy(larger.get(), bytes_.get(), size_);
    bytes_ = std::move(larger);
    capacity_ = capacity;
  }

  std::unique_ptr<std::byte[]> bytes_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace mpreg
