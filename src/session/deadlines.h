#pragma once
// Deadlines: numbered things that wait for an answer, each with the moment at which it is given up.
// Requests and tracked operations of a session are kept so: thousands at a time, nearly all of
// which are answered, so coming and going is a place in a hash table, and the deadlines are only
// looked at when the earliest may have come.

#include <tsl/robin_map.h>

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/time.h"

namespace mpreg {

class Deadlines {
 public:
  void add(std::uint64_t number, Instant deadline) {
    if (!by_number_.emplace(number, deadline).second) return;
    next_ = std::min(next_, deadline);
  }

  // False when it was not waiting.
  bool take(std::uint64_t number) {
    const bool was_there = by_number_.erase(number) > 0;
    if (by_number_.empty()) next_ = Instant::max();
    return was_there;
  }

  // Removes what is due, earliest first.
  [[nodiscard]] std::vector<std::uint64_t> take_due(Instant now) {
    if (now < next_) return {};
    std::vector<std::pair<Instant, std::uint64_t>> due;
    next_ = Instant::max();
    for (const auto& [number, deadline] : by_number_) {
      if (deadline <= now) {
        due.emplace_back(deadline, number);
      } else {
        next_ = std::min(next_, deadline);
      }
    }
    std::sort(due.begin(), due.end());
    std::vector<std::uint64_t> numbers;
    for (const auto& [deadline, number] : due) {
      by_number_.erase(number);
      numbers.push_back(number);
    }
    return numbers;
  }

  // Removes everything, lowest number first.
  [[nodiscard]] std::vector<std::uint64_t> take_all() {
    std::vector<std::uint64_t> all;
    for (const auto& [number, deadline] : by_number_) all.push_back(number);
    std::sort(all.begin(), all.end());
    by_number_.clear();
    next_ = Instant::max();
    return all;
  }

  [[nodiscard]] bool contains(std::uint64_t number) const { return by_number_.contains(number); }
  [[nodiscard]] std::size_t size() const { return by_number_.size(); }
  // No deadline is before this. Instant::max() when nothing waits.
  [[nodiscard]] Instant next() const { return next_; }

 private:
  tsl::robin_map<std::uint64_t, Instant> by_number_;
  Instant next_ = Instant::max();
};

}  // namespace mpreg
