#pragma once
// Matching of one pattern with one topic, as an AMQP 0-9-1 topic exchange does it. Words are
// separated by '.'; the empty text has no words, "a." has two. '*' stands for exactly one word,
// which may be empty, '#' for zero or more words, anywhere and any number of times. A wildcard
// counts only as a whole word of a pattern; bytes are compared exactly. Every function takes any
// bytes, admissible (topic.h) or not, and keeps nothing.

#include <string_view>

#include "topic/word_cursor.h"

namespace mpreg {

// Does not allocate. Time at most proportional to the product of both numbers of words.
[[nodiscard]] bool matches(std::string_view pattern, std::string_view topic);

// The same for what is left of both.
[[nodiscard]] bool matches(WordCursor pattern, WordCursor topic);

// matches() with the broker's own names put aside: a pattern that begins with a wildcard matches no
// reserved topic (is_reserved). This decides what a subscription gets.
[[nodiscard]] bool matches_for_clients(std::string_view pattern, std::string_view topic);

// Every topic that matches b matches a. Exact for admissible patterns; for others false may be said
// where the only exception would be a topic of one empty word, which cannot be written.
// Polynomial; allocates.
[[nodiscard]] bool covers(std::string_view a, std::string_view b);

// covers() in terms of matches_for_clients(). True is always right; false may be said where the
// only exceptions are reserved topics of a pattern that begins with '#'.
[[nodiscard]] bool covers_for_clients(std::string_view a, std::string_view b);

// Some topic matches both. Exact for admissible patterns, otherwise as for covers(). A pair that
// does not intersect here does not for clients either. Polynomial; allocates.
[[nodiscard]] bool intersects(std::string_view a, std::string_view b);

}  // namespace mpreg
