#pragma once
// Plan: everything that a schedule is, drawn from its seed: who is there, what the network is like,
// what the clients do and what goes wrong. Each schedule has a few kinds of trouble only (swarm
// testing, Groce et al., 2012), some have none.

#include <cstdint>
#include <string>
#include <vector>

#include "loading/near_read.h"
#include "network.h"
#include "node/node_options.h"
#include "session/session_options.h"
#include "step.h"

namespace mpreg::sim {

enum class ActionKind : std::uint8_t {
  // What clients do.
  publish,
  invalidate,
  replicate,
  subscribe,
  unsubscribe,
  hold_credit,
  release_credit,
  ask,          // A barrier, a query, or an operation completed by hand.
  say_goodbye,  // The client ends.
  reconnect,    // Drops its connection and dials the next broker of its list.
  crash,        // The process ends without a word.
  // What goes wrong. `who` is a broker but for break_connection.
  break_connection,
  cut_one_way,
  cut_both_ways,
  heal_one_way,
  heal_both_ways,
  kill,
  stop,
  restart,
  pause,
  suspend,     // In the middle of a turn.
  fill_queue,  // Of a broker, to another or to a client.
  clock_jump,  // Of the wall, forwards or back.
};
[[nodiscard]] std::string_view name_of(ActionKind kind);

struct Action {
  Duration at{};  // Since the beginning.
  ActionKind kind = ActionKind::publish;
  std::uint32_t who = 0;
  std::uint32_t other = 0;
  std::uint64_t seed = 0;  // Of the details.
  Duration span{};
};

struct BrokerPlan {
  NodeOptions options;
  std::vector<std::uint32_t> dials;  // Brokers.
  std::chrono::milliseconds wall_skew{};
  Duration turn_delay_max{};  // From what arrives to the turn that takes it.
  Duration starts_at{};
  Duration starts_again_after{};  // From when everything heals.
};

// As the options of a namespace of a near cache have it.
struct NearPlan {
  ReadOptions reads;
  bool names_writers = true;  // Every cluster of the plan is declared as one that may write.
  bool keeps_absent = true;   // That something does not exist.
  std::uint64_t bytes_max = 1U << 20U;
  std::uint32_t shards = 2;
  [[nodiscard]] bool is_small() const { return bytes_max < (64U << 10U); }
};

struct ClientPlan {
  std::vector<std::uint32_t> brokers;  // Tried in turn.
  SessionOptions options;
  Duration starts_at{};
  bool has_near = false;  // A near cache.
  NearPlan near;
};

// What is in the schedule, for what may be asked of it.
struct Troubles {
  bool kills = false;
  bool stops = false;
  bool pauses = false;
  bool breaks = false;
  bool cuts = false;
  bool moves = false;  // Clients change brokers.
  bool stalls = false;
  bool small_logs = false;
  bool small_windows = false;
  bool lossy_streams = false;
  bool wide_area = false;
  bool large_payloads = false;
  bool clock_steps_back = false;
  bool clock_jumps = false;
  bool suspends = false;
  bool full_queues = false;
  bool kills_together = false;
  bool crashes = false;  // Of clients.

  // Nothing keeps anybody from what is sent to him.
  [[nodiscard]] bool undisturbed() const {
    return !kills && !stops && !pauses && !breaks && !cuts && !moves && !small_logs && !suspends &&
           !full_queues && !crashes;
  }
};

// How long whoever has lost a connection waits before it dials again.
struct Redials {
  Duration least{};
  Duration client_most{};
  Duration broker_most{};
};

// From when everything heals until the last broker is up again.
inline constexpr Duration kHealing = std::chrono::milliseconds(300);

struct Plan {
  std::uint64_t seed = 0;
  Troubles troubles;
  NetworkOptions network;
  Redials redials;
  std::vector<BrokerPlan> brokers;
  std::vector<ClientPlan> clients;
  bool quiet_witnesses = false;
  bool merges = false;           // Keys that clusters write at the same time.
  bool claims = false;           // Keys that are one client's alone.
  bool several_writers = false;  // Of some keys of near caches, at the source, too.
  std::vector<Action> actions;   // Ascending by time.
  // In place of actions and of what clients do by themselves: these, ascending by time, those of
  // the last round at the end.
  bool is_scripted = false;
  std::vector<Step> steps;
  // Nothing at all is drawn: what is due at one instant happens in the order in which it came up.
  bool is_fixed = false;
  Duration trouble_until{};  // Then everything heals.

  [[nodiscard]] std::string text() const;
};

[[nodiscard]] Plan draw_plan(std::uint64_t seed);
// The same with everything going wrong so many times later, and for so many times longer: what
// takes longer than leases is seen then.
[[nodiscard]] Plan stretched(Plan plan, int times);

}  // namespace mpreg::sim
