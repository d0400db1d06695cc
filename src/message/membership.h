#pragma once
// Membership: what is known of a member and survives restarts. Of two pieces of news the greater
// one counts: a later incarnation says more than an earlier one; of one incarnation `forgotten`
// beats `doubted` beats `left` beats `running`.

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "stream/incarnation.h"

namespace mpreg {

enum class MemberState : std::uint8_t {
  running = 0,
  left = 1,  // It promised to number no cache operation until it has rejoined.
  // It left, and a member that may have let it in again since has lost its memory, or was
  // forgotten: it is waited for again, until it is met.
  doubted = 2,
  forgotten = 3,  // An operator said that it is gone for good.
};
inline constexpr std::size_t kMemberStates = 4;
// Its promise does not hold: it may number cache operations, so its silence counts.
[[nodiscard]] constexpr bool is_awaited(MemberState state) {
  return state == MemberState::running || state == MemberState::doubted;
}

[[nodiscard]] constexpr std::string_view name_of(MemberState state) {
  switch (state) {
    case MemberState::running:
      return "running";
    case MemberState::left:
      return "left";
    case MemberState::doubted:
      return "doubted";
    case MemberState::forgotten:
      return "forgotten";
  }
  return "unknown";
}

struct MemberStanding {
  Incarnation incarnation = {};  // Counter 0: it was declared beforehand, and nobody has met it.
  MemberState state = MemberState::running;
  bool has_memory = true;  // As MemberWord has it.
  Number last_fact = 0;    // As MemberWord has it.

  friend auto operator<=>(const MemberStanding&, const MemberStanding&) = default;
};

// Whether a member may number cache operations, and why. Of one incarnation it only grows.
enum class Entitlement : std::uint8_t {
  waiting = 0,   // It has not rejoined yet: it wants to be welcomed.
  alone = 1,     // An operator broke its promise knowingly (`mpreg alone`).
  entitled = 2,  // It may let others rejoin.
};
inline constexpr std::size_t kEntitlements = 3;

[[nodiscard]] constexpr std::string_view name_of(Entitlement entitlement) {
  switch (entitlement) {
    case Entitlement::waiting:
      return "waiting";
    case Entitlement::alone:
      return "alone";
    case Entitlement::entitled:
      return "entitled";
  }
  return "unknown";
}

// The file of whoever says so holds that this incarnation of the cluster runs: its welcome.
struct RejoinSynced {
  std::string cluster;
  Incarnation incarnation;

  friend auto operator<=>(const RejoinSynced&, const RejoinSynced&) = default;
};

// What is said of one incarnation of a member, beside who and where it is. Everything here only
// grows while the incarnation lasts, so that of two reports both count.
struct MemberWord {
  MemberState state = MemberState::running;
  Entitlement entitlement = Entitlement::waiting;  // Until it says otherwise.
  bool has_memory = true;                   // It found what its earlier incarnations had saved.
  Number last_fact = 0;                     // Of `left`: of its last cache operation; 0: none.
  std::vector<RejoinSynced> welcomes = {};  // By cluster, ascending; of those that still wait.

  // Another report of the same incarnation. Returns whether anything was news.
  bool merge(const MemberWord& other);

  friend bool operator==(const MemberWord&, const MemberWord&) = default;
};

}  // namespace mpreg
