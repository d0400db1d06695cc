#pragma once
// Admission: what may be a topic and what may be a pattern. Asked where they enter; matching itself
// (match.h) takes any bytes.

#include <cstddef>
#include <string_view>

#include "base/error.h"

namespace mpreg {

inline constexpr std::size_t kTopicBytesMax = 255;  // An AMQP 0-9-1 short string.
inline constexpr std::size_t kTopicWordsMax = 32;   // Bounds the work that one topic can cause.

// What a client publishes to: 1 to 255 bytes of UTF-8 in at most 32 words, none of them empty,
// without white space, control characters, braces or wildcards. Otherwise an error `malformed` that
// names the field "topic", the value and the limit. Allocates only for the error.
[[nodiscard]] Result<void> check_topic(std::string_view topic);

// The same for what a client subscribes to: the wildcards '*' and '#' may stand as whole words.
[[nodiscard]] Result<void> check_pattern(std::string_view pattern);

// The name is the broker's own: clients may not publish there, and a wildcard at the first word
// does not match it.
[[nodiscard]] inline bool is_reserved(std::string_view topic) { return topic.starts_with('$'); }

}  // namespace mpreg
