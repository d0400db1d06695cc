#pragma once
// IdList: who wants a topic. IdListPool: equal lists are one object, so that topics that the same
// ids want can be told by the list's address.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace mpreg {

// Ascending and each id once, where a match returned it.
using IdList = std::vector<std::uint32_t>;
using SharedIdList = std::shared_ptr<const IdList>;

class IdListPool {
 public:
  // The one object with these ids. It lives as long as somebody besides the pool holds it, which
  // may be longer than the pool.
  [[nodiscard]] SharedIdList intern(const IdList& ids);

  // Allocated for the table. The lists belong to their holders; what remains of one that nobody
  // holds any more, at most one for each slot, goes when the table is next rebuilt.
  [[nodiscard]] std::size_t bytes() const { return slots_.capacity() * sizeof(Slot); }

 private:
  struct Slot {
    std::uint32_t hash = 0;
    bool used = false;
    std::weak_ptr<const IdList> list;
  };

  void place(Slot slot);
  void rebuild();

  std::vector<Slot> slots_;  // Open addressing; a power of two.
  std::size_t used_ = 0;     // With those whose list is gone: rebuild() drops them.
};

}  // namespace mpreg
