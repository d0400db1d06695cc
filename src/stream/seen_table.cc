#include "stream/seen_table.h"

#include <algorithm>

namespace mpreg {

StreamPlace SeenTable::intern(const StreamId& stream) {
  const auto place = static_cast<StreamPlace>(streams_.size());
  const auto [it, is_new] = places_.try_emplace(stream, place);
  if (!is_new) return it->second;
  Stream& added = streams_.emplace_back();
  added.id = &it->first;
  added.key = key_of(stream);
  keys_.emplace(added.key, place);
  for (const auto& [id, other] : places_) {
    if (id.origin != stream.origin || id.lane != stream.lane || other == place) continue;
    if (id < stream) {
      streams_[other].later.push_back(place);
    } else {
      added.later.push_back(other);
    }
  }
  return place;
}

std::optional<StreamPlace> SeenTable::find(const StreamId& stream) const {
  const auto it = places_.find(stream);
  return it == places_.end() ? std::nullopt : std::optional(it->second);
}

std::optional<StreamPlace> SeenTable::find(StreamKey key) const {
  const auto it = keys_.find(key);
  return it == keys_.end() ? std::nullopt : std::optional(it->second);
}

void SeenTable::note(Position from, Position seen) {
  auto& rows = streams_[from.stream].seen;
  if (rows.size() <= seen.stream) rows.resize(seen.stream + 1);
  Points& points = rows[seen.stream];
  const auto after =
      std::upper_bound(points.begin(), points.end(), from.number,
                       [](Number number, const Point& point) { return number < point.from; });
  if (after != points.begin() && std::prev(after)->seen >= seen.number) return;
  const auto at = points.insert(after, {from.number, seen.number});
  // What comes after it and says no more, and what it says better.
  const auto kept = std::find_if(at + 1, points.end(),
                                 [&](const Point& point) { return point.seen > seen.number; });
  const auto added = points.erase(at + 1, kept) - 1;
  if (added != points.begin() && (added - 1)->from == from.number) points.erase(added - 1);
  if (points.size() > kPointsMax) points.erase(points.begin());
}

const SeenTable::Points* SeenTable::points_of(StreamPlace stream, StreamPlace of) const {
  const auto& rows = streams_[stream].seen;
  return of < rows.size() && !rows[of].empty() ? &rows[of] : nullptr;
}

bool SeenTable::has_seen(Position write, Position other) const {
  if (!other.is_known()) return true;
  if (!write.is_known()) return false;
  if (write.stream == other.stream) return other.number < write.number;
  const Stream& of = streams_[other.stream];
  if (of.is_over) return true;
  if (const Points* points = points_of(write.stream, other.stream)) {
    for (auto point = points->rbegin(); point != points->rend(); ++point) {
      if (point->from > write.number) continue;
      if (point->seen >= other.number) return true;
      break;
    }
  }
  return std::any_of(of.later.begin(), of.later.end(), [&](StreamPlace later) {
    if (later == write.stream) return true;
    const Points* points = points_of(write.stream, later);
    return points != nullptr && points->front().from <= write.number;
  });
}

}  // namespace mpreg
