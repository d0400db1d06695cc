#include "event_queue.h"

#include <algorithm>
#include <tuple>

namespace mpreg::sim {

bool EventQueue::later(const Entry& a, const Entry& b) {
  return std::tie(a.at, a.lot, a.order) > std::tie(b.at, b.lot, b.order);
}

void EventQueue::at(Instant when, Action action) {
  std::uint32_t slot = 0;
  if (free_.empty()) {
    slot = static_cast<std::uint32_t>(actions_.size());
    actions_.emplace_back();
  } else {
    slot = free_.back();
    free_.pop_back();
  }
  actions_[slot] = std::move(action);
  const auto lot = draws_lots_ ? static_cast<std::uint32_t>(random_.next()) : 0;
  heap_.push_back({std::max(when, now_), lot, slot, ++events_});
  std::push_heap(heap_.begin(), heap_.end(), later);
}

void EventQueue::run_until(Instant until, const std::function<bool()>& stop) {
  while (!heap_.empty() && heap_.front().at <= until) {
    std::pop_heap(heap_.begin(), heap_.end(), later);
    const Entry entry = heap_.back();
    heap_.pop_back();
    now_ = entry.at;
    const Action action = std::move(actions_[entry.slot]);
    actions_[entry.slot] = nullptr;
    free_.push_back(entry.slot);
    action();
    if (stop()) return;
  }
  now_ = std::max(now_, until);
}

}  // namespace mpreg::sim
