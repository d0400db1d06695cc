#pragma once
// SessionEvents: what a client's session has to tell its application, in order. Messages lie in one
// vector and everything else in another, so that a busy receiver allocates nothing per message; a
// notice says how many of the messages came before it.

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/as_of.h"
#include "base/frame.h"
#include "base/time.h"
#include "message/cache_messages.h"
#include "message/claim_messages.h"
#include "message/pubsub_messages.h"
#include "message/session_messages.h"

namespace mpreg {

enum class SessionState : std::uint8_t {
  disconnected,  // No connection: the loop is dialling.
  greeting,      // Connected; Hello is sent and not answered.
  ready,         // Welcomed.
  refused,       // The broker said: do not try again as you are. Final.
  closed,        // Said goodbye. Final.
};
[[nodiscard]] std::string_view name_of(SessionState state);

// One message for one subscription.
struct Delivery {
  std::uint32_t subscription = 0;
  std::uint32_t frame = 0;  // Place in SessionEvents::frames of the frame that the views look into.
  RecordKind kind = RecordKind::event;
  bool backlog = false;              // From before the subscription was made.
  bool unusable = false;             // A replication that only says that its key has changed.
  std::string_view topic;            // Lives as long as the session, or (inline) the frame.
  Bytes payload;                     // Lives as long as the frame.
  Bytes headers;                     // An encoded Headers table, or empty.
  const StreamId* stream = nullptr;  // Lives as long as the session.
  Number number = 0;
  HybridTime version = 0;
  std::uint64_t order = 0;       // Cache lane: the broker's application, by apply_order().
  std::uint64_t created_ms = 0;  // Wall clock of the origin.
  OperationId publisher;
};

struct StateChange {
  SessionState state = SessionState::disconnected;
  std::string reason;  // For people; empty where nothing went wrong.
};

// Every operation of this session up to here is accepted, or was refused in an earlier notice.
struct AcceptedThrough {
  std::uint64_t operation = 0;
};

// The broker has answered a probe. What it had for the session then was delivered before this,
// unless it says that it is behind.
struct LeaseRenewal {
  SentAt sent_at;  // The probe.
  bool is_behind = false;
  std::vector<Vouch> vouches;
  std::vector<StreamPosition> positions;  // Of the cache lane: delivered up to these.
};

// A write that was delivered, or may have been, has another verdict at another broker: it was
// refused there, or numbered as something else. Its value is not used any more.
struct WithdrawnWrite {
  CacheAddress address;
  OperationId publisher;
  std::uint64_t order = 0;  // As of a Delivery.
};

struct Notice {
  std::size_t deliveries_before = 0;
  // Answer: to a query, barrier, unsubscribe, complete_operation, or to a subscribe that failed.
  // Subscribed: the subscription is active. OperationOutcome: once for every tracked operation, and
  // before it any number of `acknowledged` where that was asked for.
  std::variant<StateChange, Gap, AcceptedThrough, OperationRefused, OperationOutcome, Answer,
               Subscribed, CacheGot, LoadGranted, ClaimGranted, LeaseRenewal, WithdrawnWrite>
      what;
};

struct SessionEvents {
  std::vector<Delivery> deliveries;
  std::vector<Notice> notices;
  std::vector<Frame> frames;

  [[nodiscard]] bool empty() const { return deliveries.empty() && notices.empty(); }
  // Keeps the memory for the next round.
  void clear() {
    deliveries.clear();
    notices.clear();
    frames.clear();
  }

  // Calls on_delivery(const Delivery&) and on_notice(const Notice&) in the order in which it
  // happened.
  template <typename OnDelivery, typename OnNotice>
  void for_each(OnDelivery&& on_delivery, OnNotice&& on_notice) const {
    std::size_t next = 0;
    for (const Notice& notice : notices) {
      for (; next < notice.deliveries_before; ++next) on_delivery(deliveries[next]);
      on_notice(notice);
    }
    for (; next < deliveries.size(); ++next) on_delivery(deliveries[next]);
  }
};

}  // namespace mpreg
