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
      clients_.erase(by_use_.back());
      by_use_.pop_back();
    }
    by_use_.push_front(segment.client);
    it = clients_.emplace(segment.client, Entry{{}, by_use_.begin()}).first;
  } else if (it->second.place != by_use_.begin()) {
    by_use_.splice(by_use_.begin(), by_use_, it->second.place);
  }
  it->second.ranges.add(range_of(segment));
  it->second.ranges.fill_lowest_holes(kRangesMax);
}

std::uint64_t ClientTable::contiguous_end(std::uint64_t client, std::uint64_t first) const {
  const auto it = clients_.find(client);
  if (it == clients_.end()) return first - 1;
  for (const NumberRange& range : it->second.ranges.ranges()) {
    if (range.first <= first && first <= range.last) return range.last;
  }
  return first - 1;
}

std::vector<NumberRange> ClientTable::accepted(std::uint64_t client) const {
  const auto it = clients_.find(client);
  if (it == clients_.end()) return {};
  return it->second.ranges.ranges();
}

}  // namespace mpreg
