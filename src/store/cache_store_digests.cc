// CacheStore: what other stores compare it by.

#include "store/cache_entry.h"
#include "store/cache_store.h"

namespace mpreg {

// 0: it does not count.
std::uint64_t CacheStore::digest_of(const Head& entry, std::uint64_t hash) const {
  const bool is_erased = entry.kind == Head::kErased;
  if ((!entry.is_value() && !is_erased) || entry.is_filled != 0) return 0;
  if (entry.is_unusual != 0 && parts_of(entry).is_partial) return 0;
  // By its position, where that is known: the order in which it was applied is this broker's own.
  const WriteVersion written = entry.written();
  const Position at = entry.written_at();
  const std::uint64_t digest =
      at.is_known() ? entry_digest(hash, at.number, options_.seen->key_at(at.stream), is_erased)
                    : entry_digest(hash, written.time, origin_hashes_[written.origin], is_erased);
  return digest == 0 ? 1 : digest;
}

void CacheStore::count_digest(const Head& entry, std::uint64_t hash) {
  if (const std::uint64_t digest = digest_of(entry, hash); digest != 0) {
    digests_->add(hash, digest);
  }
}

CacheStore::Memory CacheStore::memory() const {
  Memory memory{era_, {}};
  for (const Space& space : spaces_) memory.forgotten.push_back(space.forgotten);
  return memory;
}

// A namespace that was not known then had forgotten nothing.
bool CacheStore::remembers_all_since(const Memory& then, NamespaceId space) const {
  const std::uint64_t forgotten = space < then.forgotten.size() ? then.forgotten[space] : 0;
  return era_ == then.era && spaces_[space].forgotten == forgotten;
}

// What has expired, or was cut and not looked at since, goes now.
void CacheStore::for_each_in(Instant now, std::uint32_t bucket,
                             const std::function<void(const Compared& entry)>& visit) {
  FlatTable<Slot>& table = tables_[bucket / kGroupBuckets];
  std::vector<Slot> all;
  table.for_each([&](const Slot& slot) {
    if (slot.tag % kGroupBuckets == bucket % kGroupBuckets) all.push_back(slot);
  });
  for (const Slot& one : all) {
    Head& entry = head(one.handle);
    const EntryParts parts = parts_of(entry);
    const StoreKey key{entry.space, parts.key, parts.subkey, parts.version};
    const std::uint64_t hash = hash_of(key);
    const std::uint64_t digest = digest_of(entry, hash);
    if (digest == 0) continue;
    if (entry.is_value() && (is_expired(entry, now) || is_cut(entry))) {
      forget(entry);
      remove(table.find(one.tag, [&](const Slot& at) { return at.handle == one.handle; }), hash);
      continue;
    }
    const std::uint32_t left = entry.expires == Head::kNever ? 0 : entry.expires - ticks(now);
    visit({key,
           {parts.value,
            entry.written(),
            left * static_cast<std::uint32_t>(kTick.count()),
            entry.is_absent != 0,
            {parts.tags, parts.tag_count},
            parts.region,
            false,
            entry.written_at(),
            entry.writer},
           entry.kind == Head::kErased,
           digest});
  }
}

}  // namespace mpreg
