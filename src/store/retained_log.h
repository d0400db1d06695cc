#pragma once
// RetainedLog: what this broker has applied in one lane, over all streams, in the order of
// applying. Every receiver is a cursor in it: a session walks the whole lane, a link walks one
// stream. Entries never change; the oldest are evicted by Retention.

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "message/pubsub_messages.h"
#include "stream/stream_table.h"

namespace mpreg {

// Of an entry in its lane's log; ascending, never used again.
using LogPosition = std::uint64_t;

struct LogEntry {
  StreamIndex stream = 0;
  Number after = 0;  // Covers after + 1 .. through of its stream.
  Number through = 0;
  std::uint8_t hops = 0;
  Body body;  // No frame when nothing in the range was for this broker, or for a gap.
  std::shared_ptr<const Gap> gap;  // The range is lost here: receivers are told so.
  // Bulk lane: the targets of each record, by position in body.records; without a body, one list of
  // all the targets of what was left out.
  std::shared_ptr<const std::vector<std::vector<std::string>>> targets;
  // Cache lane: the namespaces that it is about, each once; null: it may be about any.
  std::shared_ptr<const std::vector<std::string>> namespaces;
  // Cache lane: which application of this broker it is, as of BatchHeader::applied.
  std::uint64_t applied = 0;
  // Cache lane: what its origin says with it of other streams, as of BatchHeader::seen; null:
  // nothing.
  std::shared_ptr<const std::vector<SeenPosition>> seen;
  // Cache lane: by their index, replications whose value is not used here; null: none.
  std::shared_ptr<const std::vector<std::uint32_t>> unusable;
  // Events lane: for whose interest nothing is left out; null: everybody's.
  std::shared_ptr<const std::vector<ClusterGeneration>> complete_for;

  [[nodiscard]] std::size_t bytes() const { return sizeof(LogEntry) + body.frame.size(); }
};

class RetainedLog {
 public:
  // The entry must start where the last one of its stream ended. Returns its position.
  LogPosition append(LogEntry entry);

  // The entry, or null when it is evicted or not there yet.
  [[nodiscard]] const LogEntry* find(LogPosition position) const;

  [[nodiscard]] LogPosition begin() const { return begin_; }                  // The oldest held.
  [[nodiscard]] LogPosition end() const { return begin_ + entries_.size(); }  // The next to come.
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

  // The position of the stream's first held entry that reaches beyond `number`; end() when there is
  // none.
  [[nodiscard]] LogPosition seek(StreamIndex stream, Number number) const;

  // The number before the first one held of this stream: everything after it, up to what was
  // applied, is here. Nothing when the stream never had an entry here.
  [[nodiscard]] std::optional<Number> held_after(StreamIndex stream) const;

  // How far the stream had come when `position` was the end: up to the first of its held entries
  // from there on. Nothing when there is none.
  [[nodiscard]] std::optional<Number> come_to(StreamIndex stream, LogPosition position) const;

  // The position after the last entry of this stream that was evicted; 0 when none was. A cursor
  // before it has lost something of the stream.
  [[nodiscard]] LogPosition lost_end(StreamIndex stream) const {
    return stream < streams_.size() ? streams_[stream].lost_end : 0;
  }

  // Removes the oldest entry and returns it.
  LogEntry evict();

 private:
  struct StreamPlaces {
    std::deque<std::pair<Number, LogPosition>> places;  // (through, position), ascending.
    Number held_after = 0;
    LogPosition lost_end = 0;
    bool known = false;
  };

  std::deque<LogEntry> entries_;
  LogPosition begin_ = 0;
  std::uint64_t bytes_ = 0;
  std::vector<StreamPlaces> streams_;
};

}  // namespace mpreg
