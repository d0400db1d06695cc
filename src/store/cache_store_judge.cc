// CacheStore: which of two writes counts, by what their writers had seen. No clock takes part.
//
// A store keeps for each key the positions that its state stands for. A write replaces the state if
// it has seen all of them, and is ignored if the value that is held has seen it; otherwise the two
// were concurrent, nobody's value is used, and a mark stands for both. What is forgotten is merged
// into the floor: for a key of which nothing is held the state stands for the floor. The model is
// tests/model/values.pml.

#include <algorithm>

#include "store/cache_entry.h"
#include "store/cache_store.h"

namespace mpreg {

void CacheStore::PositionFloor::raise(Position position) {
  if (!position.is_known()) return;
  if (after.size() <= position.stream) after.resize(position.stream + 1);
  const Number next = position.number == kNumberMax ? kNumberMax : position.number + 1;
  if (next <= after[position.stream]) return;
  after[position.stream] = next;
  is_raised = true;
}

// What a stream has seen it has seen for good: until the floor rises the answer stays.
bool CacheStore::covers(PositionFloor& floor, Position write) const {
  if (floor.after.empty() || (!floor.is_raised && floor.covered_by == write.stream)) return true;
  for (StreamPlace stream = 0; stream < floor.after.size(); ++stream) {
    const Number next = floor.after[stream];
    if (next == 0) continue;
    const Number number = next == kNumberMax ? kNumberMax : next - 1;
    if (!options_.seen->has_seen(write, {stream, number})) return false;
  }
  floor.is_raised = false;
  floor.covered_by = write.stream;
  return true;
}

bool CacheStore::covers_floor(NamespaceId space, Position write) {
  return covers(spaces_[space].positions, write) && covers(floor_everywhere_, write);
}

Judgement CacheStore::judge(const StoreKey& key, Position write) {
  const std::uint64_t hash = hash_of(key);
  Slot* slot = find(key, hash);
  // What is cut stands for the floor, where the cut is. (What has expired is what it was.)
  if (slot != nullptr && is_cut(head(slot->handle))) {
    drop_cut(slot, hash);
    slot = nullptr;
  }
  if (slot == nullptr)
    return covers_floor(key.space, write) ? Judgement::replaces : Judgement::concurrent;
  const Head& entry = head(slot->handle);
  if (!entry.is_mark() && entry.is_filled == 0) {
    const Position held = entry.written_at();
    if (held == write || options_.seen->has_seen(held, write)) return Judgement::ignored;
  }
  bool has_seen_all =
      (entry.stands_for_floor == 0 && entry.is_filled == 0) || covers_floor(key.space, write);
  for_each_position(entry, [&](Position one) {
    has_seen_all = has_seen_all && options_.seen->has_seen(write, one);
  });
  return has_seen_all ? Judgement::replaces : Judgement::concurrent;
}

void CacheStore::LastChange::note(HybridTime at, WriteId writer, bool is_chained) {
  if (!is_chained) {
    by_others = std::max(by_others, at);
  } else if (writer.client == by.client || latest == 0) {
    const bool is_later =
        latest == 0 || static_cast<std::int32_t>(writer.operation - by.operation) > 0;
    by = is_later ? writer : by;
    latest = std::max(latest, at);
  } else if (at < latest) {
    by_others = std::max(by_others, at);
  } else {
    by_others = std::max(by_others, latest);
    latest = at;
    by = writer;
  }
}

bool CacheStore::LastChange::is_after(HybridTime told, WriteId writer) const {
  if (by_others > told) return true;
  if (latest <= told) return false;
  // Of one client a call that is earlier than what is here comes late.
  return writer.client != by.client ||
         static_cast<std::int32_t>(writer.operation - by.operation) <= 0;
}

bool CacheStore::has_changed(const StoreKey& key, HybridTime told, WriteId writer) const {
  if (key.space >= spaces_.size()) return cut_everywhere_.is_after(told, writer);
  const Space& space = spaces_[key.space];
  const std::uint64_t hash = hash_of(key);
  const Slot* slot = find(key, hash);
  const bool is_in_cut = space.cut.is_after(told, writer);
  const bool is_in_cut_everywhere = cut_everywhere_.is_after(told, writer);
  if (slot == nullptr) {
    const auto& forgotten = space.forgotten_changes;
    return is_in_cut || is_in_cut_everywhere ||
           (!forgotten.empty() && forgotten[hash % forgotten.size()].is_after(told, writer));
  }
  const Head& entry = head(slot->handle);
  const CutSubject subject = subject_of(entry);
  // An entry that is cut has changed when it was cut.
  if (is_in_cut && space.cuts.drops(subject, entry.era, options_.seen)) return true;
  if (is_in_cut_everywhere && everywhere_.drops(subject, entry.era, options_.seen)) return true;
  // What was loaded from the source may be newer than what anybody has told.
  if (entry.is_filled != 0 && writer == WriteId{}) return true;
  LastChange last;
  last.note(entry.written().time, entry.writer, entry.is_chained != 0);
  return last.is_after(told, writer);
}

void CacheStore::raise_floor(std::optional<NamespaceId> space,
                             std::span<const Position> positions) {
  PositionFloor& floor = space ? spaces_[*space].positions : floor_everywhere_;
  for (const Position& position : positions) floor.raise(position);
}

void CacheStore::raise_floor(NamespaceId id, std::uint64_t hash, HybridTime time,
                             const Written& written) {
  Space& space = spaces_[id];
  space.floor = std::max(space.floor, time);
  ++space.forgotten;
  if (options_.seen == nullptr) return;
  auto& changes = space.forgotten_changes;
  if (changes.empty()) changes.resize(id < kSpacesWithMany ? kChangeBuckets : kChangeBucketsOfMany);
  changes[hash % changes.size()].note(time, written.writer, written.is_chained);
}

// An entry goes and leaves nothing: what is older than it must not take its place.
void CacheStore::forget(const Head& entry) {
  const EntryParts parts = parts_of(entry);
  PositionFloor& floor = spaces_[entry.space].positions;
  for_each_position(entry, [&](Position one) { floor.raise(one); });
  Written written;
  written.writer = entry.writer;
  written.is_chained = entry.is_chained != 0;
  raise_floor(entry.space, hash_of({entry.space, parts.key, parts.subkey, parts.version}),
              entry.written().time, written);
}

// `more`: further positions that it stands for. A mark of too many stands for the floor.
void CacheStore::mark(Instant now, const StoreKey& key, WriteVersion version,
                      const Written& written, std::string_view more, bool stands_for_floor) {
  constexpr std::size_t kPositionsMax = 32;
  if (more.size() > kPositionsMax * sizeof(MarkPosition)) {
    for (std::size_t at = 0; at < more.size(); at += sizeof(MarkPosition)) {
      MarkPosition one;
      std::memcpy(&one, more.data() + at, sizeof(one));
      spaces_[key.space].positions.raise(one.position());
    }
    more = {};
    stands_for_floor = true;
  }
  Entry entry;
  entry.version = version;
  entry.written = written;
  if (write(now, key, more, entry, Head::kMark) != Outcome::done) return;
  if (!stands_for_floor) return;
  if (Slot* slot = find(key, hash_of(key))) head(slot->handle).stands_for_floor = 1;
}

// What is cut stands for the floor. Whatever replaces it in place would stand for less.
void CacheStore::drop_cut(Slot* slot, std::uint64_t hash) {
  if (head(slot->handle).is_value()) ++counters_.dropped;
  forget(head(slot->handle));
  remove(slot, hash);
}

bool CacheStore::withdraw(Instant now, const StoreKey& key, WriteVersion version,
                          const Written& write) {
  const std::uint64_t hash = hash_of(key);
  Slot* slot = find(key, hash);
  if (slot == nullptr) return false;
  Head& entry = head(slot->handle);
  if (entry.is_mark() || entry.is_filled != 0 || entry.writer != write.writer) return false;
  if (is_cut(entry)) {
    spaces_[key.space].positions.raise(write.position);
    drop_cut(slot, hash);
    return true;
  }
  if (entry.is_value()) ++counters_.dropped;
  Written written = write;
  written.is_chained = false;
  const std::string more = positions_beside(entry, write.position);
  version.time = std::max(version.time, entry.written().time);
  remove(slot, hash);
  mark(now, key, version, written, more, false);
  return true;
}

}  // namespace mpreg
