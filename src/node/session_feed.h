#pragma once
// SessionFeed: what sessions are sent of the streams: live, selected from the log, or as backlog;
// and how far each has been sent. Sessions that want the same records of a body share it, and those
// that were sent the same so far share one header.
//
// Sans-I/O, one thread. replay.cc says when a session that is behind goes on.

#include <cstdint>
#include <optional>
#include <vector>

#include "exchange/selection.h"
#include "exchange/session_table.h"
#include "federation/stream_state.h"
#include "node/body_parts.h"
#include "node/node_metrics.h"
#include "node/node_options.h"
#include "node/record_matches.h"
#include "node/turn.h"
#include "store/retention.h"

namespace mpreg {

class SessionFeed {
 public:
  // What it looks at, borrowed for its life.
  struct Around {
    const NodeOptions& options;
    NodeMetrics& metrics;
    TopicTable& topics;
    const PatternIndex& patterns;
    const SessionTable& sessions;
    const StreamTable& ids;
    const std::vector<StreamState>& streams;
    const Retention& retention;
    BodyParts& parts;
  };
  explicit SessionFeed(Around around)
      : around_(around), matches_(RecordMatches::Of::sessions, around.topics, around.patterns) {}
  SessionFeed(const SessionFeed&) = delete;
  SessionFeed& operator=(const SessionFeed&) = delete;

  // To every session that wants something of the entry, which has just come to the log; one that
  // lacks credit falls behind.
  void deliver(Turn& turn, const LogEntry& entry, LogPosition position);
  // That something was lost, to every session that is not behind.
  void deliver_gap(Turn& turn, const LogEntry& entry);

  // The records of the entry that a session wants, for send_selected(); false when there are none.
  [[nodiscard]] bool select(const Session& session, const LogEntry& entry);
  void send_selected(Turn& turn, Session& session, const LogEntry& entry);
  void send_gap(Turn& turn, Session& session, const Gap& gap, StreamIndex stream);
  // The newest messages that match, oldest first, from before where the session stands.
  void send_backlog(Turn& turn, Session& session, const Subscription& subscription);

  // How far it was told of a stream; and up to where it has been served: in a lane that it is
  // behind of, up to what its cursor has not reached.
  [[nodiscard]] Number told(const Session& session, StreamIndex stream) const {
    return session.told(stream, around_.streams[stream].floor);
  }
  [[nodiscard]] Number served_to(const Session& session, StreamIndex stream) const;
  [[nodiscard]] std::vector<StreamPosition> positions_of(const Session& session) const;

 private:
  // The header of the last batch sent.
  struct LastHeader {
    StreamIndex stream = 0;
    Number after = 0;
    Number through = 0;
    std::uint32_t generation = 0;
    Frame frame;
  };

  [[nodiscard]] const IdList* wanting(const LogEntry& entry, std::size_t record);
  [[nodiscard]] bool is_value_for_us(const LogEntry& entry, std::size_t record) const;
  void deliver_group(Turn& turn, const Selection::Group& group, const LogEntry& entry,
                     LogPosition position);
  void send_batch(Turn& turn, Session& session, const LogEntry& entry, const Frame& body,
                  const std::vector<std::uint16_t>* records);
  void send_backlog_part(Turn& turn, Session& session, std::uint32_t subscription,
                         const LogEntry& entry, const std::vector<std::uint16_t>& records);

  Around around_;
  RecordMatches matches_;
  Selection selection_;
  std::vector<std::uint16_t> selected_;
  LastHeader last_header_;
};

}  // namespace mpreg
