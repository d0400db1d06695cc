#include "topic/topic.h"

#include <cstdint>
#include <optional>
#include <string>

#include "base/text.h"
#include "topic/word_cursor.h"

namespace mpreg {
namespace {

struct CodePointRange {
  std::uint32_t first;
  std::uint32_t last;
};

// White space of Unicode 15 (White_Space=yes) beyond the control characters.
constexpr CodePointRange kWhiteSpace[] = {{0x20, 0x20},     {0xA0, 0xA0},     {0x1680, 0x1680},
                                          {0x2000, 0x200A}, {0x2028, 0x2029}, {0x202F, 0x202F},
                                          {0x205F, 0x205F}, {0x3000, 0x3000}};
// The control characters that UTF-8 spells with two bytes; base/text.h finds the others.
constexpr CodePointRange kControl = {0x80, 0x9F};

struct CodePoint {
  std::uint32_t value;
  std::size_t bytes;
};

// Of valid UTF-8.
CodePoint code_point_at(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[at + i]); };
  const std::uint32_t lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t bytes = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  std::uint32_t value = lead & (0xFFU >> (bytes + 1));
  for (std::size_t i = 1; i < bytes; ++i) value = value << 6U | (byte(i) & 0x3FU);
  return {value, bytes};
}

tl::unexpected<Error> malformed(std::string_view field, std::string_view text,
                                const std::string& what) {
  return fail(ErrorCode::malformed, std::string(field) + " " + in_quotes(text) + " " + what);
}

// What is not allowed about the character, or nothing.
std::optional<std::string_view> fault_of(std::uint32_t character) {
  if (character == '{' || character == '}') return "a brace";
  if (character < 0x20 || character == 0x7F) return "a control character";
  if (character >= kControl.first && character <= kControl.last) return "a control character";
  for (const CodePointRange& range : kWhiteSpace) {
    if (character >= range.first && character <= range.last) return "white space";
  }
  return std::nullopt;
}

// ASCII without white space, control characters and braces: nothing more to ask.
bool is_plain(std::string_view text) {
  for (const char c : text) {
    if (c <= ' ' || c >= 0x7F || c == '{' || c == '}') return false;
  }
  return true;
}

Result<void> check_characters(std::string_view field, std::string_view text) {
  if (is_plain(text)) return {};
  if (const auto at = find_invalid_utf8(text)) {
    return malformed(field, text, "is not UTF-8 at byte " + std::to_string(*at));
  }
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint character = code_point_at(text, at);
    if (const auto fault = fault_of(character.value)) {
      return malformed(field, text,
                       "has " + std::string(*fault) + " at byte " + std::to_string(at) +
                           ", where none is allowed");
    }
    at += character.bytes;
  }
  return {};
}

Result<void> check_words(std::string_view field, std::string_view text, bool wildcards_allowed) {
  std::size_t words = 0;
  for (WordCursor cursor(text); !cursor.done(); cursor.next()) {
    const std::string_view word = cursor.word();
    ++words;
    if (word.empty()) {
      return malformed(
          field, text,
          "has an empty word at place " + std::to_string(words) + ", where none is allowed");
    }
    const bool has_wildcard = word.find_first_of("*#") != std::string_view::npos;
    if (has_wildcard && !wildcards_allowed) {
      return malformed(field, text,
                       "has a wildcard in word " + in_quotes(word) + ", where none is allowed");
    }
    if (has_wildcard && word.size() != 1) {
      return malformed(
          field, text,
          "has a wildcard inside word " + in_quotes(word) + ": '*' and '#' are whole words");
    }
  }
  if (words > kTopicWordsMax) {
    return malformed(field, text,
                     "has " + std::to_string(words) + " words, at most " +
                         std::to_string(kTopicWordsMax) + " are allowed");
  }
  return {};
}

Result<void> check(std::string_view field, std::string_view text, bool wildcards_allowed) {
  if (text.empty()) {
    return fail(ErrorCode::malformed, std::string(field) + " is empty, at least 1 byte is needed");
  }
  if (text.size() > kTopicBytesMax) {
    return malformed(field, text,
                     "has " + std::to_string(text.size()) + " bytes, at most " +
                         std::to_string(kTopicBytesMax) + " are allowed");
  }
  if (auto result = check_characters(field, text); !result) return result;
  return check_words(field, text, wildcards_allowed);
}

}  // namespace

Result<void> check_topic(std::string_view topic) { return check("topic", topic, false); }

Result<void> check_pattern(std::string_view pattern) { return check("pattern", pattern, true); }

}  // namespace mpreg
