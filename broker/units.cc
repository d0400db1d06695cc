#include "broker/units.h"

#include <charconv>
#include <limits>
#include <span>

namespace mpreg {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

// Largest first: what is printed uses the first one that divides.
constexpr Unit kSizes[] = {
    {"GiB", 1ULL << 30U}, {"MiB", 1ULL << 20U}, {"KiB", 1ULL << 10U}, {"B", 1}};
constexpr Unit kDurations[] = {
    {"h", 3'600'000'000ULL}, {"min", 60'000'000ULL}, {"s", 1'000'000ULL}, {"ms", 1000}, {"us", 1}};
constexpr std::uint64_t kDurationMax = 100ULL * 366 * 24 * 3'600'000'000ULL;

// Splits "64MiB" and multiplies.
std::optional<std::uint64_t> parse(std::string_view text, std::span<const Unit> units) {
  const std::size_t digits = text.find_first_not_of("0123456789");
  if (digits == std::string_view::npos) return {};
  const std::optional<std::uint64_t> number = parse_count(text.substr(0, digits));
  if (!number) return {};
  for (const Unit& unit : units) {
    if (text.substr(digits) != unit.name) continue;
    if (*number > std::numeric_limits<std::uint64_t>::max() / unit.factor) return {};
    return *number * unit.factor;
  }
  return {};
}

std::string format(std::uint64_t value, std::span<const Unit> units) {
  for (const Unit& unit : units) {
    if (value != 0 && value % unit.factor == 0) {
      return std::to_string(value / unit.factor) + std::string(unit.name);
    }
  }
  return {};
}

}  // namespace

std::optional<std::uint64_t> parse_count(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  return number;
}

std::optional<std::uint64_t> parse_size(std::string_view text) { return parse(text, kSizes); }

std::optional<std::chrono::microseconds> parse_duration(std::string_view text) {
  const std::optional<std::uint64_t> microseconds = parse(text, kDurations);
  if (!microseconds || *microseconds > kDurationMax) return {};
  return std::chrono::microseconds(static_cast<std::int64_t>(*microseconds));
}

std::string format_size(std::uint64_t bytes) { return bytes == 0 ? "0B" : format(bytes, kSizes); }

std::vector<std::string> split_names(std::string_view text) {
  std::vector<std::string> names;
  for (;;) {
    const std::size_t comma = text.find(',');
    names.emplace_back(text.substr(0, comma));
    if (comma == std::string_view::npos) return names;
    text.remove_prefix(comma + 1);
  }
}

std::string format_duration(std::chrono::microseconds duration) {
  const auto count = static_cast<std::uint64_t>(duration.count());
  return count == 0 ? "0s" : format(count, kDurations);
}

}  // namespace mpreg
