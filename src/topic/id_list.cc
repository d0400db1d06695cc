#include "topic/id_list.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <utility>

namespace mpreg {
namespace {

constexpr std::size_t kSlotsMin = 16;

std::uint32_t hash_of_ids(const IdList& ids) {
  return static_cast<std::uint32_t>(XXH3_64bits(ids.data(), ids.size() * sizeof(ids[0])));
}

}  // namespace

SharedIdList IdListPool::intern(const IdList& ids) {
  if ((used_ + 1) * 4 > slots_.size() * 3) rebuild();
  const std::uint32_t hash = hash_of_ids(ids);
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = hash & mask; slots_[at].used; at = (at + 1) & mask) {
    if (slots_[at].hash != hash) continue;
    SharedIdList list = slots_[at].list.lock();
    if (list != nullptr && *list == ids) return list;
  }
  auto list = std::make_shared<const IdList>(ids);
  place({hash, true, list});
  ++used_;
  return list;
}

void IdListPool::place(Slot slot) {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = slot.hash & mask;
  while (slots_[at].used) at = (at + 1) & mask;
  slots_[at] = std::move(slot);
}

// Twice as many slots as there are lists that somebody holds.
void IdListPool::rebuild() {
  std::vector<Slot> alive;
  for (Slot& slot : slots_) {
    if (slot.used && !slot.list.expired()) alive.push_back(std::move(slot));
  }
  std::size_t size = kSlotsMin;
  while (size < alive.size() * 2) size *= 2;
  slots_ = std::vector<Slot>(size);
  used_ = alive.size();
  for (Slot& slot : alive) place(std::move(slot));
}

}  // namespace mpreg
