#pragma once
// Membership: what is known of a member and survives restarts. Of two pieces of news the greater
// one counts: a later incarnation says more than an earlier one; of one incarnation, `forgotten`
// beats `left` beats `running`.

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "stream/incarnation.h"

namespace mpreg {

enum class MemberState : std::uint8_t {
  running = 0,
  left = 1,       // It promised to number no cache operation until it has rejoined.
  forgotten = 2,  // An operator said that it is gone for good.
};
inline constexpr std::size_t kMemberStates = 3;

[[nodiscard]] constexpr std::string_view name_of(MemberState state) {
  switch (state) {
    case MemberState::running:
      return "running";
    case MemberState::left:
      return "left";
    case MemberState::forgotten:
      return "forgotten";
  }
  return "unknown";
}

struct MemberStanding {
  Incarnation incarnation = {};  // Counter 0: it was declared beforehand, and nobody has met it.
  MemberState state = MemberState::running;

  friend auto operator<=>(const MemberStanding&, const MemberStanding&) = default;
};

}  // namespace mpreg
