#include "stream/lineage.h"

#include <algorithm>

namespace mpreg {
namespace {

// Who waits for a number of an incarnation that is further back is told that it is lost.
constexpr std::size_t kEndsMax = 16;

}  // namespace

Lineage::News Lineage::meet(const IncarnationRecord& record) {
  learn_ends(record);
  if (!current_) {
    current_ = record;
    return News::first;
  }
  if (record.incarnation == current_->incarnation) return News::known;
  if (record.incarnation < current_->incarnation) return News::older;
  current_ = record;
  return News::newer;
}

// The record of an earlier incarnation says how one before it has ended, which may be news too.
void Lineage::learn_ends(const IncarnationRecord& record) {
  if (record.parent && record.parent->final_numbers) {
    ends_.insert_or_assign(record.parent->incarnation, *record.parent->final_numbers);
  }
  for (const Incarnation& unused : record.unused) ends_.insert_or_assign(unused, LaneNumbers{});
  while (ends_.size() > kEndsMax) ends_.erase(ends_.begin());
}

void Lineage::forget(const Incarnation& incarnation) {
  forgotten_ = std::max(forgotten_, incarnation);
}

bool Lineage::is_over(const Incarnation& incarnation) const {
  return incarnation <= forgotten_ || (current_ && incarnation < current_->incarnation);
}

std::optional<Number> Lineage::final_number(const Incarnation& incarnation, Lane lane) const {
  const auto end = ends_.find(incarnation);
  if (end == ends_.end() || !is_over(incarnation)) return std::nullopt;
  return end->second[static_cast<std::size_t>(lane)];
}

WaitState wait_state(const Lineage& lineage, const Incarnation& incarnation, Lane lane,
                     Number wanted, Number held) {
  if (held >= wanted) return WaitState::reached;
  if (!lineage.is_over(incarnation)) return WaitState::waiting;
  const std::optional<Number> last = lineage.final_number(incarnation, lane);
  // What was numbered can still be fetched from somebody who holds it, or ends as a gap.
  return last && wanted <= *last ? WaitState::waiting : WaitState::lost;
}

}  // namespace mpreg
