#pragma once
// Inbox: what arrives for a session. Per stream it knows how far it has come and what the aliases
// mean; every batch is delivered to the subscriptions that want it, dropped as a duplicate, or
// reported as a gap.

#include <algorithm>
#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "exchange/topic_table.h"
#include "session/client_session.h"
#include "session/interest.h"
#include "session/seen_operations.h"
#include "stream/stream_table.h"
#include "wire/body_codec.h"

namespace mpreg {

class Inbox {
 public:
  // All three outlive the inbox.
  Inbox(const SessionOptions& options, const Interest& interest, SessionCounters& counters);

  // A session has begun. Deliveries of streams that are new here are complete from these positions;
  // of all streams while there is no subscription, because nothing was owed before.
  void begin(const std::vector<StreamPosition>& positions);
  void on_batch(const BatchHeader& header, Frame frame, SessionEvents& events);
  void on_gap(const Gap& gap, SessionEvents& events);
  // The broker has served this session up to these positions, and all of that has come: one
  // connection keeps the order. Between them and the last batches was nothing for this session.
  void on_served(const std::vector<StreamPosition>& positions);
  // To where this session is, where they are below it.
  void raise(std::vector<StreamPosition>& positions) const;
  // Nothing follows these positions: a stream that ends there has no gap.
  void on_final(const std::vector<StreamPosition>& positions);

  [[nodiscard]] bool has_reached(const std::vector<StreamPosition>& positions) const;
  [[nodiscard]] std::vector<StreamPosition> positions() const;
  // Of what was delivered.
  [[nodiscard]] HybridTime latest_version() const { return latest_version_; }
  // As places in the table of streams.
  [[nodiscard]] std::vector<Interest::Start> starts_of(
      const std::vector<StreamPosition>& positions);

 private:
  struct Stream {
    bool known = false;   // It has a position.
    Number position = 0;  // kNumberMax: the stream is over, and what was lost of it has been told.
    // Where the next batch begins: at the end of the last one, however far the position has moved
    // since. A batch that begins later shows that one is missing.
    std::optional<Number> chain;
    std::optional<Number> final;
    std::vector<TopicIndex> aliases;
  };
  // A batch on its way through.
  struct Passage {
    StreamIndex stream = 0;
    Number after = 0;  // Numbers up to here have been delivered.
    const Body* body = nullptr;
    std::uint32_t frame = 0;
    std::span<const std::uint32_t> unusable;  // As the header says.
    std::uint64_t applied = 0;                // The same.
    std::optional<std::uint32_t> only;        // The only subscription that gets it.
    bool is_share = false;                    // Picked for it; otherwise backlog.

    [[nodiscard]] bool is_unusable(const Record& record) const {
      return std::find(unusable.begin(), unusable.end(), record.index) != unusable.end();
    }
  };

  [[nodiscard]] std::optional<StreamIndex> intern(const StreamId& stream);
  void declare(Stream& stream, const std::vector<Declaration>& declarations);
  void deliver(const BatchHeader& header, const Passage& passage, SessionEvents& events);
  void deliver_segment(const Segment& segment, std::span<const Record> records,
                       std::uint32_t first_index, const Passage& passage, SessionEvents& events);
  void deliver_record(const Record& record, const OperationId& publisher, const Passage& passage,
                      SessionEvents& events);
  void note_withdrawn(const Record& record, const OperationId& publisher, const Passage& passage,
                      SessionEvents& events);
  void remember(SeenOperations::Record& seen, const Segment& segment,
                std::span<const Record> records, std::uint32_t first_index) const;
  void report(const StreamId& stream, Number after, Number through, Scope scope,
              std::string_view reason, SessionEvents& events);
  void end(StreamIndex index);
  void take_position(StreamIndex index, Number number);

  const SessionOptions& options_;
  const Interest& interest_;
  SessionCounters& counters_;
  StreamTable stream_ids_;
  std::deque<Stream> streams_;  // By index.
  TopicTable topics_;
  std::size_t aliases_ = 0;  // Over all streams.
  std::set<std::pair<Incarnation, StreamIndex>> ended_;
  SeenOperations seen_;
  IdList inline_match_;
  HybridTime latest_version_ = 0;
};

}  // namespace mpreg
