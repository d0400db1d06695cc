#pragma once
// StreamId names one ordered stream: what one origin cluster published in one lane during one
// incarnation. Its items are numbered 1, 2, 3, ... without holes. A number says nothing without its
// stream.

#include <compare>
#include <cstdint>
#include <limits>
#include <string>

namespace mpreg {

// Each lane of an origin is a stream of its own, so that a large value never stands before an
// invalidation.
enum class Lane : std::uint8_t {
  cache = 0,   // Every cache fact: small, dense, never filtered.
  bulk = 1,    // The values of replications: sent to their targets only, paced.
  events = 2,  // Ordinary topics.
};
inline constexpr std::size_t kLanes = 3;

// One life of a broker's numbering (stream/incarnation.h). Ordered by (counter, instance).
struct Incarnation {
  std::uint64_t counter = 0;  // From 1; 0 is none.
  std::uint64_t instance = 0;

  friend auto operator<=>(const Incarnation&, const Incarnation&) = default;
};
[[nodiscard]] std::string to_string(const Incarnation& incarnation);  // "7-00000000deadbeef"

// The position of an item in its stream, from 1. 0 is "before the first".
using Number = std::uint64_t;
inline constexpr Number kNumberMax = std::numeric_limits<Number>::max();

struct StreamId {
  std::string origin;  // The cluster id.
  Incarnation incarnation = {};
  Lane lane = Lane::events;

  friend auto operator<=>(const StreamId&, const StreamId&) = default;
};

[[nodiscard]] std::string_view name_of(Lane lane);
[[nodiscard]] std::string to_string(const StreamId& stream);  // "east/7-00000000deadbeef/cache"

// Names a stream on the wire, in eight bytes: a hash of its id. An incarnation has random bits, so
// that two of a federation are not the same by accident.
using StreamKey = std::uint64_t;
[[nodiscard]] StreamKey key_of(const StreamId& stream);

}  // namespace mpreg
