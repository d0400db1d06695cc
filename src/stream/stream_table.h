#pragma once
// StreamTable: small dense indices for stream ids, so that everything kept per stream is an array
// look-up. An index is never used again while the table lives.

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "stream/stream_id.h"

namespace mpreg {

using StreamIndex = std::uint32_t;

class StreamTable {
 public:
  [[nodiscard]] StreamIndex intern(const StreamId& stream);
  [[nodiscard]] std::optional<StreamIndex> find(const StreamId& stream) const;
  [[nodiscard]] const StreamId& id_of(StreamIndex index) const { return *ids_[index]; }
  [[nodiscard]] std::size_t size() const { return ids_.size(); }

  // Ascending by stream id, which is the order of everything that is announced.
  [[nodiscard]] const std::map<StreamId, StreamIndex>& by_id() const { return indices_; }

 private:
  std::map<StreamId, StreamIndex> indices_;
  std::vector<const StreamId*> ids_;  // Keys of indices_, which do not move.
};

}  // namespace mpreg
