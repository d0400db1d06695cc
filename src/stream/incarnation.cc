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

void add_ancestor(std::vector<Incarnation>& ancestors, const Incarnation& incarnation) {
  if (incarnation.counter == 0) return;
  ancestors.push_back(incarnation);
  if (ancestors.size() > kIncarnationAncestorsMax) ancestors.erase(ancestors.begin());
}

bool accounts_for(const IncarnationRecord& record, const Incarnation& earlier) {
  if (earlier.counter == 0 || earlier == record.incarnation) return true;
  const bool is_parent = record.parent && (record.parent->incarnation == earlier ||
                                           record.parent->incarnation.counter == 0);
  return is_parent ||
         std::find(record.unused.begin(), record.unused.end(), earlier) != record.unused.end();
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

std::vector<StreamEnd> ends_at_succession(const IncarnationRecord& held, const LaneNumbers& numbers,
                                          const IncarnationRecord& met) {
  std::vector<StreamEnd> ends;
  const auto& parent = met.parent;
  const bool is_known =
      parent && (parent->incarnation == held.incarnation ||
                 (held.parent && held.parent->incarnation == parent->incarnation));
  for (std::size_t i = 0; i < kLanes; ++i) {
    const auto lane = static_cast<Lane>(i);
    const SuccessionDecision decision = decide_succession(held, numbers[i], lane, met);
    std::optional<Number> last;
    if (decision.succession == Succession::continues) last = numbers[i];
    if (decision.succession == Succession::fetch) last = decision.missing.last;
    ends.push_back({held.incarnation, lane, last});
    if (!parent || parent->incarnation.counter == 0 || is_known) continue;
    const auto& finals = parent->final_numbers;
    ends.push_back(
        {parent->incarnation, lane, finals ? std::optional((*finals)[i]) : std::nullopt});
  }
  return ends;
}

}  // namespace mpreg
