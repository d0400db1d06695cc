#pragma once
// Text for people and checks of text: UTF-8, control characters, and a form of any bytes that is
// safe to print in a log or an error.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace mpreg {

// The offset of the first byte that is not part of valid UTF-8 (RFC 3629: no overlong forms, no
// surrogates, nothing above U+10FFFF), or nothing.
[[nodiscard]] std::optional<std::size_t> find_invalid_utf8(std::string_view text);

// The offset of the first byte below 0x20 or equal to 0x7f, or nothing.
[[nodiscard]] std::optional<std::size_t> find_control_character(std::string_view text);

// At most `bytes_max` bytes of the text between quotes, with everything but printable ASCII as
// \xNN.
[[nodiscard]] std::string in_quotes(std::string_view text, std::size_t bytes_max = 64);

}  // namespace mpreg
