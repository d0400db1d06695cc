#pragma once
// Stage: what everybody in a simulated world shares: time, the network, the books. Every message
// passes through send(), where a planted fault may change it or make it vanish.

#include <functional>
#include <memory>
#include <set>

#include "exclusive_check.h"
#include "group_check.h"
#include "message/packet.h"
#include "near_check.h"
#include "network.h"
#include "operation_check.h"
#include "plan.h"
#include "store_check.h"
#include "trace.h"
#include "truth.h"

namespace mpreg::sim {

// A message on its way, as a planted fault sees it.
struct Passing {
  Plug plug = Plug::session;
  Toward toward = Toward::listener;
  Host from = 0;
  Host to = 0;
  const Truth& truth;
};
enum class Fate : std::uint8_t { as_it_is, changed, lost };
// Called for every message; may change the packet and the body.
using Tamper = std::function<Fate(const Passing&, Packet&, Frame& body)>;

// One safety of a broker's loop that is switched off.
enum class NodeFault : std::uint8_t {
  none,
  sends_after_a_failed_send,  // What cannot be sent is forgotten.
  reads_the_clock_once,       // At the beginning of a turn.
  forgets_the_clock,          // Of its earlier lives.
  forgets_its_counter,        // The same.
};

struct Stage {
  Stage(const Plan& plan_drawn, NetworkUser& user, bool keeps_lines, Tamper tamper_with);

  // See Network::send.
  bool send(ConnectionId id, Toward toward, Parcel parcel);
  // For the recording, if there is one: happens now, or began at `at`.
  void record(Step step, Instant at);
  void record(Step step) { record(std::move(step), queue.now()); }
  [[nodiscard]] std::string name_of(Host host) const;
  [[nodiscard]] bool is_broker(Host host) const { return host < plan.brokers.size(); }

  const Plan& plan;
  EventQueue queue;
  Trace trace;
  Verdict verdict;
  Truth truth;
  GroupCheck groups;
  NearCheck near;
  ExclusiveCheck exclusive;
  NearFault near_fault = NearFault::none;
  NodeFault node_fault = NodeFault::none;
  PublishedValues values;
  std::uint64_t entries_checked = 0;
  std::uint64_t entries_repaired = 0;
  Witnesses witnesses;
  Network network;
  Tamper tamper;
  std::uint64_t lives = 0;
  std::set<std::uint64_t> waiting_lives;  // Of brokers that have to rejoin before they number.
  std::vector<Step>* recording = nullptr;
  bool in_last_round = false;
  // Of the near caches: hold what each would serve of a key against what is true.
  std::vector<std::function<void(std::size_t key)>> judges;
  void judge(std::size_t key) const {
    for (const auto& judge_one : judges) judge_one(key);
  }
  std::uint64_t serial = 0;  // Of the messages published: what makes each one unlike any other.
};

}  // namespace mpreg::sim
