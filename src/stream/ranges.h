#pragma once
// Ranges: a set of numbers kept as disjoint closed ranges, for what arrives with holes: operations
// of a client that were sent through two brokers, pieces of a stream that came before their turn.

#include <cstddef>
#include <vector>

#include "stream/stream_id.h"

namespace mpreg {

struct NumberRange {
  Number first = 0;
  Number last = 0;  // Inclusive.

  friend bool operator==(const NumberRange&, const NumberRange&) = default;
};

class Ranges {
 public:
  [[nodiscard]] bool contains(Number number) const;
  [[nodiscard]] bool contains_any(NumberRange range) const;
  [[nodiscard]] bool contains_all(NumberRange range) const;

  // Adds the range and joins it with its neighbours. Cost: logarithmic plus the ranges that it
  // swallows.
  void add(NumberRange range);

  // Keeps the highest `count_max` ranges: what was in the others is as if it had never been added.
  // A hole is never taken as filled: something that still comes may belong there.
  void forget_lowest(std::size_t count_max);

  [[nodiscard]] const std::vector<NumberRange>& ranges() const { return ranges_; }
  [[nodiscard]] bool empty() const { return ranges_.empty(); }

  friend bool operator==(const Ranges&, const Ranges&) = default;

 private:
  std::vector<NumberRange> ranges_;  // Ascending, with a hole between any two.
};

}  // namespace mpreg
