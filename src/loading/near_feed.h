#pragma once
// NearFeed: what a session tells a near cache, in the order in which it tells it, and what becomes
// of it: entries change or go, the right to serve begins, is renewed and ends. Without I/O; the
// client and the simulator run the same.
//
// One thread tells, any thread asks what has come.

#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coherence/serving_rights.h"
#include "loading/cluster_help.h"
#include "near/near_store.h"
#include "session/session_events.h"
#include "stream/frontier.h"

namespace mpreg {

class NearFeed {
 public:
  // Borrowed for the feed's life.
  NearFeed(NearStore& store, ServingRights& rights, ClusterHelp& help)
      : store_(store), rights_(rights), help_(help) {}

  // What a near cache subscribes to.
  [[nodiscard]] static std::vector<std::string> patterns(const std::string& topic_prefix);

  // ---- The session. `written`: what this client has written, as ClientSession::written().
  void on_welcome(const Now& now, const Welcome& welcome,
                  const std::vector<StreamPosition>& written);
  void on_lost();
  // The subscription is active, `applied` as in Subscribed.
  void on_subscribed(std::uint64_t applied);
  void on_lease(const LeaseRenewal& renewal);
  void on_withdrawn(const Now& now, const WithdrawnWrite& write);

  // ---- What is delivered to the subscription.
  struct Fact {
    RecordKind kind = RecordKind::event;
    bool unusable = false;
    Bytes payload;
    const StreamId* stream = nullptr;
    Number number = 0;
    std::uint64_t order = 0;  // As of a Delivery.
    OperationId publisher = {};
  };
  struct Applied {
    bool observed_due = false;  // Somebody waits until this client says that it has applied it.
    Error error = {};           // With a text: it could not be read, and everything was dropped.
  };
  Applied on_fact(const Now& now, const Fact& fact);
  void on_gap(const Gap& gap);

  // ---- Any thread.
  // Whether everything up to there has come, or what was kept from before it is gone.
  [[nodiscard]] bool covers(const Frontier& frontier) const;

 private:
  Applied take(const Now& now, const Fact& fact);
  void advance(const StreamId& stream, Number number);
  void advance_by_fact(const StreamId& stream, Number number);

  NearStore& store_;
  ServingRights& rights_;
  ClusterHelp& help_;
  std::set<std::pair<std::string, std::uint64_t>> unheard_;
  mutable std::mutex mutex_;
  Frontier applied_;  // Guarded by mutex_.
};

}  // namespace mpreg
