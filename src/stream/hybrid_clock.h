#pragma once
// HybridClock: the clock that issues versions (Kulkarni et al., "Logical Physical Clocks", 2014). A
// reading is 48 bits of wall-clock milliseconds and 16 bits of a counter, never goes back, and is
// above every reading seen from others, so that order by (reading, origin) extends causal order.

#include <algorithm>
#include <cstdint>

#include "base/time.h"

namespace mpreg {

using HybridTime = std::uint64_t;

inline constexpr unsigned kHybridCounterBits = 16;

class HybridClock {
 public:
  // Returns the first of `count` consecutive readings (at most 65,536), all above every earlier
  // one.
  HybridTime issue(WallTime wall, std::uint32_t count = 1);

  // A reading came from elsewhere: later ones from here are above it. Returns false, and ignores
  // it, when it is further ahead of the wall clock than `offset_max`.
  bool observe(HybridTime seen, WallTime wall, std::chrono::milliseconds offset_max);

  [[nodiscard]] HybridTime last() const { return last_; }
  // What would be issued now.
  [[nodiscard]] HybridTime next(WallTime wall) const;
  // Later readings are above this.
  void raise(HybridTime floor) { last_ = std::max(last_, floor); }

 private:
  HybridTime last_ = 0;
};

// The first reading of a moment.
[[nodiscard]] inline HybridTime hybrid_time_of(WallTime wall) {
  const auto ms = wall.time_since_epoch().count();
  return ms <= 0 ? 0 : static_cast<HybridTime>(ms) << kHybridCounterBits;
}

[[nodiscard]] constexpr std::uint64_t milliseconds_of(HybridTime time) {
  return time >> kHybridCounterBits;
}

}  // namespace mpreg
