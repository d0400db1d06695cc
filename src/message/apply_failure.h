#pragma once
// ApplyFailure: why a cluster has passed a number of a stream and does not hold what it brought.

#include <cstdint>
#include <string_view>

namespace mpreg {

enum class ApplyFailure : std::uint8_t {
  lost = 0,         // It never came: some log on the way did not reach back that far.
  unreadable = 1,   // Its bytes do not make sense there.
  refused = 2,      // A rule forbids it there: the namespace's protocol or resolver, or a clock.
  too_large = 3,    // It exceeds what the cluster accepts: --payload-max.
  no_capacity = 4,  // A store or a table there is full.
};
// As a sentence about the cluster goes on: "west: the value is larger than its payload-max".
[[nodiscard]] constexpr std::string_view text_of(ApplyFailure failure) {
  constexpr std::string_view kTexts[] = {
      "it was lost on the way", "it cannot be read there", "a rule of that cluster refuses it",
      "it is larger than payload-max there", "there is no room for it"};
  return kTexts[static_cast<std::size_t>(failure)];
}

}  // namespace mpreg
