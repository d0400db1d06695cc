#include "message/vector_clock.h"

#include <algorithm>
#include <limits>

#include "base/text.h"

namespace mpreg {
namespace {

constexpr std::uint64_t kEventsMax = std::numeric_limits<std::uint64_t>::max();

Result<void> check_node_id(std::string_view node) {
  if (node.empty()) return fail(ErrorCode::malformed, "node id of a vector clock is empty");
  if (node.size() > VectorClock::kNodeIdBytesMax) {
    return fail(ErrorCode::malformed, "node id of a vector clock has " +
                                          std::to_string(node.size()) + " bytes, at most " +
                                          std::to_string(VectorClock::kNodeIdBytesMax) +
                                          " are allowed");
  }
  return {};
}

Result<void> check_nodes(std::size_t nodes) {
  if (nodes <= VectorClock::kNodesMax) return {};
  return fail(ErrorCode::refused, "vector clock has " + std::to_string(nodes) + " nodes, at most " +
                                      std::to_string(VectorClock::kNodesMax) + " are allowed");
}

template <typename Entries>
auto first_at_or_after(Entries& entries, std::string_view node) {
  return std::lower_bound(entries.begin(), entries.end(), node,
                          [](const VectorClock::Entry& entry, std::string_view id) {
                            return entry.first.compare(id) < 0;
                          });
}

// Calls visit(entry of a or null, entry of b or null) for each node of either, in order.
template <typename Visit>
void walk(const std::vector<VectorClock::Entry>& a, const std::vector<VectorClock::Entry>& b,
          Visit visit) {
  auto left = a.begin();
  auto right = b.begin();
  while (left != a.end() || right != b.end()) {
    const bool only_left = right == b.end() || (left != a.end() && left->first < right->first);
    const bool only_right = left == a.end() || (right != b.end() && right->first < left->first);
    visit(only_right ? nullptr : &*left, only_left ? nullptr : &*right);
    if (!only_right) ++left;
    if (!only_left) ++right;
  }
}

}  // namespace

Result<VectorClock> VectorClock::from_entries(std::vector<Entry> entries) {
  if (auto checked = check_nodes(entries.size()); !checked) return tl::unexpected(checked.error());
  for (const auto& [node, events] : entries) {
    if (auto checked = check_node_id(node); !checked) return tl::unexpected(checked.error());
  }
  std::sort(entries.begin(), entries.end());
  const auto twice =
      std::adjacent_find(entries.begin(), entries.end(),
                         [](const Entry& a, const Entry& b) { return a.first == b.first; });
  if (twice != entries.end()) {
    return fail(ErrorCode::malformed,
                "vector clock names node " + in_quotes(twice->first) + " twice");
  }
  std::erase_if(entries, [](const Entry& entry) { return entry.second == 0; });
  VectorClock clock;
  clock.entries_ = std::move(entries);
  return clock;
}

Result<void> VectorClock::increment(std::string_view node) {
  if (auto checked = check_node_id(node); !checked) return checked;
  const auto it = first_at_or_after(entries_, node);
  if (it == entries_.end() || it->first != node) {
    if (auto checked = check_nodes(entries_.size() + 1); !checked) return checked;
    entries_.emplace(it, node, 1);
    return {};
  }
  if (it->second == kEventsMax) {
    return fail(ErrorCode::refused, "vector clock of node " + in_quotes(node) + " stands at " +
                                        std::to_string(kEventsMax) + ", the most that it can hold");
  }
  ++it->second;
  return {};
}

Result<void> VectorClock::merge(const VectorClock& other) {
  std::vector<Entry> merged;
  merged.reserve(std::max(entries_.size(), other.entries_.size()));
  walk(entries_, other.entries_, [&](const Entry* mine, const Entry* theirs) {
    merged.push_back(
        mine == nullptr || (theirs != nullptr && theirs->second > mine->second) ? *theirs : *mine);
  });
  if (auto checked = check_nodes(merged.size()); !checked) return checked;
  entries_ = std::move(merged);
  return {};
}

VectorClock::Relation VectorClock::relation(const VectorClock& other) const {
  bool less = false;
  bool greater = false;
  walk(entries_, other.entries_, [&](const Entry* mine, const Entry* theirs) {
    const std::uint64_t here = mine == nullptr ? 0 : mine->second;
    const std::uint64_t there = theirs == nullptr ? 0 : theirs->second;
    less = less || here < there;
    greater = greater || here > there;
  });
  if (less && greater) return Relation::concurrent;
  if (less) return Relation::before;
  return greater ? Relation::after : Relation::equal;
}

std::uint64_t VectorClock::at(std::string_view node) const {
  const auto it = first_at_or_after(entries_, node);
  return it == entries_.end() || it->first != node ? 0 : it->second;
}

std::uint64_t VectorClock::max() const {
  std::uint64_t most = 0;
  for (const auto& [node, events] : entries_) most = std::max(most, events);
  return most;
}

Result<std::uint64_t> VectorClock::total() const {
  std::uint64_t sum = 0;
  for (const auto& [node, events] : entries_) {
    if (events > kEventsMax - sum) {
      return fail(ErrorCode::refused, "total of a vector clock exceeds " +
                                          std::to_string(kEventsMax) + " at node " +
                                          in_quotes(node));
    }
    sum += events;
  }
  return sum;
}

std::string_view name_of(VectorClock::Relation relation) {
  switch (relation) {
    case VectorClock::Relation::equal:
      return "equal";
    case VectorClock::Relation::before:
      return "before";
    case VectorClock::Relation::after:
      return "after";
    case VectorClock::Relation::concurrent:
      return "concurrent";
  }
  return "unknown";
}

}  // namespace mpreg
