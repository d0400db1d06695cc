#pragma once
// Holders: which ids hold a pattern. One id lies in the pattern's own record; more of them in a
// list. An id that was added twice must be taken twice.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "topic/id_list.h"
#include "topic/text_store.h"

namespace mpreg {

class Holders {
 public:
  enum class Taken : unsigned char {
    was_not_there,
    is_still_there,  // It had been added more than once.
    is_gone,
    was_the_last,  // No id holds the pattern any more: its record is to be removed.
  };

  // The store outlives it.
  explicit Holders(TextStore& texts) : texts_(texts) {}

  // Of a new record.
  void begin(TextName pattern, std::uint32_t id) { texts_.at(pattern).value = id; }
  // False if the id held it already.
  bool add(TextName pattern, std::uint32_t id);
  [[nodiscard]] Taken take(TextName pattern, std::uint32_t id);

  // Appends the ids, ascending; one that was added twice comes twice.
  void append(TextName pattern, IdList& ids) const {
    const TextRecord& record = texts_.at(pattern);
    if (!record.has_list) {
      ids.push_back(record.value);
    } else {
      const IdList& list = lists_[record.value].ids;
      ids.insert(ids.end(), list.begin(), list.end());
    }
  }

  // Allocated, without this object.
  [[nodiscard]] std::size_t bytes() const { return lists_.capacity() * sizeof(List) + ids_bytes_; }

 private:
  struct List {
    TextName owner = kNoText;
    IdList ids;
  };

  void insert(IdList& ids, IdList::iterator at, std::uint32_t id);
  void dissolve(std::uint32_t list);

  TextStore& texts_;
  std::vector<List> lists_;
  std::size_t ids_bytes_ = 0;
};

}  // namespace mpreg
