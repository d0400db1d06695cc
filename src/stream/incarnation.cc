#include "stream/incarnation.h"

#include <algorithm>

namespace mpreg {

IncarnationRecord successor_of(const IncarnationRecord& own, const IncarnationEnd& end,
                               std::uint64_t instance, const Incarnation& above) {
  IncarnationRecord next;
  next.incarnation = {std::max(own.incarnation.counter, above.counter) + 1, instance};
  if (end.is_used) {
    next.parent = IncarnationParent{own.incarnation, end.final_numbers};
    return next;
  }
  next.parent = own.parent;
  next.unused = own.unused;
  // Before the first start of a directory there is none that could be left out.
  if (own.incarnation.counter > 0) next.unused.push_back(own.incarnation);
  if (next.unused.size() > kUnusedMax) next.unused.erase(next.unused.begin());
  return next;
}

SuccessionDecision decide_succession(const IncarnationRecord& held, Number number, Lane lane,
                                     const IncarnationRecord& met) {
  if (met.incarnation == held.incarnation) return {Succession::same, {}};
  if (met.incarnation < held.incarnation) return {Succession::older, {}};
  if (met.parent && met.parent->incarnation == held.incarnation) {
    if (!met.parent->final_numbers) return {Succession::gap, {}};
    const Number last = (*met.parent->final_numbers)[static_cast<std::size_t>(lane)];
    if (last == number) return {Succession::continues, {}};
    // What is held beyond the end was numbered by a life that the directory does not remember.
    if (last < number) return {Succession::gap, {}};
    return {Succession::fetch, {number + 1, last}};
  }
  // The one that is held assigned no number, so there is nothing of it to miss; what was before it
  // was decided when it was met.
  const bool was_unused =
      std::find(met.unused.begin(), met.unused.end(), held.incarnation) != met.unused.end();
  return {was_unused && number == 0 ? Succession::continues : Succession::gap, {}};
}

}  // namespace mpreg
