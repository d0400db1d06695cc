#pragma once
// Binary: numbers and texts in a row, little-endian, for what the stores of several clusters must
// hold byte by byte the same. A reader never looks beyond its bytes; after the first thing that is
// wrong it reads nothing more.

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

namespace mpreg {

class BinaryWriter {
 public:
  explicit BinaryWriter(std::string& to) : to_(to) {}

  template <typename Number>
  void number(Number value) {
    static_assert(std::is_unsigned_v<Number>);
    for (std::size_t i = 0; i < sizeof(Number); ++i) {
      to_.push_back(static_cast<char>(static_cast<std::uint64_t>(value) >> (8U * i) & 0xFFU));
    }
  }
  void text(std::string_view value) {
    number(static_cast<std::uint32_t>(value.size()));
    to_.append(value);
  }

 private:
  std::string& to_;
};

class BinaryReader {
 public:
  explicit BinaryReader(std::string_view from) : from_(from) {}

  template <typename Number>
  [[nodiscard]] Number number() {
    static_assert(std::is_unsigned_v<Number>);
    if (from_.size() < sizeof(Number)) {
      refuse();
      return 0;
    }
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < sizeof(Number); ++i) {
      value |= std::uint64_t{static_cast<unsigned char>(from_[i])} << (8U * i);
    }
    from_.remove_prefix(sizeof(Number));
    return static_cast<Number>(value);
  }
  // A view into the bytes.
  [[nodiscard]] std::string_view text() {
    const auto size = number<std::uint32_t>();
    if (from_.size() < size) {
      refuse();
      return {};
    }
    const std::string_view value = from_.substr(0, size);
    from_.remove_prefix(size);
    return value;
  }
  // A count of things that take at least so many bytes each.
  [[nodiscard]] std::size_t count(std::size_t bytes_each) {
    const auto value = number<std::uint32_t>();
    if (value > from_.size() / bytes_each) refuse();
    return ok() ? value : 0;
  }

  void refuse() {
    is_wrong_ = true;
    from_ = {};
  }
  [[nodiscard]] bool ok() const { return !is_wrong_; }
  [[nodiscard]] bool at_end() const { return ok() && from_.empty(); }

 private:
  std::string_view from_;
  bool is_wrong_ = false;
};

}  // namespace mpreg
