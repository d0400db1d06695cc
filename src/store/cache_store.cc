#include "store/cache_store.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "base/error.h"
#include "store/cache_entry.h"

namespace mpreg {
namespace {

constexpr std::uint8_t kUsesMax = 3;
// By time, then by the name of the cluster: the same everywhere.
bool is_newer(const WriteVersion& one, const WriteVersion& other,
              const std::vector<std::string>& names) {
  if (one.time != other.time) return one.time > other.time;
  return one.origin != other.origin && names[one.origin] > names[other.origin];
}

constexpr std::size_t kNamesMax = std::numeric_limits<std::uint16_t>::max();
// How many entries the queue of the evicted remembers: as many as fit if they are of this size.
constexpr std::uint64_t kTypicalEntryBytes = 256;
constexpr std::chrono::hours kTtlMax{400 * 24};

}  // namespace

std::string positions_beside(const EntryHead& entry, Position another) {
  std::string bytes;
  for_each_position(entry, [&](Position one) {
    if (one.stream == another.stream) return;
    const MarkPosition packed{one.stream, static_cast<std::uint32_t>(one.number >> 32U),
                              static_cast<std::uint32_t>(one.number)};
    bytes.append(reinterpret_cast<const char*>(&packed), sizeof(packed));
  });
  return bytes;
}

CacheStore::CacheStore(CacheStoreOptions options)
    : options_(options),
      arena_(options.bytes_max),
      ghosts_(static_cast<std::size_t>(options.bytes_max / kTypicalEntryBytes)),
      origin_hashes_(1),
      digests_(options.digests ? std::make_unique<DigestTree>() : nullptr),
      origin_names_(1) {}

// ---- Names.

std::optional<NamespaceId> CacheStore::find_space(std::string_view namespace_name) const {
  const auto known = space_ids_.find(namespace_name);
  if (known == space_ids_.end()) return std::nullopt;
  return known->second;
}

std::optional<NamespaceId> CacheStore::space_of(std::string_view namespace_name) {
  if (const auto known = find_space(namespace_name)) return known;
  if (spaces_.size() >= kNamesMax) return std::nullopt;
  const auto id = static_cast<NamespaceId>(spaces_.size());
  spaces_.emplace_back().name = namespace_name;
  space_ids_.emplace(namespace_name, id);
  space_seeds_.push_back(namespace_seed(namespace_name));
  return id;
}

std::optional<std::uint16_t> CacheStore::origin_of(std::string_view cluster) {
  const auto known = origin_ids_.find(cluster);
  if (known != origin_ids_.end()) return known->second;
  if (origin_names_.size() >= kNamesMax) return std::nullopt;
  const auto id = static_cast<std::uint16_t>(origin_names_.size());
  origin_names_.emplace_back(cluster);
  origin_ids_.emplace(cluster, id);
  origin_hashes_.push_back(origin_hash(cluster));
  return id;
}

std::uint16_t CacheStore::region_id(std::string_view region) {
  if (region == "default") return 0;
  return static_cast<std::uint16_t>(XXH3_64bits(region.data(), region.size()) | 1U);
}

std::uint32_t CacheStore::tag_id(std::string_view tag) {
  return static_cast<std::uint32_t>(XXH3_64bits(tag.data(), tag.size()));
}

// ---- Looking.

EntryHead& CacheStore::head(Handle handle) const {
  return *reinterpret_cast<Head*>(arena_.at(handle));
}

// The same in every process, so that stores can be compared by it.
std::uint64_t CacheStore::hash_of(const StoreKey& key) const {
  const std::uint64_t seed = space_seeds_[key.space] + key.version;
  const std::uint64_t hash = XXH3_64bits_withSeed(key.key.data(), key.key.size(), seed);
  if (key.subkey.empty()) return hash;
  return XXH3_64bits_withSeed(key.subkey.data(), key.subkey.size(), hash);
}

bool CacheStore::is_key(Handle handle, const StoreKey& key) const {
  const Head& entry = head(handle);
  if (entry.space != key.space || entry.key_bytes != key.key.size()) return false;
  const EntryParts parts = parts_of(entry);
  return parts.key == key.key && parts.subkey == key.subkey && parts.version == key.version;
}

CacheStore::Slot* CacheStore::find(const StoreKey& key, std::uint64_t hash) const {
  const std::uint32_t tag = tag_of(hash);
  return table_of(hash).find(
      tag, [&](const Slot& slot) { return slot.tag == tag && is_key(slot.handle, key); });
}

std::uint32_t CacheStore::ticks(Instant at) const {
  return static_cast<std::uint32_t>((at - beginning_) / kTick);
}

bool CacheStore::is_expired(const Head& entry, Instant now) const {
  return entry.expires != Head::kNever && ticks(now) >= entry.expires;
}

// Held against the cuts that came since it was last held against them.
bool CacheStore::is_cut(Head& entry) {
  const ScopeCuts& own = spaces_[entry.space].cuts;
  if (entry.era >= own.newest() && entry.era >= everywhere_.newest()) return false;
  const CutSubject subject = subject_of(entry);
  const SeenTable* seen = options_.seen;
  if (own.drops(subject, entry.era, seen) || everywhere_.drops(subject, entry.era, seen))
    return true;
  entry.era = era_;
  return false;
}

std::optional<CacheStore::Found> CacheStore::get(Instant now, const StoreKey& key) {
  ++counters_.gets;
  if (key.space >= spaces_.size()) return std::nullopt;
  const std::uint64_t hash = hash_of(key);
  Slot* slot = find(key, hash);
  if (slot == nullptr) return std::nullopt;
  Head& entry = head(slot->handle);
  if (!entry.is_value()) return std::nullopt;
  const bool expired = is_expired(entry, now);
  if (expired || is_cut(entry)) {
    ++(expired ? counters_.expired : counters_.dropped);
    forget(entry);
    remove(slot, hash);
    return std::nullopt;
  }
  if (entry.uses < kUsesMax) ++entry.uses;
  ++counters_.hits;
  const std::uint32_t left = entry.expires == Head::kNever ? 0 : entry.expires - ticks(now);
  const EntryParts parts = parts_of(entry);
  return Found{parts.value,
               entry.written(),
               left * static_cast<std::uint32_t>(kTick.count()),
               entry.is_absent != 0,
               {parts.tags, parts.tag_count},
               parts.region,
               entry.is_filled != 0,
               entry.written_at(),
               entry.writer};
}

EntryState CacheStore::state_of(Instant now, const StoreKey& key, WriteVersion* version,
                                Position* position) const {
  if (key.space >= spaces_.size()) return EntryState::missing;
  const Slot* slot = find(key, hash_of(key));
  if (slot == nullptr) return EntryState::missing;
  const Head& entry = head(slot->handle);
  const CutSubject subject = subject_of(entry);
  if (is_expired(entry, now)) return EntryState::missing;
  if (version != nullptr) *version = entry.written();
  if (position != nullptr) *position = entry.written_at();
  const bool is_dropped = spaces_[key.space].cuts.drops(subject, entry.era, options_.seen) ||
                          everywhere_.drops(subject, entry.era, options_.seen);
  if (entry.kind == Head::kMark || entry.kind == Head::kErased || is_dropped)
    return EntryState::invalid;
  return entry.kind == Head::kExpected ? EntryState::syncing : static_cast<EntryState>(entry.state);
}

void CacheStore::for_each(
    Instant now, const std::function<bool(const StoreKey& key, const Found& found)>& visit) {
  bool ended = false;
  for (const FlatTable<Slot>& table : tables_) {
    table.for_each([&](const Slot& slot) {
      if (ended) return;
      Head& entry = head(slot.handle);
      if (!entry.is_value() || is_expired(entry, now) || is_cut(entry)) return;
      const EntryParts parts = parts_of(entry);
      ended = visit({entry.space, parts.key, parts.subkey, parts.version},
                    {parts.value, entry.written(), 0, entry.is_absent != 0});
    });
  }
}

std::uint64_t CacheStore::used_bytes() const {
  std::uint64_t bytes = arena_.used_bytes() + ghosts_.bytes();
  for (const FlatTable<Slot>& table : tables_) bytes += table.bytes();
  return bytes;
}

// ---- Writing.

// Older than what is there, than an invalidation of its scope, or than what was forgotten.
bool CacheStore::is_refused(const StoreKey& key, const Slot* slot, const Entry& entry) const {
  const Space& space = spaces_[key.space];
  const bool has_value = slot != nullptr && head(slot->handle).is_value();
  // A mark may be older than one that was forgotten before it.
  const bool is_floor = entry.completes && entry.version.time == space.floor;
  if (!has_value && entry.version.time <= space.floor && !is_floor && !entry.repairs) return true;
  if (slot != nullptr) {
    const Head& held = head(slot->handle);
    const bool is_same = entry.completes && held.is_mark() && held.written() == entry.version;
    if (!is_same && !is_newer(entry.version, held.written(), origin_names_)) return true;
  }
  if ((space.cuts.size() == 0 && everywhere_.size() == 0) || entry.repairs) return false;
  const CutSubject subject{key.key, entry.version, entry.region, entry.tags.data(),
                           static_cast<std::uint32_t>(entry.tags.size())};
  return space.cuts.refuses(subject) || everywhere_.refuses(subject);
}

CacheStore::Outcome CacheStore::put(Instant now, const StoreKey& key, std::string_view value,
                                    const Entry& entry) {
  return write(now, key, value, entry, Head::kValue);
}

CacheStore::Outcome CacheStore::expect(Instant now, const StoreKey& key, const Entry& entry) {
  return write(now, key, {}, entry, Head::kExpected);
}

CacheStore::Outcome CacheStore::arrive(Instant now, const StoreKey& key, std::string_view value,
                                       const Entry& entry) {
  MPREG_CHECK(key.space < spaces_.size());
  const std::uint64_t hash = hash_of(key);
  Slot* slot = find(key, hash);
  const bool is_expected = slot != nullptr && head(slot->handle).kind == Head::kExpected &&
                           head(slot->handle).written() == entry.version &&
                           !is_cut(head(slot->handle));
  if (!is_expected) {
    ++counters_.puts_refused;
    return Outcome::refused;
  }
  remove(slot, hash);
  return write(now, key, value, entry, Head::kValue);
}

void CacheStore::give_up(Instant now, const StoreKey& key, WriteVersion version) {
  const std::uint64_t hash = hash_of(key);
  Slot* slot = find(key, hash);
  if (slot == nullptr) return;
  Head& held = head(slot->handle);
  if (held.kind != Head::kExpected || held.written() != version) return;
  if (is_cut(held)) return drop_cut(slot, hash);
  Written written{held.written_at(), held.writer, Judgement::replaces, held.is_chained != 0};
  remove(slot, hash);
  mark(now, key, version, written, {}, false);
}

CacheStore::Outcome CacheStore::fill(Instant now, const StoreKey& key, std::string_view value,
                                     Entry entry) {
  const Slot* slot = find(key, hash_of(key));
  const Space& space = spaces_[key.space];
  if (slot != nullptr) {
    entry.version.time = std::max(entry.version.time, head(slot->handle).written().time);
    // It stands for no position: what the state stood for, the floor stands for.
    if (options_.seen != nullptr) forget(head(slot->handle));
  }
  entry.version = {std::max(entry.version.time, space.floor), 0};
  entry.written = {};
  const CutSubject subject{
      key.key, {}, entry.region, entry.tags.data(), static_cast<std::uint32_t>(entry.tags.size())};
  entry.version.time =
      std::max({entry.version.time, space.cuts.latest_of(subject), everywhere_.latest_of(subject)});
  return write(now, key, value, entry, Head::kValue, true);
}

// A fill goes when a write comes that it may or may not have seen; and the write is not taken
// either, for the fill may have seen a later one.
bool CacheStore::yields(Slot* slot, std::uint64_t hash, const StoreKey& key, const Entry& entry,
                        Instant now) {
  if (slot == nullptr || head(slot->handle).is_filled == 0 || entry.completes) return false;
  WriteVersion version = head(slot->handle).written();
  if (is_newer(entry.version, version, origin_names_)) version = entry.version;
  ++counters_.dropped;
  remove(slot, hash);
  mark(now, key, version, entry.written, {}, true);
  return true;
}

CacheStore::Outcome CacheStore::erase(Instant now, const StoreKey& key, WriteVersion version,
                                      bool partial, bool repairs) {
  Entry entry;
  entry.version = version;
  entry.partial = partial;
  entry.repairs = repairs;
  return write(now, key, {}, entry, Head::kErased);
}

CacheStore::Outcome CacheStore::invalidate(Instant now, const StoreKey& key, WriteVersion version,
                                           const Written& written) {
  const std::uint64_t hash = hash_of(key);
  Slot* slot = find(key, hash);
  std::string more;
  bool stands_for_floor = false;
  if (slot != nullptr) {
    Head& entry = head(slot->handle);
    const WriteVersion held = entry.written();
    const bool is_later = held.time >= version.time;
    const bool is_own = held.origin == version.origin && entry.is_filled == 0;
    if (is_later && (is_own || !entry.is_value())) return Outcome::refused;
    if (entry.is_value()) ++counters_.dropped;
    // Written by another, at a later time, and not known to have seen this: it goes, and its
    // version stays, so that what is older than either is refused.
    if (is_later) version = held;
    if (written.judgement == Judgement::concurrent) {
      more = positions_beside(entry, written.position);
      stands_for_floor = entry.stands_for_floor != 0 || entry.is_filled != 0;
    }
    remove(slot, hash);
  } else if (spaces_[key.space].held == 0) {
    // Nothing of the namespace is here: one number does for all of its marks.
    spaces_[key.space].positions.raise(written.position);
    raise_floor(key.space, hash, version.time, written);
    return Outcome::done;
  } else {
    stands_for_floor = written.judgement == Judgement::concurrent;
  }
  mark(now, key, version, written, more, stands_for_floor);
  return Outcome::done;
}

CacheStore::Outcome CacheStore::write(Instant now, const StoreKey& key, std::string_view value,
                                      const Entry& entry, std::uint8_t kind, bool is_filled) {
  MPREG_CHECK(key.space < spaces_.size() && entry.tags.size() <= kTagsMax);
  if (!std::exchange(has_begun_, true)) beginning_ = now - kTick;
  const std::uint64_t hash = hash_of(key);
  Slot* slot = find(key, hash);
  // An invalidation mark takes the place of nothing newer: its caller has looked.
  if (kind != Head::kMark && !is_filled) {
    if (yields(slot, hash, key, entry, now)) {
      ++counters_.puts_refused;
      return Outcome::refused;
    }
    // A broker has judged it by its position.
    const bool is_judged = options_.seen != nullptr && entry.written.position.is_known();
    if (!is_judged && is_refused(key, slot, entry)) {
      ++counters_.puts_refused;
      // Nothing of the key says that it was told; what came from another store leaves no trace.
      if (!entry.repairs) ++spaces_[key.space].forgotten;
      // Not taken, and newer than what is there all the same.
      if (slot != nullptr && is_newer(entry.version, head(slot->handle).written(), origin_names_)) {
        if (head(slot->handle).is_value()) ++counters_.dropped;
        remove(slot, hash);
        mark(now, key, entry.version, entry.written, {}, true);
      }
      return Outcome::refused;
    }
  }
  const std::size_t bytes = entry_bytes(key, value.size(), entry);
  std::uint8_t uses = 0;
  if (slot != nullptr) {
    Head& old = head(slot->handle);
    const bool fits = arena_.size_of(slot->handle) >= bytes &&
                      arena_.size_of(slot->handle) < bytes + 2 * sizeof(Head);
    uses = std::min<std::uint8_t>(static_cast<std::uint8_t>(old.uses + 1), kUsesMax);
    if (fits) {
      // In its block, and in its place of the queue.
      strike_off(slot->handle);
      const Head kept = old;
      set_up(slot->handle, key, value, entry, kind, now);
      Head& fresh = head(slot->handle);
      fresh.next = kept.next;
      fresh.previous = kept.previous;
      fresh.is_main = kept.is_main;
      fresh.uses = uses & 3U;
      fresh.is_filled = is_filled ? 1 : 0;
      if (digests_) count_digest(fresh, hash);
      if (kind == Head::kValue) ++counters_.puts;
      return Outcome::done;
    }
    remove(slot, hash);
  }
  const Handle handle = make_room(bytes);
  if (handle == Arena::kNone) {
    // Too large to be held, and still known to be newer than what was.
    spaces_[key.space].positions.raise(entry.written.position);
    raise_floor(key.space, hash, entry.version.time, entry.written);
    ++counters_.puts_too_large;
    return Outcome::too_large;
  }
  set_up(handle, key, value, entry, kind, now);
  Head& fresh = head(handle);
  fresh.uses = uses & 3U;
  fresh.is_filled = is_filled ? 1 : 0;
  if (digests_) count_digest(fresh, hash);
  fresh.is_main = ghosts_.take(hash) || kind == Head::kErased ? 1 : 0;
  push(queue_of(fresh), handle);
  table_of(hash).insert({tag_of(hash), handle});
  ++entries_;
  if (kind == Head::kValue) ++counters_.puts;
  return Outcome::done;
}

void CacheStore::set_up(Handle handle, const StoreKey& key, std::string_view value,
                        const Entry& entry, std::uint8_t kind, Instant now) {
  Head& fresh = *new (arena_.at(handle)) Head;
  fresh.set_written(entry.version);
  fresh.set_written_at(entry.written.position);
  fresh.writer = entry.written.writer;
  fresh.is_chained = entry.written.is_chained ? 1 : 0;
  fresh.kind = kind & 3U;
  fresh.era = era_;
  fresh.is_absent = entry.absent ? 1 : 0;
  fresh.state = static_cast<std::uint32_t>(entry.state) & 7U;
  if (entry.ttl > entry.ttl.zero()) {
    const auto ttl = std::min<std::chrono::milliseconds>(entry.ttl, kTtlMax);
    fresh.expires = ticks(now + ttl) + 1;  // Rounded up: never a moment too soon.
  }
  write_parts(fresh, key, value, entry);
  if (kind == Head::kValue) payload_bytes_ += key.key.size() + key.subkey.size() + value.size();
  if (!fresh.is_mark()) {
    ++spaces_[key.space].held;
  } else {
    ++marks_;
    if (kind == Head::kErased) ++erased_;
    mark_bytes_ += arena_.size_of(handle);
  }
}

// The books forget what the entry was.
void CacheStore::strike_off(Handle handle) {
  const Head& entry = head(handle);
  if (digests_) {
    const EntryParts parts = parts_of(entry);
    const std::uint64_t hash = hash_of({entry.space, parts.key, parts.subkey, parts.version});
    if (const std::uint64_t digest = digest_of(entry, hash); digest != 0) {
      digests_->remove(hash, digest);
    }
  }
  if (!entry.is_mark()) --spaces_[entry.space].held;
  if (entry.is_value()) {
    const EntryParts parts = parts_of(entry);
    payload_bytes_ -= parts.key.size() + parts.subkey.size() + parts.value.size();
  } else if (entry.is_mark()) {
    --marks_;
    if (entry.kind == Head::kErased) --erased_;
    mark_bytes_ -= arena_.size_of(handle);
  }
}

void CacheStore::remove(Slot* slot, std::uint64_t hash) {
  const Handle handle = slot->handle;
  strike_off(handle);
  take_out(queue_of(head(handle)), handle);
  table_of(hash).erase(slot);
  arena_.free(handle);
  --entries_;
}

void write_parts(EntryHead& head, const StoreKey& key, std::string_view value,
                 const CacheStore::Entry& entry) {
  head.space = key.space;
  head.key_bytes = static_cast<std::uint16_t>(key.key.size());
  head.value_bytes = static_cast<std::uint32_t>(value.size()) & EntryHead::kValueBytesMax;
  auto* at = reinterpret_cast<char*>(&head + 1);
  const auto put = [&](const void* from, std::size_t bytes) {
    if (bytes != 0) std::memcpy(at, from, bytes);
    at += bytes;
  };
  if (is_unusual(key, entry)) {
    head.is_unusual = 1;
    Unusual unusual;
    unusual.tag_count = static_cast<std::uint16_t>(entry.tags.size());
    unusual.is_partial = entry.partial ? 1 : 0;
    unusual.key_version = key.version;
    unusual.subkey_bytes = static_cast<std::uint16_t>(key.subkey.size());
    unusual.region = entry.region;
    put(&unusual, sizeof(unusual));
    put(entry.tags.data(), entry.tags.size_bytes());
  }
  put(key.key.data(), key.key.size());
  put(key.subkey.data(), key.subkey.size());
  put(value.data(), value.size());
}

}  // namespace mpreg
