#include "base/text.h"

#include <gtest/gtest.h>

namespace mpreg {
namespace {

TEST(Text, valid_utf8_has_no_offending_byte) {
  EXPECT_EQ(find_invalid_utf8(""), std::nullopt);
  EXPECT_EQ(find_invalid_utf8("caf\xC3\xA9 \xE6\x97\xA5 \xF0\x9F\x98\x80"), std::nullopt);
}

TEST(Text, overlong_forms_surrogates_and_truncation_are_found_where_they_begin) {
  EXPECT_EQ(find_invalid_utf8("a\xC0\x80"), 1U);
  EXPECT_EQ(find_invalid_utf8("ab\xED\xA0\x80"), 2U);
  EXPECT_EQ(find_invalid_utf8("\xF4\x90\x80\x80"), 0U);
  EXPECT_EQ(find_invalid_utf8("abc\xE6\x97"), 3U);
  EXPECT_EQ(find_invalid_utf8("\xFF"), 0U);
}

TEST(Text, control_characters_are_found) {
  EXPECT_EQ(find_control_character("a b"), std::nullopt);
  EXPECT_EQ(find_control_character("ab\x1B"), 2U);
  EXPECT_EQ(find_control_character(std::string_view("a\0b", 3)), 1U);
  EXPECT_EQ(find_control_character("\x7F"), 0U);
}

// Text is looked at by eight bytes: whatever stands around a byte, it is found where it is, and
// only if it is there.
TEST(Text, every_byte_is_judged_alike_at_every_place_in_texts_of_every_length) {
  for (std::size_t length = 1; length <= 40; ++length) {
    for (std::size_t at = 0; at < length; ++at) {
      for (unsigned byte = 0; byte < 256; ++byte) {
        for (const char around : {'a', ' ', '~', '\xE9'}) {
          std::string text(length, around);
          text[at] = static_cast<char>(byte);
          const bool is_control = byte < 0x20 || byte == 0x7F;
          ASSERT_EQ(find_control_character(text).value_or(length), is_control ? at : length)
              << length << " " << at << " " << byte << " " << static_cast<int>(around);
          if (around == '\xE9') continue;
          // Alone, a byte above 0x7F is never UTF-8.
          ASSERT_EQ(find_invalid_utf8(text).value_or(length), byte >= 0x80 ? at : length)
              << length << " " << at << " " << byte << " " << static_cast<int>(around);
        }
      }
    }
  }
}

TEST(Text, quoting_makes_any_bytes_printable_and_short) {
  EXPECT_EQ(in_quotes("plain"), "'plain'");
  EXPECT_EQ(in_quotes("a\n\\"), "'a\\x0a\\x5c'");
  EXPECT_EQ(in_quotes("abcdef", 3), "'abc'...");
}

}  // namespace
}  // namespace mpreg
