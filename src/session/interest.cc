#include "session/interest.h"

namespace mpreg {

std::uint64_t Interest::begin(std::uint64_t request, const Subscription& subscription) {
  Entry& entry = entries_[subscription.id];
  std::uint64_t replaced = 0;
  if (entry.pending) {
    replaced = entry.pending->request;
    requests_.erase(replaced);
    uncount(entry.pending->subscription.patterns);
  }
  count(subscription.patterns);
  entry.pending = Pending{request, subscription};
  requests_[request] = subscription.id;
  return replaced;
}

void Interest::count(const std::vector<std::string>& patterns) {
  patterns_asked_ += patterns.size();
  for (const std::string& pattern : patterns) pattern_bytes_asked_ += hello_bytes_of(pattern);
}

void Interest::uncount(const std::vector<std::string>& patterns) {
  patterns_asked_ -= patterns.size();
  for (const std::string& pattern : patterns) pattern_bytes_asked_ -= hello_bytes_of(pattern);
}

bool Interest::confirm(std::uint64_t request, const std::vector<Start>& starts) {
  const auto it = requests_.find(request);
  if (it == requests_.end()) return false;
  const std::uint32_t id = it->second;
  requests_.erase(it);
  Entry& entry = entries_[id];
  const std::vector<std::string> patterns = std::move(entry.pending->subscription.patterns);
  const std::string group = std::move(entry.pending->subscription.group);
  entry.pending.reset();
  entry.backlog_void = false;
  if (entry.slot) {
    // It was active: it has had what its old patterns match, so its seam stays where it was.
    uncount(entry.patterns);
    std::vector<Number> kept = std::move(slots_[*entry.slot].starts);
    deactivate(entry);
    entry.group = group;
    activate(id, entry, patterns);
    slots_[*entry.slot].starts = std::move(kept);
    return true;
  }
  entry.group = group;
  activate(id, entry, patterns);
  auto& own = slots_[*entry.slot].starts;
  for (const Start& start : starts) {
    if (own.size() <= start.stream) own.resize(start.stream + 1, 0);
    if (seams_.size() <= start.stream) seams_.resize(start.stream + 1, 0);
    own[start.stream] = start.after;
    if (seams_[start.stream] < start.after) seams_[start.stream] = start.after;
  }
  return true;
}

bool Interest::is_active(std::uint32_t id) const {
  const auto it = entries_.find(id);
  return it != entries_.end() && it->second.slot.has_value();
}

void Interest::void_backlog(std::uint32_t id) {
  if (const auto it = entries_.find(id); it != entries_.end()) it->second.backlog_void = true;
}

bool Interest::takes_backlog(std::uint32_t id) const {
  const auto it = entries_.find(id);
  return it != entries_.end() && it->second.slot && !it->second.backlog_void;
}

bool Interest::refuse(std::uint64_t request) {
  const auto it = requests_.find(request);
  if (it == requests_.end()) return false;
  const auto entry = entries_.find(it->second);
  requests_.erase(it);
  uncount(entry->second.pending->subscription.patterns);
  entry->second.pending.reset();
  if (!entry->second.slot) entries_.erase(entry);
  return true;
}

std::optional<std::uint64_t> Interest::remove(std::uint32_t id) {
  const auto it = entries_.find(id);
  if (it == entries_.end()) return std::nullopt;
  std::uint64_t waited = 0;
  if (it->second.pending) {
    waited = it->second.pending->request;
    requests_.erase(waited);
    uncount(it->second.pending->subscription.patterns);
  }
  if (it->second.slot) uncount(it->second.patterns);
  deactivate(it->second);
  entries_.erase(it);
  return waited;
}

void Interest::activate(std::uint32_t id, Entry& entry, const std::vector<std::string>& patterns) {
  if (free_slots_.empty()) {
    entry.slot = static_cast<std::uint32_t>(slots_.size());
    slots_.emplace_back();
  } else {
    entry.slot = free_slots_.back();
    free_slots_.pop_back();
  }
  slots_[*entry.slot] = Slot{id, {}};
  entry.patterns = patterns;
  if (!entry.group.empty()) return;  // What is for it comes for it alone.
  for (const std::string& pattern : patterns) patterns_.add(pattern, *entry.slot);
}

void Interest::deactivate(Entry& entry) {
  if (!entry.slot) return;
  for (const std::string& pattern : entry.patterns) patterns_.remove(pattern, *entry.slot);
  slots_[*entry.slot] = Slot{};
  free_slots_.push_back(*entry.slot);
  entry.slot.reset();
}

bool Interest::counts(std::uint32_t slot, StreamIndex stream, Number number) const {
  const auto& starts = slots_[slot].starts;
  return stream >= starts.size() || number > starts[stream];
}

std::vector<Subscription> Interest::active() const {
  std::vector<Subscription> active;
  for (const auto& [id, entry] : entries_) {
    if (entry.slot) active.push_back({id, entry.patterns, 0, 0, entry.group});
  }
  return active;
}

std::vector<Interest::Pending> Interest::pending() const {
  std::vector<Pending> pending;
  for (const auto& [id, entry] : entries_) {
    if (entry.pending) pending.push_back(*entry.pending);
  }
  return pending;
}

}  // namespace mpreg
