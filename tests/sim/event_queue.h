#pragma once
// EventQueue: virtual time, and what happens when. What is due at one instant happens in an order
// drawn from the seed.

#include <cstdint>
#include <functional>
#include <vector>

#include "base/time.h"
#include "random.h"

namespace mpreg::sim {

class EventQueue {
 public:
  using Action = std::function<void()>;

  // Without lots: in the order in which it came up.
  EventQueue(std::uint64_t seed, bool draws_lots) : random_(seed), draws_lots_(draws_lots) {}

  [[nodiscard]] Instant now() const { return now_; }

  // What is due in the past happens now.
  void at(Instant when, Action action);
  void in(Duration delay, Action action) { at(now_ + delay, std::move(action)); }

  // Runs what is due up to `until`, and lets the time pass up to there. Returns early when `stop`
  // says so after an event.
  void run_until(Instant until, const std::function<bool()>& stop);

  [[nodiscard]] std::uint64_t events() const { return events_; }

  static constexpr Instant kBeginning{std::chrono::seconds(1000)};

 private:
  struct Entry {
    Instant at;
    std::uint32_t lot = 0;  // Decides between what is due at one instant.
    std::uint32_t slot = 0;
    std::uint64_t order = 0;
  };
  [[nodiscard]] static bool later(const Entry& a, const Entry& b);

  Random random_;
  bool draws_lots_;
  Instant now_ = kBeginning;
  std::uint64_t events_ = 0;
  std::vector<Entry> heap_;
  std::vector<Action> actions_;
  std::vector<std::uint32_t> free_;
};

}  // namespace mpreg::sim
