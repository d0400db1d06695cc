#include "federation/clock_offset.h"

#include <utility>

namespace mpreg {
namespace {

using std::chrono::milliseconds;

// Wall clocks are told in whole milliseconds, rounded down.
constexpr milliseconds kResolution{1};

}  // namespace

bool ClockOffset::measure(const Measurement& one, milliseconds offset_max) {
  const Duration slack = one.arrived.instant - one.asked - one.held;
  // It echoes what we have not sent yet, or says that it held it for longer than there was time.
  if (slack < Duration::zero()) return false;
  const milliseconds low = one.theirs - one.arrived.wall;
  const milliseconds high = low + std::chrono::ceil<milliseconds>(slack) + kResolution;
  Verdict now = Verdict::agrees;
  if (low > offset_max) now = Verdict::ahead;
  if (high < -offset_max) now = Verdict::behind;
  seen_ = now == candidate_ ? seen_ + 1 : 1;
  candidate_ = now;
  if (now == verdict_ || verdict_ == Verdict::unknown || seen_ >= kConfirmations) {
    offset_ = low + (high - low) / 2;
    const bool is_news = now != verdict_;
    verdict_ = now;
    return is_news;
  }
  return false;
}

bool OwnClockWatch::was_set(const Now& now, milliseconds offset_max) {
  const Now before = std::exchange(last_, now);
  if (!std::exchange(has_last_, true)) return false;
  const auto by_wall = now.wall - before.wall;
  const auto by_time = std::chrono::duration_cast<milliseconds>(now.instant - before.instant);
  return by_wall - by_time > offset_max || by_time - by_wall > offset_max;
}

}  // namespace mpreg
