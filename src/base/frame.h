#pragma once
// Frame: immutable bytes with a counted owner, as they came from or go to a socket. Copying a Frame
// copies two words and raises a counter; the bytes are never copied. The owner is type-erased, so
// that a room without I/O can hold a message of the transport without knowing what it is.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace mpreg {

using Bytes = std::span<const std::byte>;
using MutableBytes = std::span<std::byte>;

class Frame {
 public:
  Frame() = default;
  Frame(std::shared_ptr<const void> owner, Bytes bytes) : owner_(std::move(owner)), bytes_(bytes) {}

  // Copies the bytes into a buffer of its own, aligned to 16 bytes. Allocates once.
  [[nodiscard]] static Frame copy_of(Bytes bytes);

  [[nodiscard]] Bytes bytes() const { return bytes_; }
  [[nodiscard]] const std::byte* data() const { return bytes_.data(); }
  [[nodiscard]] std::size_t size() const { return bytes_.size(); }
  [[nodiscard]] bool empty() const { return bytes_.empty(); }
  [[nodiscard]] const std::shared_ptr<const void>& owner() const { return owner_; }

  // The bytes, to be stamped in place. Only for the one who knows that nobody else reads them yet.
  [[nodiscard]] MutableBytes mutable_bytes() const {
    return {const_cast<std::byte*>(bytes_.data()), bytes_.size()};
  }

 private:
  std::shared_ptr<const void> owner_;
  Bytes bytes_;
};

[[nodiscard]] inline Bytes as_bytes(std::string_view text) {
  return std::as_bytes(std::span<const char>(text.data(), text.size()));
}
[[nodiscard]] inline std::string_view as_text(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace mpreg
