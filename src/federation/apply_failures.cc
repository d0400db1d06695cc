#include "federation/apply_failures.h"

#include <algorithm>

namespace mpreg {

bool ApplyFailures::add(NotApplied range) {
  range.first = std::max(range.first, known_through_ + 1);
  if (range.last < range.first) return false;
  const bool is_known = std::any_of(ranges_.begin(), ranges_.end(), [&](const NotApplied& one) {
    return one.first <= range.first && range.last <= one.last;
  });
  if (is_known) return false;
  const auto place = std::find_if(ranges_.begin(), ranges_.end(),
                                  [&](const NotApplied& one) { return one.first > range.first; });
  ranges_.insert(place, range);
  coalesce();
  return true;
}

// Ranges that overlap, and those of one reason that follow one another, become one.
void ApplyFailures::coalesce() {
  std::vector<NotApplied> all;
  for (const NotApplied& one : ranges_) {
    const bool overlaps = !all.empty() && one.first <= all.back().last;
    const bool follows =
        !all.empty() && one.first == all.back().last + 1 && one.reason == all.back().reason;
    if (overlaps || follows) {
      all.back().last = std::max(all.back().last, one.last);
    } else {
      all.push_back(one);
    }
  }
  while (all.size() > kRangesMax) {  // The oldest are the likeliest to be known soon.
    all[1].first = all[0].first;
    all.erase(all.begin());
  }
  ranges_ = std::move(all);
}

void ApplyFailures::know(Number through) {
  if (through <= known_through_) return;
  known_through_ = through;
  std::erase_if(ranges_, [&](const NotApplied& one) { return one.last <= through; });
  if (!ranges_.empty()) ranges_.front().first = std::max(ranges_.front().first, through + 1);
}

}  // namespace mpreg
