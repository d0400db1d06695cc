#pragma once
// Publish and subscribe: batches and what is said about them.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "message/body.h"
#include "message/session_messages.h"
#include "stream/stream_id.h"

namespace mpreg {

// How much of a cluster's interest is known, or was known when something was filtered. Generations
// ascend through all lives of a cluster.
using Generation = std::uint64_t;
struct ClusterGeneration {
  std::string cluster;
  Generation generation = 0;

  friend bool operator==(const ClusterGeneration&, const ClusterGeneration&) = default;
};

// How complete a batch between brokers is: for everybody; for the clusters that the last batch with
// told_here named, and later ones of the same stream and link; for those named here, from here on.
enum class Completeness : std::uint8_t { everybody = 0, as_told = 1, told_here = 2 };

// On an answer to Refill: where it still has to go, the next cluster last.
struct RefillMark {
  std::string cluster;
  std::uint64_t generation = 0;
  std::uint64_t tag = 0;
  bool is_lost = false;  // Without a body: nobody holds the range any more.
  std::vector<std::string> route;

  friend bool operator==(const RefillMark&, const RefillMark&) = default;
};

// Where a record stands in the order in which one broker applied what it applied: by the number of
// the application, and its place in the body. Without a place: after all of them.
[[nodiscard]] constexpr std::uint64_t apply_order(std::uint64_t applied,
                                                  std::uint32_t index = 0xFFFF) {
  return applied << 16U | index;
}

// How far an origin had applied another cache stream.
struct SeenPosition {
  StreamKey stream = 0;
  Number number = 0;

  friend bool operator==(const SeenPosition&, const SeenPosition&) = default;
};

// This hop's say about the body frame that follows it. From a client, only lane and declarations
// count. Without a body frame it only moves the receiver's position: nothing in the range was for
// it.
struct BatchHeader {
  StreamId stream;
  Number after =
      0;  // The range covered is after + 1 .. through; the sender vouches that everything
  Number through = 0;  // in it that is for this receiver is in the body.
  std::uint32_t interest_generation = 0;
  std::uint8_t hops = 0;  // Links crossed so far.
  // Not 0: for this subscription of the session alone; no position moves. Older messages, or, with
  // is_share, what it was picked for among the members of its group: a record with both an alias
  // and an inline topic is of the inline one.
  std::uint32_t only_subscription = 0;
  bool is_share = false;
  std::vector<Declaration> declarations;
  // Between brokers, bulk lane, without a body: the clusters that the values left out are for. Who
  // passes the word on to one of them must call it a gap.
  std::vector<std::string> left_out;
  // Between brokers, events lane: for whose interest, in which generation, nothing is left out.
  Completeness completeness = Completeness::everybody;
  std::vector<ClusterGeneration> complete_for;  // Ascending by cluster.
  std::optional<RefillMark> refill;
  // From a client: nobody waits for the Accepted; kAnswerLater is soon enough.
  bool may_answer_later = false;
  // To a client, cache lane: by their index, replications whose value is not to be used, by what
  // the broker knows. Each stands for an invalidation of its key. At most as many as a body has
  // records.
  std::vector<std::uint32_t> unusable = {};
  // To a client, cache lane: the broker's application that this is, from 1 in each of its lives. Of
  // one key the one with the greater number counts.
  std::uint64_t applied = 0;
  // Between brokers, cache lane: what the origin had applied of other streams when it numbered the
  // body, as far as it has changed since it said so last.
  std::vector<SeenPosition> seen = {};

  friend bool operator==(const BatchHeader&, const BatchHeader&) = default;
};

// What may have been affected by what was lost: the least that is known to cover it.
enum class ScopeKind : std::uint8_t { all = 0, namespaces = 1, patterns = 2 };

struct Scope {
  ScopeKind kind = ScopeKind::all;
  std::vector<std::string> names;  // Namespaces, or topic patterns; empty for all.

  friend bool operator==(const Scope&, const Scope&) = default;
};

// The numbers after + 1 .. through of a stream are lost to this receiver (through = kNumberMax: the
// stream ended, and how far it had come is not known). Whatever the scope names may be stale.
struct Gap {
  StreamId stream;
  Number after = 0;
  Number through = 0;
  Scope scope;
  std::string reason;

  friend bool operator==(const Gap&, const Gap&) = default;
};

// Client to broker; answered by Subscribed or by an Answer that says why not.
struct Subscribe {
  std::uint64_t request = 0;
  Subscription subscription;  // An id in use: its patterns are replaced.

  friend bool operator==(const Subscribe&, const Subscribe&) = default;
};

struct Subscribed {
  std::uint64_t request = 0;
  std::uint32_t subscription = 0;
  std::vector<StreamPosition> positions;  // Complete from the number after each of these.
  std::uint64_t applied = 0;  // The broker's last application, as BatchHeader counts them.

  friend bool operator==(const Subscribed&, const Subscribed&) = default;
};

// Answered by Answer.
struct Unsubscribe {
  std::uint64_t request = 0;
  std::uint32_t subscription = 0;

  friend bool operator==(const Unsubscribe&, const Unsubscribe&) = default;
};

// Client to broker: answer when everything that any member publishes from now on reaches this
// session's subscriptions. Answered by Answer; timed_out names the members that are missing.
struct Barrier {
  std::uint64_t request = 0;
  std::uint32_t timeout_ms = 0;

  friend bool operator==(const Barrier&, const Barrier&) = default;
};

// Broker to client, at the end of each turn: operations stamped so far, and publish credit.
struct Accepted {
  std::uint64_t through_operation =
      0;  // Everything up to here is accepted or refused by OperationRefused.
  std::uint64_t consumed_bytes =
      0;  // Cumulative bytes of batch frames taken in, in this connection.
  // What is accepted lies at or below this number of the broker's own cache stream.
  Incarnation incarnation = {};
  Number cache_number = 0;
  // Until what was open at Hello is accepted: or at or below these, of any origin.
  std::vector<StreamPosition> applied = {};

  friend bool operator==(const Accepted&, const Accepted&) = default;
};

// One operation was refused; its number stays empty in the stream. Sent before the Accepted that
// covers it.
struct OperationRefused {
  std::uint64_t operation = 0;
  ErrorCode code = ErrorCode::refused;
  std::string text;

  friend bool operator==(const OperationRefused&, const OperationRefused&) = default;
};

// For those who use them: optional, encoded before a record's payload.
struct Headers {
  std::string content_type;
  std::string trace_id;
  std::string reply_to;
  std::string correlation_id;

  friend bool operator==(const Headers&, const Headers&) = default;
};

}  // namespace mpreg
