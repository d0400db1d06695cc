#pragma once
// Spin: decides whether it pays to look for more work for a moment before the loop sleeps. Falling
// asleep and waking up cost some 50 us; while work comes quicker than the longest spin, looking on
// is likely to find it. Slower work is not found, and the looking costs it its core. Otherwise, and
// for a moment whenever others want the core, the loop sleeps at once: an idle broker costs
// nothing.

#include <algorithm>

#include "base/time.h"

namespace mpreg {

class Spin {
 public:
  explicit Spin(Duration max) : max_(max), usual_pause_(kForgetAfter * max) {}

  // The loop had nothing to do for so long before there was work again.
  void on_pause(Duration pause) {
    usual_pause_ += (std::min(pause, kForgetAfter * max_) - usual_pause_) / kWeight;
  }

  // Others want to run on this core: looking costs them, and us, more than it saves.
  void on_crowded() { on_pause(kForgetAfter * max_); }

  // How long to look before sleeping: zero or the maximum.
  [[nodiscard]] Duration budget() const { return usual_pause_ < max_ ? max_ : Duration::zero(); }

 private:
  // A long pause counts as this many spins: a handful of long pauses ends the spinning.
  static constexpr int kForgetAfter = 16;
  static constexpr int kWeight = 8;

  Duration max_;
  Duration usual_pause_;  // A moving average.
};

}  // namespace mpreg
