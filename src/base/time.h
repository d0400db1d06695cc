#pragma once
// Instants and durations. Rooms without I/O are handed the time; only loops read a clock. An
// Instant counts from the boot of the machine (CLOCK_BOOTTIME: suspended time counts, so a lease
// ends while a laptop sleeps) or, in a simulation, from its beginning. A WallTime is for people and
// for displays, never for order.

#include <chrono>
#include <cstdint>

namespace mpreg {

using Duration = std::chrono::nanoseconds;

struct BootClock {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<BootClock>;
  static constexpr bool is_steady = true;
};
using Instant = BootClock::time_point;

// Milliseconds since 1970 in UTC.
using WallTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::milliseconds>;

// The two clocks read together at the start of a turn.
struct Now {
  Instant instant;
  WallTime wall;
};

}  // namespace mpreg
