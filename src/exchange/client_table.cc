#include "exchange/client_table.h"

#include <algorithm>

namespace mpreg {
namespace {

// Segments come from outside: one that would run over the greatest number ends before it.
NumberRange range_of(const Segment& segment) {
  const Number room = kNumberMax - segment.first_operation;
  const Number count = std::min<Number>(segment.count, room);
  return {segment.first_operation, segment.first_operation + count - 1};
}

}  // namespace

ClientTable::Seen ClientTable::seen(const Segment& segment) const {
  const auto it = clients_.find(segment.client);
  if (it == clients_.end() || segment.count == 0) return Seen::none;
  const NumberRange range = range_of(segment);
  if (!it->second.ranges.contains_any(range)) return Seen::none;
  return it->second.ranges.contains_all(range) ? Seen::all : Seen::some;
}

bool ClientTable::seen(const OperationId& operation) const {
  const auto it = clients_.find(operation.client);
  return it != clients_.end() && it->second.ranges.contains(operation.operation);
}

void ClientTable::add(const Segment& segment) {
  if (segment.client == 0 || segment.count == 0) return;
  auto it = clients_.find(segment.client);
  if (it == clients_.end()) {
    if (clients_.size() >= clients_max_) {
      const auto oldest = clients_.find(by_use_.back());
      ranges_total_ -= oldest->second.ranges.ranges().size();
      clients_.erase(oldest);
      by_use_.pop_back();
    }
    by_use_.push_front(segment.client);
    it = clients_.emplace(segment.client, Entry{{}, by_use_.begin()}).first;
  } else if (it->second.place != by_use_.begin()) {
    by_use_.splice(by_use_.begin(), by_use_, it->second.place);
  }
  Ranges& ranges = it->second.ranges;
  ranges_total_ -= ranges.ranges().size();
  ranges.add(range_of(segment));
  if (ranges.ranges().size() > kRangesMax) ranges.forget_lowest(kRangesMax / 2);
  ranges_total_ += ranges.ranges().size();
  if (ranges_total_ > kRangesTotalMax) forget_old_ranges();
}

// From the client heard from longest ago on, until there is room for a while.
void ClientTable::forget_old_ranges() {
  for (auto client = by_use_.rbegin(); client != by_use_.rend(); ++client) {
    Ranges& ranges = clients_.at(*client).ranges;
    ranges_total_ -= ranges.ranges().size();
    ranges.forget_lowest(kRangesKeptMin);
    ranges_total_ += ranges.ranges().size();
    if (ranges_total_ <= kRangesTotalMax / 4 * 3) return;
  }
}

std::uint64_t ClientTable::contiguous_end(std::uint64_t client, std::uint64_t first) const {
  const auto it = clients_.find(client);
  if (it == clients_.end()) return first - 1;
  const std::vector<NumberRange>& ranges = it->second.ranges.ranges();
  const auto range = std::lower_bound(
      ranges.begin(), ranges.end(), first,
      [](const NumberRange& one, std::uint64_t number) { return one.last < number; });
  return range != ranges.end() && range->first <= first ? range->last : first - 1;
}

std::vector<NumberRange> ClientTable::accepted(std::uint64_t client) const {
  const auto it = clients_.find(client);
  if (it == clients_.end()) return {};
  const std::vector<NumberRange>& ranges = it->second.ranges.ranges();
  const std::size_t count = std::min(ranges.size(), kAcceptedMax);
  return {ranges.end() - static_cast<std::ptrdiff_t>(count), ranges.end()};
}

}  // namespace mpreg
