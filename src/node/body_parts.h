#pragma once
// BodyParts: makes bodies that hold some of the records of another one, for a receiver that wants
// no more of it. Keeps a builder a lane, so that a part allocates nothing but its frame.

#include <array>
#include <cstdint>
#include <vector>

#include "metrics/counter.h"
#include "wire/body_codec.h"

namespace mpreg {

class BodyParts {
 public:
  // Counts what it builds.
  explicit BodyParts(Counter& built) : built_(built) {}

  // With the stamp and the segments of the body; records ascend.
  [[nodiscard]] Frame of(const Body& body, const std::vector<std::uint16_t>& records);

 private:
  Counter& built_;
  std::array<BodyBuilder, kLanes> builders_{BodyBuilder(Lane::cache), BodyBuilder(Lane::bulk),
                                            BodyBuilder(Lane::events)};
};

}  // namespace mpreg
