#include "node/own_incarnation.h"

#include <algorithm>
#include <utility>

namespace mpreg {

OwnIncarnation::OwnIncarnation(IncarnationRecord record, std::vector<Incarnation> ancestors,
                               std::uint64_t counter, std::uint64_t instance)
    : has_directory_(record.incarnation.counter > 0) {
  memory_.record =
      has_directory_ ? std::move(record) : record_without_past(Incarnation{counter, instance});
  memory_.ancestors = std::move(ancestors);
}

void OwnIncarnation::note_used() {
  if (memory_.end.is_used) return;
  memory_.end.is_used = true;
  ++memory_.revision;
}

void OwnIncarnation::note_final(const LaneNumbers& numbers) {
  memory_.end.final_numbers = numbers;
  ++memory_.revision;
}

bool OwnIncarnation::is_conflict(const Incarnation& known) const {
  if (known.counter == 0 || known.instance == incarnation().instance) return false;
  if (known > incarnation()) return true;
  const auto& ancestors = memory_.ancestors;
  return !accounts_for(memory_.record, known) &&
         std::find(ancestors.begin(), ancestors.end(), known) == ancestors.end();
}

bool OwnIncarnation::believes(const Incarnation& known) {
  return is_conflict(known) && !std::exchange(has_believed_, true);
}

void OwnIncarnation::begin(Renewal why, const Incarnation& above, const LaneNumbers& heads) {
  const Incarnation before = incarnation();
  IncarnationEnd end{memory_.end.is_used, heads};
  if (why == Renewal::rolled_back) end = {true, std::nullopt};
  memory_.record = successor_of(memory_.record, end, before.instance, above);
  // Of the other one nobody here knows what it numbered, nor who has got it.
  if (why == Renewal::conflict) memory_.record = record_without_past(incarnation());
  add_ancestor(memory_.ancestors, before);
  if (above != before) add_ancestor(memory_.ancestors, above);
  memory_.end = {true, std::nullopt};
  has_begun_again_ = true;
  ++memory_.revision;
  if (has_directory_) awaited_ = memory_.revision;
}

void OwnIncarnation::on_remembered(std::uint64_t revision) {
  remembered_ = std::max(remembered_, revision);
}

}  // namespace mpreg
