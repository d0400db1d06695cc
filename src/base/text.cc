#include "base/text.h"

#include <cstdint>
#include <cstring>

namespace mpreg {
namespace {

struct Utf8Form {
  std::size_t bytes;
  std::uint8_t second_min;
  std::uint8_t second_max;
};

// Which bytes may follow a lead byte that is no ASCII; a length of 0 marks one that is never valid.
Utf8Form form_of(std::uint8_t lead) {
  if (lead < 0xC2) return {0, 0, 0};
  if (lead < 0xE0) return {2, 0x80, 0xBF};
  if (lead == 0xE0) return {3, 0xA0, 0xBF};
  if (lead == 0xED) return {3, 0x80, 0x9F};
  if (lead < 0xF0) return {3, 0x80, 0xBF};
  if (lead == 0xF0) return {4, 0x90, 0xBF};
  if (lead < 0xF4) return {4, 0x80, 0xBF};
  if (lead == 0xF4) return {4, 0x80, 0x8F};
  return {0, 0, 0};
}

// Text is looked at by eight bytes, as far as these are plain; one of them is looked at alone where
// they are not.
constexpr std::size_t kWide = 8;
constexpr std::uint64_t each(std::uint8_t byte) { return 0x0101010101010101U * byte; }

std::uint64_t wide_at(std::string_view text, std::size_t at) {
  std::uint64_t wide = 0;
  std::memcpy(&wide, text.data() + at, kWide);
  return wide;
}

bool is_ascii(std::uint64_t wide) { return (wide & each(0x80)) == 0; }

// True for some that have none: the carry of a subtraction runs into the next byte.
bool may_have_control_character(std::uint64_t wide) {
  const std::uint64_t below_space = (wide - each(0x20)) & ~wide;
  const std::uint64_t unlike_delete = wide ^ each(0x7F);
  const std::uint64_t is_delete = (unlike_delete - each(0x01)) & ~unlike_delete;
  return ((below_space | is_delete) & each(0x80)) != 0;
}

}  // namespace

std::optional<std::size_t> find_invalid_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    if (text.size() - at >= kWide && is_ascii(wide_at(text, at))) {
      at += kWide;
      continue;
    }
    if (static_cast<std::uint8_t>(text[at]) < 0x80) {
      ++at;
      continue;
    }
    const Utf8Form form = form_of(static_cast<std::uint8_t>(text[at]));
    if (form.bytes == 0 || text.size() - at < form.bytes) return at;
    for (std::size_t i = 1; i < form.bytes; ++i) {
      const auto byte = static_cast<std::uint8_t>(text[at + i]);
      const std::uint8_t low = i == 1 ? form.second_min : 0x80;
      const std::uint8_t high = i == 1 ? form.second_max : 0xBF;
      if (byte < low || byte > high) return at;
    }
    at += form.bytes;
  }
  return std::nullopt;
}

std::optional<std::size_t> find_control_character(std::string_view text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    while (text.size() - at >= kWide && !may_have_control_character(wide_at(text, at))) {
      at += kWide;
    }
    if (at == text.size()) break;
    const auto byte = static_cast<std::uint8_t>(text[at]);
    if (byte < 0x20 || byte == 0x7F) return at;
  }
  return std::nullopt;
}

std::string in_quotes(std::string_view text, std::size_t bytes_max) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string result = "'";
  for (const char c : text.substr(0, bytes_max)) {
    const auto byte = static_cast<std::uint8_t>(c);
    if (byte >= 0x20 && byte < 0x7F && c != '\\') {
      result += c;
    } else {
      result += "\\x";
      result += kHex[byte >> 4U];
      result += kHex[byte & 0x0FU];
    }
  }
  result += text.size() > bytes_max ? "'..." : "'";
  return result;
}

}  // namespace mpreg
