#include "store/retention.h"

#include <algorithm>

namespace mpreg {

std::uint64_t Retention::bytes() const {
  std::uint64_t bytes = 0;
  for (const RetainedLog& log : logs_) bytes += log.bytes();
  return bytes;
}

void Retention::enforce() {
  while (bytes() > bytes_max_) {
    RetainedLog& cache = log(Lane::cache);
    RetainedLog& events = log(Lane::events);
    RetainedLog& bulk = log(Lane::bulk);
    const std::uint64_t others = events.bytes() + bulk.bytes();
    ++evicted_;
    if (others == 0 || cache.bytes() > bytes_max_ / 4 * 3) {
      const LogPosition position = cache.begin();
      remember(position, cache.evict());
    } else if (events.bytes() >= bulk.bytes()) {
      events.evict();
    } else {
      bulk.evict();
    }
  }
}

void Retention::remember(LogPosition position, const LogEntry& lost) {
  if (!lost.namespaces) {
    lost_anything_end_ = position + 1;
  } else {
    for (const std::string& name : *lost.namespaces) lost_[name] = position;
  }
  // Too many to name: forget the ones lost longest ago, and from there on answer "all".
  while (lost_.size() > kNamespacesRememberedMax) {
    const auto oldest =
        std::min_element(lost_.begin(), lost_.end(),
                         [](const auto& a, const auto& b) { return a.second < b.second; });
    lost_anything_end_ = std::max(lost_anything_end_, oldest->second + 1);
    lost_.erase(oldest);
  }
}

Scope Retention::lost_since(LogPosition position) const {
  if (position < lost_anything_end_) return {ScopeKind::all, {}};
  Scope scope{ScopeKind::namespaces, {}};
  for (const auto& [name, last] : lost_) {
    if (last >= position) scope.names.push_back(name);
  }
  if (scope.names.empty()) scope.kind = ScopeKind::all;
  return scope;
}

}  // namespace mpreg
