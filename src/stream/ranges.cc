#include "stream/ranges.h"

#include <algorithm>

namespace mpreg {
namespace {

// The first range that ends at or after `number`.
template <typename Vector>
auto first_reaching(Vector& ranges, Number number) {
  return std::lower_bound(ranges.begin(), ranges.end(), number,
                          [](const NumberRange& range, Number n) { return range.last < n; });
}

}  // namespace

bool Ranges::contains(Number number) const { return contains_any({number, number}); }

bool Ranges::contains_any(NumberRange range) const {
  const auto it = first_reaching(ranges_, range.first);
  return it != ranges_.end() && it->first <= range.last;
}

bool Ranges::contains_all(NumberRange range) const {
  const auto it = first_reaching(ranges_, range.first);
  return it != ranges_.end() && it->first <= range.first && it->last >= range.last;
}

void Ranges::add(NumberRange range) {
  if (range.first > range.last) return;
  // The common case: the next number after everything known.
  if (range.first != 0 && !ranges_.empty() && ranges_.back().last == range.first - 1) {
    ranges_.back().last = range.last;
    return;
  }
  auto begin = first_reaching(ranges_, range.first == 0 ? 0 : range.first - 1);
  auto end = begin;
  while (end != ranges_.end() && (range.last == kNumberMax || end->first <= range.last + 1)) {
    range.first = std::min(range.first, end->first);
    range.last = std::max(range.last, end->last);
    ++end;
  }
  if (begin == end) {
    ranges_.insert(begin, range);
    return;
  }
  *begin = range;
  ranges_.erase(begin + 1, end);
}

void Ranges::forget_lowest(std::size_t count_max) {
  if (ranges_.size() <= count_max) return;
  ranges_.erase(ranges_.begin(), ranges_.end() - static_cast<std::ptrdiff_t>(count_max));
}

}  // namespace mpreg
