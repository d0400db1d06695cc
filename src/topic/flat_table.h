#pragma once
// FlatTable: a hash table with open addressing for small plain slots. Slots know their hash, so
// that growing reads nothing else. A slot's home is its hash scaled to the capacity, not masked:
// the table grows by half instead of doubling, and copies from front to back.

#include <cstddef>
#include <cstdint>
#include <memory>

namespace mpreg {

// Slot: trivially copyable; empty() is true of Slot{}; hash() has its entropy in the high bits.
template <typename Slot>
class FlatTable {
 public:
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t bytes() const { return capacity_ * sizeof(Slot); }

  // The slot with this hash of which `same` is true, or null. Valid until insert() or erase().
  template <typename Same>
  [[nodiscard]] Slot* find(std::uint32_t hash, Same same) const {
    if (size_ == 0) return nullptr;
    for (std::uint32_t at = home_of(hash); !slots_[at].empty(); at = after(at)) {
      if (same(slots_[at])) return &slots_[at];
    }
    return nullptr;
  }

  // Has the processor fetch where find() will look.
  void prefetch(std::uint32_t hash) const {
    if (size_ != 0) __builtin_prefetch(&slots_[home_of(hash)]);
  }

  // Of a slot that is not there yet.
  void insert(const Slot& slot) {
    if ((size_ + 1) * 10 > capacity_ * kLoadTenthsMax) resize(capacity_ + capacity_ / 2);
    place(slot);
    ++size_;
  }

  // Of what find() returned. The slots behind move up, so no mark stays in its place.
  void erase(Slot* slot) {
    auto hole = static_cast<std::uint32_t>(slot - slots_.get());
    for (std::uint32_t at = after(hole); !slots_[at].empty(); at = after(at)) {
      if (distance(home_of(slots_[at].hash()), at) < distance(hole, at)) continue;
      slots_[hole] = slots_[at];
      hole = at;
    }
    slots_[hole] = Slot{};
    --size_;
    if (size_ == 0) {
      slots_.reset();
      capacity_ = 0;
    } else if (size_ * 10 < capacity_ * kLoadTenthsMin && capacity_ > kCapacityMin) {
      resize(capacity_ - capacity_ / 3);
    }
  }

  template <typename Visit>
  void for_each(Visit visit) const {
    for (std::uint32_t at = 0; at < capacity_; ++at) {
      if (!slots_[at].empty()) visit(slots_[at]);
    }
  }

 private:
  static constexpr std::size_t kLoadTenthsMax = 7;  // A miss then costs six steps, 13 with 8.
  static constexpr std::size_t kLoadTenthsMin = 4;  // Shrinking by a third lands at 6.
  static constexpr std::uint32_t kCapacityMin = 8;

  [[nodiscard]] std::uint32_t home_of(std::uint32_t hash) const {
    return static_cast<std::uint32_t>(std::uint64_t{hash} * capacity_ >> 32U);
  }
  [[nodiscard]] std::uint32_t after(std::uint32_t at) const {
    return at + 1 == capacity_ ? 0 : at + 1;
  }
  [[nodiscard]] std::uint32_t distance(std::uint32_t from, std::uint32_t to) const {
    return to >= from ? to - from : to + capacity_ - from;
  }

  void place(const Slot& slot) {
    std::uint32_t at = home_of(slot.hash());
    while (!slots_[at].empty()) at = after(at);
    slots_[at] = slot;
  }

  void resize(std::uint32_t capacity) {
    const auto old = std::move(slots_);
    const std::uint32_t old_capacity = capacity_;
    capacity_ = capacity < kCapacityMin ? kCapacityMin : capacity;
    slots_ = std::make_unique<Slot[]>(capacity_);
    for (std::uint32_t at = 0; at < old_capacity; ++at) {
      if (!old[at].empty()) place(old[at]);
    }
  }

  std::unique_ptr<Slot[]> slots_;
  std::uint32_t capacity_ = 0;
  std::uint32_t size_ = 0;
};

}  // namespace mpreg
