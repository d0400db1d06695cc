#include "net/clock.h"

#include <ctime>

#include "base/error.h"

namespace mpreg {

Now Clock::now() const {
  timespec boot{};
  timespec wall{};
  MPREG_CHECK(clock_gettime(CLOCK_BOOTTIME, &boot) == 0);
  MPREG_CHECK(clock_gettime(CLOCK_REALTIME, &wall) == 0);
  return {Instant(std::chrono::seconds(boot.tv_sec) + std::chrono::nanoseconds(boot.tv_nsec)),
          WallTime(std::chrono::seconds(wall.tv_sec) +
                   std::chrono::milliseconds(wall.tv_nsec / 1'000'000))};
}

Instant Clock::instant() const {
  timespec boot{};
  MPREG_CHECK(clock_gettime(CLOCK_BOOTTIME, &boot) == 0);
  return Instant(std::chrono::seconds(boot.tv_sec) + std::chrono::nanoseconds(boot.tv_nsec));
}

}  // namespace mpreg
