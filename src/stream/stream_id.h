#pragma once
// StreamId names one ordered stream: what one origin cluster published in one lane during one
// epoch. Its items are numbered 1, 2, 3, ... without holes. A number says nothing without its
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

// One life of an origin's numbering. A greater epoch is a later life; 0 is none.
using Epoch = std::uint64_t;

// The position of an item in its stream, from 1. 0 is "before the first".
using Number = std::uint64_t;
inline constexpr Number kNumberMax = std::numeric_limits<Number>::max();

struct StreamId {
  std::string origin;  // The cluster id.
  Epoch epoch = 0;
  Lane lane = Lane::events;

  friend auto operator<=>(const StreamId&, const StreamId&) = default;
};

[[nodiscard]] std::string_view name_of(Lane lane);
[[nodiscard]] std::string to_string(const StreamId& stream);  // "east/1700000000000/cache"

}  // namespace mpreg
