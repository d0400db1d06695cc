#include "topic/pattern_index.h"

#include <algorithm>

#include "topic/match.h"

namespace mpreg {

void PatternIndex::add(std::string_view pattern, std::uint32_t id) {
  entries_[std::string(pattern)].push_back(id);
  ++revision_;
}

bool PatternIndex::remove(std::string_view pattern, std::uint32_t id) {
  const auto it = entries_.find(pattern);
  if (it == entries_.end()) return false;
  const auto at = std::find(it->second.begin(), it->second.end(), id);
  if (at == it->second.end()) return false;
  it->second.erase(at);
  if (it->second.empty()) entries_.erase(it);
  ++revision_;
  return true;
}

void PatternIndex::match(std::string_view topic, std::vector<std::uint32_t>& ids) const {
  ids.clear();
  for (const auto& [pattern, holders] : entries_) {
    if (matches_for_clients(pattern, topic)) {
      ids.insert(ids.end(), holders.begin(), holders.end());
    }
  }
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
}

std::size_t PatternIndex::bytes() const {
  std::size_t bytes = 0;
  for (const auto& [pattern, holders] : entries_) {
    bytes += 64 + pattern.capacity() + holders.capacity() * sizeof(std::uint32_t);
  }
  return bytes;
}

}  // namespace mpreg
