#pragma once
// Deadlines: numbered things that wait for an answer, each with the moment at which it is given up.
// Requests and tracked operations of a session are kept so.

#include <cstdint>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "base/time.h"

namespace mpreg {

class Deadlines {
 public:
  void add(std::uint64_t number, Instant deadline) {
    if (by_number_.try_emplace(number, deadline).second) by_time_.emplace(deadline, number);
  }

  // False when it was not waiting.
  bool take(std::uint64_t number) {
    const auto it = by_number_.find(number);
    if (it == by_number_.end()) return false;
    by_time_.erase({it->second, number});
    by_number_.erase(it);
    return true;
  }

  // Removes what is due, earliest first.
  [[nodiscard]] std::vector<std::uint64_t> take_due(Instant now) {
    std::vector<std::uint64_t> due;
    while (!by_time_.empty() && by_time_.begin()->first <= now) {
      due.push_back(by_time_.begin()->second);
      take(due.back());
    }
    return due;
  }

  // Removes everything, lowest number first.
  [[nodiscard]] std::vector<std::uint64_t> take_all() {
    std::vector<std::uint64_t> all;
    for (const auto& [number, deadline] : by_number_) all.push_back(number);
    by_number_.clear();
    by_time_.clear();
    return all;
  }

  [[nodiscard]] bool contains(std::uint64_t number) const { return by_number_.contains(number); }
  [[nodiscard]] std::size_t size() const { return by_number_.size(); }
  // Instant::max() when nothing waits.
  [[nodiscard]] Instant next() const {
    return by_time_.empty() ? Instant::max() : by_time_.begin()->first;
  }

 private:
  std::map<std::uint64_t, Instant> by_number_;
  std::set<std::pair<Instant, std::uint64_t>> by_time_;
};

}  // namespace mpreg
