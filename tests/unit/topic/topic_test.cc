#include "topic/topic.h"

#include <gtest/gtest.h>

namespace mpreg {
namespace {

std::string words(std::size_t count) {
  std::string text = "w";
  for (std::size_t i = 1; i < count; ++i) text += ".w";
  return text;
}

std::string refusal_of(std::string_view topic) {
  const auto result = check_topic(topic);
  if (result) return "";
  EXPECT_EQ(result.error().code, ErrorCode::malformed);
  return result.error().text;
}

TEST(Topic, plain_names_are_admitted) {
  for (const char* topic : {"a", "a-b.c_d", "caf\xC3\xA9.x", "\xE6\x97\xA5\xE6\x9C\xAC.x", "$sys.x",
                            "a/b.c:d@e", "a.\xF0\x9F\x99\x82"}) {
    EXPECT_TRUE(check_topic(topic)) << topic;
    EXPECT_TRUE(check_pattern(topic)) << topic;
  }
}

TEST(Topic, length_and_words_are_admitted_up_to_their_limits_and_refused_beyond) {
  EXPECT_TRUE(check_topic(std::string(255, 'x')));
  EXPECT_NE(refusal_of(std::string(256, 'x')).find("256 bytes, at most 255"), std::string::npos);
  EXPECT_TRUE(check_topic(words(32)));
  EXPECT_NE(refusal_of(words(33)).find("33 words, at most 32"), std::string::npos);
  EXPECT_EQ(refusal_of(""), "topic is empty, at least 1 byte is needed");
}

TEST(Topic, empty_words_are_refused_wherever_they_are) {
  for (const char* text : {".", ".a", "a.", "a..b", ".."}) {
    EXPECT_NE(refusal_of(text).find("empty word"), std::string::npos) << text;
    EXPECT_FALSE(check_pattern(text)) << text;
  }
  EXPECT_EQ(refusal_of("a..b"), "topic 'a..b' has an empty word at place 2, where none is allowed");
}

TEST(Topic, white_space_control_characters_and_braces_are_refused) {
  for (const char* text : {"a b",
                           "a\xC2\xA0"
                           "b",
                           "a\xE3\x80\x80", "a\xE2\x80\xA8", "a\xE1\x9A\x80"}) {
    EXPECT_NE(refusal_of(text).find("white space"), std::string::npos) << text;
  }
  for (const char* text : {"a\tb", "a\n", "\x7F", "a\xC2\x85"}) {
    EXPECT_NE(refusal_of(text).find("control character"), std::string::npos) << text;
  }
  EXPECT_NE(refusal_of(std::string_view("a\0b", 3)).find("control character at byte 1"),
            std::string::npos);
  EXPECT_NE(refusal_of("a{id}.b").find("a brace at byte 1"), std::string::npos);
  EXPECT_FALSE(check_pattern("a.}"));
}

TEST(Topic, what_is_not_utf8_is_refused_where_it_begins) {
  EXPECT_NE(refusal_of("ab\xC0\x80").find("not UTF-8 at byte 2"), std::string::npos);
}

TEST(Topic, wildcards_stand_in_patterns_as_whole_words_only) {
  for (const char* pattern : {"*", "#", "a.*.#", "#.#", "*.*"}) {
    EXPECT_TRUE(check_pattern(pattern)) << pattern;
    EXPECT_NE(refusal_of(pattern).find("wildcard"), std::string::npos) << pattern;
  }
  for (const char* pattern : {"*a", "a.b*", "##", "*#", "a#.b"}) {
    const auto result = check_pattern(pattern);
    ASSERT_FALSE(result) << pattern;
    EXPECT_NE(result.error().text.find("whole words"), std::string::npos) << result.error().text;
  }
}

TEST(Topic, the_brokers_own_names_begin_with_a_dollar) {
  EXPECT_TRUE(is_reserved("$sys"));
  EXPECT_FALSE(is_reserved("a.$sys"));
  EXPECT_FALSE(is_reserved(""));
}

}  // namespace
}  // namespace mpreg
