#include "topic/holders.h"

#include <algorithm>
#include <utility>

namespace mpreg {

void Holders::insert(IdList& ids, IdList::iterator at, std::uint32_t id) {
  ids_bytes_ -= ids.capacity() * sizeof(id);
  ids.insert(at, id);
  ids_bytes_ += ids.capacity() * sizeof(id);
}

bool Holders::add(TextName pattern, std::uint32_t id) {
  TextRecord& record = texts_.at(pattern);
  if (!record.has_list) {
    lists_.push_back({pattern, {}});
    insert(lists_.back().ids, lists_.back().ids.begin(), record.value);
    record.value = static_cast<std::uint32_t>(lists_.size() - 1);
    record.has_list = true;
  }
  IdList& ids = lists_[record.value].ids;
  const auto at = std::lower_bound(ids.begin(), ids.end(), id);
  const bool is_new = at == ids.end() || *at != id;
  insert(ids, at, id);
  return is_new;
}

Holders::Taken Holders::take(TextName pattern, std::uint32_t id) {
  TextRecord& record = texts_.at(pattern);
  if (!record.has_list) return record.value == id ? Taken::was_the_last : Taken::was_not_there;
  IdList& ids = lists_[record.value].ids;
  auto at = std::lower_bound(ids.begin(), ids.end(), id);
  if (at == ids.end() || *at != id) return Taken::was_not_there;
  at = ids.erase(at);
  const Taken taken = at != ids.end() && *at == id ? Taken::is_still_there : Taken::is_gone;
  if (ids.size() == 1) {
    dissolve(record.value);
  } else if (ids.capacity() > 2 * ids.size()) {
    ids_bytes_ -= ids.capacity() * sizeof(id);
    ids.shrink_to_fit();
    ids_bytes_ += ids.capacity() * sizeof(id);
  }
  return taken;
}

// Its one id goes back into the record; the last list takes its place.
void Holders::dissolve(std::uint32_t list) {
  TextRecord& record = texts_.at(lists_[list].owner);
  record.value = lists_[list].ids.front();
  record.has_list = false;
  ids_bytes_ -= lists_[list].ids.capacity() * sizeof(std::uint32_t);
  if (list + 1 != lists_.size()) {
    lists_[list] = std::move(lists_.back());
    texts_.at(lists_[list].owner).value = list;
  }
  lists_.pop_back();
  if (lists_.capacity() > 2 * lists_.size()) lists_.shrink_to_fit();
}

}  // namespace mpreg
