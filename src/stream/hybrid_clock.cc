#include "stream/hybrid_clock.h"

namespace mpreg {

HybridTime HybridClock::next(WallTime wall) const {
  return std::max(last_ + 1, hybrid_time_of(wall));
}

HybridTime HybridClock::issue(WallTime wall, std::uint32_t count) {
  const HybridTime first = next(wall);
  last_ = first + count - 1;
  return first;
}

bool HybridClock::observe(HybridTime seen, WallTime wall, std::chrono::milliseconds offset_max) {
  const auto limit = static_cast<std::uint64_t>(
      std::max<std::int64_t>((wall.time_since_epoch() + offset_max).count(), 0));
  if (milliseconds_of(seen) > limit) return false;
  last_ = std::max(last_, seen);
  return true;
}

}  // namespace mpreg
