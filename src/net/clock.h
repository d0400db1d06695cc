#pragma once
// Clock: the one place that reads the time of this machine. A loop reads it once a turn and hands
// the value down.

#include "base/time.h"

namespace mpreg {

class Clock {
 public:
  // CLOCK_BOOTTIME (suspended time counts) and the wall clock, read one after the other. Blocks
  // never; may be called from any thread.
  [[nodiscard]] Now now() const;
  [[nodiscard]] Instant instant() const;
};

}  // namespace mpreg
