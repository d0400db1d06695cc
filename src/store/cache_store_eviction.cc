// CacheStore: who goes when it is full.

#include <algorithm>

#include "base/error.h"
#include "store/cache_entry.h"
#include "store/cache_store.h"

namespace mpreg {
namespace {

constexpr std::uint64_t kSmallShare = 10;  // The small queue has a tenth of the memory.
constexpr std::uint64_t kMarkShare = 4;    // Marks of erased keys have a quarter at most.

}  // namespace

CacheStore::Queue& CacheStore::queue_of(const Head& entry) {
  return entry.is_main != 0 ? main_ : small_;
}

void CacheStore::push(Queue& queue, Handle handle) {
  Head& entry = head(handle);
  entry.next = queue.newest;  // Towards the older.
  entry.previous = Arena::kNone;
  if (queue.newest != Arena::kNone) head(queue.newest).previous = handle;
  queue.newest = handle;
  if (queue.oldest == Arena::kNone) queue.oldest = handle;
  queue.bytes += arena_.size_of(handle);
}

void CacheStore::take_out(Queue& queue, Handle handle) {
  const Head& entry = head(handle);
  (entry.previous != Arena::kNone ? head(entry.previous).next : queue.newest) = entry.next;
  (entry.next != Arena::kNone ? head(entry.next).previous : queue.oldest) = entry.previous;
  queue.bytes -= arena_.size_of(handle);
}

CacheStore::Handle CacheStore::make_room(std::size_t bytes) {
  for (;;) {
    const Handle handle = arena_.allocate(bytes);
    if (handle != Arena::kNone || !evict()) return handle;
  }
}

// One entry goes; false when there is none.
bool CacheStore::evict() {
  // Each step moves an entry on, takes a use from it, or is one of so many marks that stay.
  for (std::size_t kept = 0;;) {
    const bool from_small =
        small_.oldest != Arena::kNone &&
        (small_.bytes * kSmallShare > options_.bytes_max || main_.oldest == Arena::kNone);
    Queue& queue = from_small ? small_ : main_;
    const Handle handle = queue.oldest;
    if (handle == Arena::kNone) return false;
    Head& entry = head(handle);
    // Erased keys that somebody has not heard of stay, while they are few.
    const bool is_kept = entry.kind == Head::kErased && entry.written().time > passed_by_all_ &&
                         mark_bytes_ * kMarkShare <= options_.bytes_max && kept < marks_;
    if (!is_kept && (entry.uses == 0 || (from_small && entry.uses == 1))) {
      evict_entry(handle, from_small);
      return true;
    }
    take_out(queue, handle);
    if (is_kept) {
      ++kept;
    } else {
      entry.uses = from_small ? 0 : static_cast<std::uint8_t>((entry.uses - 1) & 3);
    }
    entry.is_main = 1;
    push(main_, handle);
  }
}

void CacheStore::evict_entry(Handle handle, bool remembers) {
  const Head& entry = head(handle);
  const EntryParts parts = parts_of(entry);
  const StoreKey key{entry.space, parts.key, parts.subkey, parts.version};
  const std::uint64_t hash = hash_of(key);
  if (entry.is_value()) {
    ++counters_.evictions;
    if (remembers) ghosts_.add(hash);
  } else {
    ++counters_.marks_evicted;
  }
  forget(entry);
  Slot* slot =
      table_of(hash).find(tag_of(hash), [&](const Slot& one) { return one.handle == handle; });
  MPREG_CHECK(slot != nullptr);
  remove(slot, hash);
}

void CacheStore::forget_marks(HybridTime passed_by_all) {
  passed_by_all_ = std::max(passed_by_all_, passed_by_all);
  if (erased_ == 0) return;
  std::vector<Handle> over;
  tables_[next_swept_].for_each([&](const Slot& slot) {
    const Head& entry = head(slot.handle);
    const bool is_over = entry.kind == Head::kErased && entry.written().time <= passed_by_all_;
    if (is_over) over.push_back(slot.handle);
  });
  next_swept_ = (next_swept_ + 1) % kTables;
  for (const Handle handle : over) evict_entry(handle, false);
}

}  // namespace mpreg
