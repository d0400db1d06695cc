#include "stream/lineage.h"

#include <algorithm>
#include <utility>

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
  if (record.incarnation < current_->incarnation) {
    note_stray(record.incarnation);
    return News::older;
  }
  const Incarnation before = current_->incarnation;
  current_ = record;
  note_stray(std::exchange(stray_, {}));
  note_stray(before);
  return News::newer;
}

void Lineage::note_stray(const Incarnation& incarnation) {
  if (!current_ || incarnation > current_->incarnation || incarnation <= forgotten_) return;
  if (!accounts_for(*current_, incarnation)) stray_ = std::max(stray_, incarnation);
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

std::optional<Number> Lineage::end_before_current(const Incarnation& incarnation, Lane lane) const {
  const bool is_chained = current_ && current_->parent &&
                          current_->parent->incarnation.counter > 0 &&
                          accounts_for(*current_, incarnation);
  return is_chained ? final_number(incarnation, lane) : std::nullopt;
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
