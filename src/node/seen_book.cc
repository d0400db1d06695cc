#include "node/seen_book.h"

#include <algorithm>
#include <utility>

namespace mpreg {

StreamPlace SeenBook::place_of(StreamIndex stream, const StreamId& id) {
  if (places_.size() <= stream) places_.resize(stream + 1, kNoPlace);
  StreamPlace& place = places_[stream];
  if (place != kNoPlace) return place;
  place = table_.intern(id);
  if (streams_.size() <= place) streams_.resize(place + 1);
  streams_[place].is_own = id.origin == cluster_;
  over_elsewhere_.erase(table_.key_at(place));
  hold_back();
  return place;
}

void SeenBook::hold_back() {
  for (Stream& stream : streams_) stream.is_held_back = false;
  for (StreamPlace place = 0; place < streams_.size(); ++place) {
    const Stream& stream = streams_[place];
    if (!stream.is_started || stream.is_own || stream.is_complete) continue;
    for (const StreamPlace later : table_.later_of(place)) {
      if (later < streams_.size()) streams_[later].is_held_back = true;
    }
  }
}

void SeenBook::begin(StreamIndex own) {
  whole_due_ = {};
  streams_[places_[own]].is_started = true;
}

void SeenBook::await_end(StreamPlace place) {
  streams_[place].is_started = true;
  hold_back();
}

void SeenBook::complete(StreamPlace place) {
  if (std::exchange(streams_[place].is_complete, true)) return;
  hold_back();
}

void SeenBook::move(StreamPlace place, Number number) {
  Stream& stream = streams_[place];
  if (!stream.is_started) {
    others_ += stream.is_own ? 0 : 1;
    stream.is_started = true;
    hold_back();
  }
  if (number == kNumberMax) complete(place);
  stream.number = number;
  if (stream.is_own || stream.has_moved) return;
  stream.has_moved = true;
  moved_.push_back(place);
}

std::vector<Position> SeenBook::positions() const {
  std::vector<Position> positions;
  for (StreamPlace place = 0; place < streams_.size(); ++place) {
    const Stream& stream = streams_[place];
    if (!stream.is_started || stream.number == kNumberMax) continue;
    positions.push_back({place, stream.number});
  }
  return positions;
}

// One that is over is named while no later one of its cluster says the same.
SeenBook::SharedSeen SeenBook::take(Instant now) {
  std::vector<SeenPosition> seen;
  const bool is_whole = now >= whole_due_;
  if (is_whole) {
    whole_due_ = now + kWholeEvery;
    for (StreamPlace place = 0; place < streams_.size(); ++place) {
      const Stream& stream = streams_[place];
      if (!stream.is_started || stream.is_own || stream.is_held_back) continue;
      const auto& later = table_.later_of(place);
      const bool is_followed = std::any_of(later.begin(), later.end(), [&](StreamPlace one) {
        return one < streams_.size() && streams_[one].is_started && !streams_[one].is_held_back;
      });
      if (stream.number == kNumberMax && is_followed) continue;
      seen.push_back({table_.key_at(place), stream.number});
    }
    for (const StreamKey key : over_elsewhere_) seen.push_back({key, kNumberMax});
  }
  std::erase_if(moved_, [&](StreamPlace place) {
    Stream& stream = streams_[place];
    if (stream.is_held_back) return false;
    stream.has_moved = false;
    if (!is_whole) seen.push_back({table_.key_at(place), stream.number});
    return true;
  });
  if (seen.empty()) return nullptr;
  return std::make_shared<const std::vector<SeenPosition>>(std::move(seen));
}

// Of a stream that is not known here nothing can be held. Who says that a stream of ours is over
// has not seen what was numbered here after that.
bool SeenBook::note(Position from, const SharedSeen& seen) {
  if (!seen) return false;
  bool is_news = false;
  for (const SeenPosition& one : *seen) {
    const auto place = table_.find(one.stream);
    if (!place) {
      const bool is_over = one.number == kNumberMax && over_elsewhere_.size() < kOverElsewhereMax;
      is_news = (is_over && over_elsewhere_.insert(one.stream).second) || is_news;
      continue;
    }
    const bool is_ours = *place < streams_.size() && streams_[*place].is_own;
    if (!is_ours || one.number != kNumberMax) table_.note(from, {*place, one.number});
  }
  return is_news;
}

// In this connection, and so by this broker: otherwise its writer may not know of what its value
// would hide. The wire has the lowest 32 bits; so many applications do not happen while a
// connection is silent.
bool SeenBook::may_use_value(const ReplicaStore& store, const Body& body, std::uint32_t index,
                             const CacheAddress& address) const {
  const Segment segment = segment_of(body.segments, index);
  if (segment.told == 0) return false;
  const std::uint32_t since = static_cast<std::uint32_t>(applied_) - segment.told;
  if (since >= applied_) return false;
  const OperationId operation = operation_of(body.segments, index);
  return !store.has_changed(address, apply_order(applied_ - since),
                            write_id(operation.client, operation.operation));
}

Placed SeenBook::place(ReplicaStore& store, const Fact& fact, const CacheAddress& address) const {
  const Record& record = fact.record;
  const OperationId operation = operation_of(fact.body.segments, record.index);
  Placed placed;
  placed.order = apply_order(fact.applied, record.index);
  placed.written.position = {fact.place, fact.body.first() + record.index};
  placed.written.writer = write_id(operation.client, operation.operation);
  if (!fact.is_about_key || store.resolved().resolver_of(address.namespace_name) != nullptr) {
    return placed;
  }
  if (!streams_[fact.place].is_own) {
    placed.written.judgement = store.judge(address, placed.written.position);
  } else if (record.kind == RecordKind::replication) {
    // Everything that is applied here has been seen by what is numbered here; and what its client
    // knew was looked at when it was checked.
    placed.written.is_chained = (record.flags & kInvalidates) == 0;
  } else {
    placed.written.is_chained = may_use_value(store, fact.body, record.index, address);
  }
  return placed;
}

}  // namespace mpreg
