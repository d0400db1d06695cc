#pragma once
// LastVersions: the latest version of a key that was had here, also after its entry has gone, so
// that reads of one client never go back. Bounded: a key forgets when another of its slot comes.

#include <cstdint>
#include <vector>

#include "store/cache_store.h"
#include "stream/hybrid_clock.h"

namespace mpreg {

class LastVersions {
 public:
  static constexpr std::size_t kSlots = 4096;  // A power of two; 24 bytes each.

  [[nodiscard]] static std::uint64_t hash_of(const StoreKey& key) {
    return identity_hash(key.space, key.key, key.subkey, key.version);
  }

  void clear() { slots_.assign(kSlots, {}); }
  // A write of this version: its value was here, or was told to be on its way.
  void note_written(std::uint64_t key, HybridTime version) { note(key, version, false); }
  // It was read from the source of the data, when everything up to `seen` had been told: a write is
  // surely later only if it is later than that.
  void note_loaded(std::uint64_t key, HybridTime seen) { note(key, seen, true); }

  // Whether a write of this version, or what another has loaded (`is_loaded`), when everything up
  // to it had been told, may be given after what was had.
  [[nodiscard]] bool may_follow(std::uint64_t key, HybridTime version, bool is_loaded) const {
    const Slot& slot = slots_[key & (kSlots - 1)];
    if (slot.key != key) return true;
    return version > slot.version || (version == slot.version && (is_loaded || !slot.is_loaded));
  }

 private:
  struct Slot {
    std::uint64_t key = 0;
    HybridTime version = 0;
    bool is_loaded = false;
  };
  void note(std::uint64_t key, HybridTime version, bool is_loaded) {
    Slot& slot = slots_[key & (kSlots - 1)];
    if (slot.key == key &&
        (slot.version > version || (slot.version == version && slot.is_loaded && !is_loaded))) {
      return;
    }
    slot = {key, version, is_loaded};
  }

  std::vector<Slot> slots_ = std::vector<Slot>(kSlots);
};

}  // namespace mpreg
