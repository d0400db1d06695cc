#pragma once
// Session: one connected client, as its broker sees it. It has no queue: in each lane it is either
// live (it has had everything up to the end of the log) or behind, with a cursor that moves on as
// credit returns.

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/frame.h"
#include "base/time.h"
#include "exchange/topic_table.h"
#include "message/pubsub_messages.h"
#include "stream/frontier.h"

namespace mpreg {

struct LaneCursor {
  bool behind = false;
  std::uint64_t position = 0;  // In the lane's log: the next entry to serve, while behind.
};

// A batch of the client that waits until the broker may number cache operations.
struct WaitingBatch {
  BatchHeader header;
  std::size_t header_bytes = 0;
  Frame body;
};

// A request whose answer waits until the broker is joined.
struct WaitingBarrier {
  std::uint64_t request = 0;
  Instant deadline;
  std::uint64_t generation = 0;  // Of the cluster's interest, which everybody must know.
};

// A subscription whose patterns the other clusters are told, before it begins.
struct WaitingSubscribe {
  Subscribe request;
  Instant deadline;
  std::uint64_t generation = 0;
};

// What is fetched for a session from further on, before it goes on from the log.
struct SessionRefill {
  Number done = 0;  // Up to here.
  Number through = 0;
  Instant since{};
  Instant sent{};
};

// A share of a group's messages that was sent and is not acknowledged.
struct HandedOver {
  StreamIndex stream = 0;
  Frame part;  // The body that was sent.
  std::uint32_t subscription = 0;
  std::uint32_t group = 0;
  std::uint64_t sent_bytes = 0;  // Of the session, with it.
  std::uint32_t records = 0;
};

class Session {
 public:
  std::uint32_t slot = 0;  // The id in the pattern index; used again after the session ends.
  std::uint32_t peer = 0;  // The connection.
  std::uint64_t id = 0;    // Never used again.
  std::uint64_t client = 0;
  std::string name;
  Instant last_heard{};
  bool is_sent_away = false;
  bool observes = false;           // It serves from a near cache.
  std::uint64_t open_through = 0;  // As Hello says, until that is accepted; 0: nothing.

  // ---- What it receives.
  std::map<std::uint32_t, Subscription> subscriptions;
  std::unordered_map<std::string, std::uint32_t>
      pattern_uses;  // Several subscriptions may share one.
  std::uint64_t window_bytes = 0;
  std::uint64_t sent_bytes = 0;
  std::uint64_t consumed_bytes = 0;  // As acknowledged.
  std::array<LaneCursor, kLanes> cursors;
  Frontier resumed;  // Positions told at Hello of streams that are not known here yet.
  Instant resumed_at{};
  Frontier followed;                // All positions told at Hello.
  std::set<StreamId> told_unknown;  // Of these, those of which it was told that they are not known.
  std::deque<WaitingSubscribe> subscribes;  // The oldest first.
  std::size_t waiting_patterns = 0;         // Of these.
  std::vector<WaitingBarrier> barriers;
  std::map<StreamIndex, SessionRefill> refills;  // While there are any, the events lane waits.
  std::uint64_t refill_generation = 0;
  std::deque<HandedOver> handed_over;  // The oldest first.
  std::uint32_t shares_in_flight = 0;  // Messages of these.

  // ---- What it publishes.
  std::vector<TopicIndex> aliases;  // The client's alias -> slot; kNoTopic: see refused_aliases.
  std::map<Alias, Error> refused_aliases;
  std::uint64_t received_bytes = 0;
  std::vector<WaitingBatch> waiting;  // The oldest first; within the window.
  std::uint64_t waiting_bytes = 0;
  std::uint64_t lowest_operation = 0;  // Of this connection; 0: none yet.
  bool acceptance_due = false;
  bool late_acceptance_due = false;       // Within kAnswerLater.
  bool serving_due = false;               // Something is behind, and credit or data may have come.
  std::uint32_t interest_generation = 0;  // Raised by every change of its patterns.

  // At least one batch may always be under way, so that a small window cannot stop everything.
  [[nodiscard]] bool has_credit_for(std::uint64_t bytes) const {
    const std::uint64_t in_flight = sent_bytes - consumed_bytes;
    return in_flight == 0 || in_flight + bytes <= window_bytes;
  }

  // Whether it followed an earlier incarnation of that origin, in that lane, elsewhere: then it is
  // owed this one from number 1, though nobody else here is owed what was numbered before its
  // origin joined anybody.
  [[nodiscard]] bool follows_earlier(const StreamId& stream) const;

  // How far it has been told of a stream; `otherwise` for a stream that came up after it did.
  [[nodiscard]] Number told(StreamIndex stream, Number otherwise) const;
  void set_told(StreamIndex stream, Number number);

  // Marks the alias as told; false when it had been, or when there is none to tell.
  bool tell_alias(StreamIndex stream, Alias alias);

 private:
  static constexpr Number kUntold = kNumberMax - 1;

  std::vector<Number> told_;
  std::vector<std::vector<bool>> told_aliases_;
};

}  // namespace mpreg
