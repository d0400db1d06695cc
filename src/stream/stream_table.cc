#include "stream/stream_table.h"

namespace mpreg {

StreamIndex StreamTable::intern(const StreamId& stream) {
  const auto [it, added] = indices_.try_emplace(stream, static_cast<StreamIndex>(ids_.size()));
  if (added) ids_.push_back(&it->first);
  return it->second;
}

std::optional<StreamIndex> StreamTable::find(const StreamId& stream) const {
  const auto it = indices_.find(stream);
  if (it == indices_.end()) return std::nullopt;
  return it->second;
}

}  // namespace mpreg
