#pragma once
// ClockCeiling: no reading of the hybrid clock is above what the data directory promises, and the
// clock of the next start begins there. So time stamps and fencing tokens never go back over a
// restart, whatever the wall clock does. The ceiling is reserved ahead, so that nothing waits for
// the disk; a broker whose disk has not answered for so long issues nothing, and says so.

#include <algorithm>
#include <optional>

#include "stream/hybrid_clock.h"

namespace mpreg {

inline constexpr std::chrono::milliseconds kCeilingAhead{10'000};
// Below this much that is left, the next one is reserved. The disk has as long to answer.
inline constexpr std::chrono::milliseconds kCeilingLow{5'000};
static_assert(kCeilingLow < kCeilingAhead);

class ClockCeiling {
 public:
  // `synced` is what the data directory holds.
  explicit ClockCeiling(HybridTime synced = 0) : synced_(synced), asked_(synced) {}

  [[nodiscard]] bool allows(HybridTime reading) const { return reading <= synced_; }

  // What is to be saved now that the clock stands at `now`: nothing when enough is reserved, or is
  // on its way to the disk.
  [[nodiscard]] std::optional<HybridTime> reserve(HybridTime now) {
    if (asked_ >= now + span(kCeilingLow)) return std::nullopt;
    asked_ = now + span(kCeilingAhead);
    return asked_;
  }
  [[nodiscard]] HybridTime synced() const { return synced_; }
  // The disk has it.
  void on_synced(HybridTime ceiling) { synced_ = std::max(synced_, ceiling); }

 private:
  [[nodiscard]] static constexpr HybridTime span(std::chrono::milliseconds time) {
    return static_cast<HybridTime>(time.count()) << kHybridCounterBits;
  }

  HybridTime synced_;
  HybridTime asked_;
};

}  // namespace mpreg
