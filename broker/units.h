#pragma once
// Units: quantities as people write them in options: 64MiB, 30s, 10000. Whole numbers only; no
// signs, no blanks, no fractions.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mpreg {

// A whole number and B, KiB, MiB or GiB. Nothing when it is written otherwise or exceeds 2^64 - 1.
[[nodiscard]] std::optional<std::uint64_t> parse_size(std::string_view text);
// A whole number and us, ms, s, min or h. Nothing when it is written otherwise or exceeds 100
// years.
[[nodiscard]] std::optional<std::chrono::microseconds> parse_duration(std::string_view text);
// A whole number and nothing else.
[[nodiscard]] std::optional<std::uint64_t> parse_count(std::string_view text);

// In the largest unit that tells it exactly; the parsers read it back.
[[nodiscard]] std::string format_size(std::uint64_t bytes);
[[nodiscard]] std::string format_duration(std::chrono::microseconds duration);

// "a,b": the names between the commas, also empty ones.
[[nodiscard]] std::vector<std::string> split_names(std::string_view text);

}  // namespace mpreg
