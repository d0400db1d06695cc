#pragma once
// QueueGroups: each message goes to one member of every group that wants it.
//
// Whoever stamps a message picks: a member here whose turn it is and that has room, or else the
// nearest cluster that has members, to which a copy goes in our own events stream under the group's
// channel (message/group_names.h). Its broker hands that to a member, or passes it on when the last
// one is gone. What a member had been sent and not acknowledged when it went is handed to another:
// each message comes at least once while the brokers live, and in no promised order.
//
// Sans-I/O, one thread. What a member gets leaves with the turn; copies for other clusters are
// handed back, for the node to stamp.

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "exchange/group_table.h"
#include "exchange/session_table.h"
#include "federation/interest_table.h"
#include "federation/members.h"
#include "node/body_parts.h"
#include "node/node_metrics.h"
#include "node/node_options.h"
#include "node/turn.h"
#include "stream/stream_table.h"
#include "wire/body_codec.h"

namespace mpreg {

class QueueGroups {
 public:
  // What it looks at, borrowed for its life. Topics get places, and sessions their shares.
  struct Around {
    const NodeOptions& options;
    NodeMetrics& metrics;
    TopicTable& topics;
    const SessionTable& sessions;
    const StreamTable& streams;
    const InterestTable& interests;
    const Members& members;
    BodyParts& parts;
  };
  // For other clusters: one batch of our own events, and the channels that it uses.
  struct Copies {
    std::unique_ptr<BodyBuilder> builder;
    std::set<TopicIndex> channels;
  };

  explicit QueueGroups(Around around) : around_(around) {}
  QueueGroups(const QueueGroups&) = delete;
  QueueGroups& operator=(const QueueGroups&) = delete;

  // Of a subscription with a group; good for one without.
  [[nodiscard]] Result<void> check(const Subscription& subscription) const;

  // From when others are told that a member is here: what they pick this cluster for before its
  // subscription has begun waits for it. The channel that is to be wanted for good, unless it is.
  [[nodiscard]] std::optional<std::string> expect(const std::string& group);
  // All of those, for who tells them anew.
  [[nodiscard]] std::vector<std::string> expected() const;

  void join(const Session& session, const Subscription& subscription);
  // What a subscription was sent is still its own when only its patterns or its group are replaced.
  void leave(Session& session, std::uint32_t subscription, bool is_replaced = false);
  // Nobody here picks it any more; what it was sent stays its own.
  void resign(const Session& session, std::uint32_t subscription);
  static void note_acknowledged(Session& session);

  // Of a batch that was just applied: our own is handed out to all groups that want it, and what
  // another broker picked this cluster for, to its group.
  void hand_out(Turn& turn, StreamIndex stream, bool is_own, const Body& body);
  // What waits, to members that have room again, or, when there are none here any more, elsewhere.
  void serve(Turn& turn);
  // The oldest first; to be asked for until there are none.
  [[nodiscard]] std::optional<Copies> take_copies();

  [[nodiscard]] const GroupTable& table() const { return table_; }
  // What waits here, over all groups.
  [[nodiscard]] std::uint64_t waiting_bytes() const { return queues_bytes_; }

 private:
  using GroupIndex = GroupTable::GroupIndex;
  using Targets = std::span<const GroupTable::TargetId>;
  static constexpr GroupIndex kNoGroup = ~GroupIndex{0};

  struct Wanted {
    TopicIndex topic = kNoTopic;
    std::string_view text;
    GroupIndex only = kNoGroup;
  };
  // What one member gets of a batch.
  struct Share {
    GroupIndex group = 0;
    std::uint64_t bytes = 0;
    std::vector<std::uint16_t> records;
  };
  struct WaitingPart {
    StreamIndex stream = 0;
    Frame part;
  };
  struct GroupQueue {
    std::deque<WaitingPart> waiting;  // For room.
    std::deque<WaitingPart> orphans;  // For a member that wants it.
    std::uint64_t orphaned_at = 0;    // Revision of the groups.
  };
  enum class Placing : std::uint8_t { done, nobody_has_room, nobody_wants_it };
  // A record that is being handed out: where it stands in its batch.
  struct Handed {
    StreamIndex stream = 0;
    const Body& body;
    std::size_t place = 0;
    [[nodiscard]] const Record& record() const { return body.records[place]; }
  };

  void learn();
  [[nodiscard]] std::string_view published_topic(const Handed& handed) const;
  void pick(const Handed& handed, const Wanted& wanted);
  [[nodiscard]] bool pick_member(GroupIndex group, Targets targets, const Handed& handed);
  [[nodiscard]] bool pick_queue(GroupIndex group, Targets targets, const Handed& handed);
  [[nodiscard]] bool pick_cluster(GroupIndex group, Targets targets, const Handed& handed);
  [[nodiscard]] bool put_into_queue(GroupIndex group, const Handed& handed);
  void send_shares(Turn& turn, StreamIndex stream, const Body& body);
  void serve_group(Turn& turn, GroupIndex group, GroupQueue& queue);
  [[nodiscard]] Placing place_again(GroupIndex group, const Handed& handed);

  Around around_;
  GroupTable table_;
  std::uint64_t revision_ = 0;          // Of the interests, as learned.
  std::vector<GroupIndex> of_channel_;  // By TopicIndex: this cluster's.
  std::map<GroupIndex, GroupQueue> queues_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, Share> shares_;  // Of the batch at hand.
  std::map<GroupIndex, std::vector<std::uint16_t>> queued_;          // Of the batch at hand.
  std::uint64_t queued_bytes_ = 0;                                   // Of these.
  std::uint64_t queues_bytes_ = 0;
  std::vector<GroupTable::TargetId> targets_;
  std::vector<GroupTable::TargetId> members_;
  std::deque<Copies> copies_;
  bool is_serving_queue_ = false;
};

}  // namespace mpreg
