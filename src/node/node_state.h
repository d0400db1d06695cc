#pragma once
// NodeState: everything that one broker knows. Node::Impl says what it does with it.

#include <array>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "exchange/client_table.h"
#include "exchange/session_table.h"
#include "exchange/topic_table.h"
#include "federation/federation_books.h"
#include "federation/link_settings.h"
#include "federation/member_protocol.h"
#include "federation/members.h"
#include "federation/pending_operations.h"
#include "federation/stream_state.h"
#include "message/packet.h"
#include "node/acceptances.h"
#include "node/body_parts.h"
#include "node/compare_desk.h"
#include "node/event_interest.h"
#include "node/key_claims.h"
#include "node/link_table.h"
#include "node/node.h"
#include "node/node_metrics.h"
#include "node/node_parts.h"
#include "node/notices.h"
#include "node/observers.h"
#include "node/queue_groups.h"
#include "node/seen_book.h"
#include "node/session_feed.h"
#include "node/store_reads.h"
#include "node/stream_topics.h"
#include "node/targets.h"
#include "node/traces.h"
#include "store/replica_store.h"
#include "store/retention.h"
#include "stream/hybrid_clock.h"
#include "stream/lineage.h"
#include "topic/pattern_index.h"
#include "wire/body_codec.h"

namespace mpreg {

struct NodeState {
  NodeState(NodeOptions options, Now now, std::uint64_t instance, CacheApplier* applier,
            MetricsRegistry& metrics);
  // Something may have changed that was not applied here: what is held counts as older, and whoever
  // was told of changes till now may not know of it.
  void doubt_all();

  [[nodiscard]] RetainedLog& log_of(StreamIndex stream) {
    return retention_.log(stream_ids_.id_of(stream).lane);
  }
  [[nodiscard]] const RetainedLog& log_of(StreamIndex stream) const {
    return retention_.log(stream_ids_.id_of(stream).lane);
  }

  // ---- Who we are.
  NodeOptions options_;
  std::uint64_t instance_;
  CacheApplier* applier_;
  const MetricsRegistry& registry_;
  NodeMetrics metrics_;
  OwnIncarnation incarnation_;
  HybridClock clock_;
  bool leaving_ = false;
  std::optional<Instant> retirement_;  // Until when sessions are sent away.

  // ---- Streams. Parallel to stream_ids_.
  StreamTable stream_ids_;
  std::vector<StreamState> streams_;
  std::array<StreamIndex, kLanes> own_{};
  Retention retention_;
  ClientTable clients_;   // Operations that were applied here, whichever broker stamped them.
  ClientTable answered_;  // The same, and those that this broker refused.
  SeenBook seen_;         // Of the cache lane: which of two writes counts.

  // ---- Sessions.
  TopicTable topics_;
  PatternIndex patterns_;
  SessionTable sessions_;
  BodyParts body_parts_;
  StreamTopics stream_topics_;
  std::vector<std::uint16_t> records_scratch_;
  std::vector<Declaration> own_declarations_;                         // Of the batch at hand.
  std::vector<Tracked> tracked_;                                      // Of the batch at hand.
  std::shared_ptr<const std::vector<std::string>> last_names_;        // See shared_names().
  std::vector<CheckedFact> checked_facts_;                            // Ascending by index.
  std::vector<std::pair<std::uint32_t, std::uint64_t>> value_facts_;  // (index, operation of fact).
  Acceptances acceptances_;
  std::vector<std::uint32_t> serving_slots_;
  SessionFeed feed_;
  ReplicaStore cache_;
  Observers observers_;
  CompareDesk compare_;

  // ---- Operations.
  PendingOperations pending_;
  std::vector<PendingOperations::Ended> ended_;
  std::map<OperationId, Number> values_;  // By fact, until that comes; kNoValue: refused.
  Notices notices_;
  FederationBooks books_;

  // ---- Links.
  LinkTable links_;
  Members members_;            // Who is there, by which way.
  MemberProtocol membership_;  // How each stands, over restarts; whether this one may number.
  Lineages lineages_;          // Of every cluster that was met, and of this one.
  SettingsBook settings_;
  OwnClockWatch own_clock_;
  std::map<StreamIndex, std::map<std::string, Below>> downstream_;  // By cluster behind us.
  std::map<StreamIndex, ApplyFailures> failures_;                   // Of this cluster.
  std::set<StreamIndex> all_reports_due_;                           // Beside those below.
  std::map<StreamIndex, std::set<std::string>> reports_due_;        // "" stands for our own.
  StoreReads reads_;
  KeyClaims claims_;
  // ---- Interest.
  EventInterest interest_;

  QueueGroups groups_;
  RecordMatches cluster_matches_;
  Traces traces_;
  bool has_taken_base_ = false;  // Somebody was joined: base_ holds.
  std::array<Number, kLanes> base_{};
  bool states_due_ = false;
  std::vector<StreamIndex> moved_streams_;  // In this turn.
  std::uint64_t interests_served_ = 0;      // Revision of the interests, as of the last turn.
  bool requests_waiting_ = false;           // Subscribes or barriers.

  Instant turn_time_{};  // Of what was handed in last.
  Instant next_heartbeat_{};
  Instant next_check_{};
  bool more_to_serve_ = false;
};

}  // namespace mpreg
