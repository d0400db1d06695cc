#include "store/retained_log.h"

#include <algorithm>

#include "base/error.h"

namespace mpreg {

LogPosition RetainedLog::append(LogEntry entry) {
  if (streams_.size() <= entry.stream) streams_.resize(entry.stream + 1);
  StreamPlaces& stream = streams_[entry.stream];
  if (!stream.known) {
    stream.known = true;
    stream.held_after = entry.after;
  }
  // Also when everything before it has been evicted: held_after is then where the last one ended.
  MPREG_CHECK(entry.after ==
              (stream.places.empty() ? stream.held_after : stream.places.back().first));
  const LogPosition position = end();
  stream.places.emplace_back(entry.through, position);
  bytes_ += entry.bytes();
  entries_.push_back(std::move(entry));
  return position;
}

const LogEntry* RetainedLog::find(LogPosition position) const {
  if (position < begin_ || position >= end()) return nullptr;
  return &entries_[position - begin_];
}

LogPosition RetainedLog::seek(StreamIndex stream, Number number) const {
  if (stream >= streams_.size()) return end();
  const auto& places = streams_[stream].places;
  const auto it = std::upper_bound(
      places.begin(), places.end(), number,
      [](Number n, const std::pair<Number, LogPosition>& place) { return n < place.first; });
  return it == places.end() ? end() : it->second;
}

std::optional<Number> RetainedLog::held_after(StreamIndex stream) const {
  if (stream >= streams_.size() || !streams_[stream].known) return std::nullopt;
  return streams_[stream].held_after;
}

std::optional<Number> RetainedLog::come_to(StreamIndex stream, LogPosition position) const {
  if (stream >= streams_.size()) return std::nullopt;
  const auto& places = streams_[stream].places;
  const auto it = std::lower_bound(places.begin(), places.end(), position,
                                   [](const std::pair<Number, LogPosition>& place, LogPosition at) {
                                     return place.second < at;
                                   });
  if (it == places.end()) return std::nullopt;
  return it == places.begin() ? streams_[stream].held_after : std::prev(it)->first;
}

LogEntry RetainedLog::evict() {
  LogEntry entry = std::move(entries_.front());
  entries_.pop_front();
  ++begin_;
  bytes_ -= entry.bytes();
  StreamPlaces& stream = streams_[entry.stream];
  stream.held_after = entry.through;
  stream.lost_end = begin_;
  stream.places.pop_front();
  return entry;
}

}  // namespace mpreg
