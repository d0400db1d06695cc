#include "plan.h"

#include <algorithm>

#include "coherence/resolvers.h"

namespace mpreg::sim {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr std::string_view kActionNames[] = {
    "publish",     "invalidate",    "replicate",    "subscribe",      "unsubscribe", "hold",
    "release",     "ask",           "goodbye",      "reconnect",      "crash",       "break",
    "cut one way", "cut both ways", "heal one way", "heal both ways", "kill",        "stop",
    "restart",     "pause",         "suspend",      "fill queue",     "clock jump"};

constexpr milliseconds kComparedOften{3000};

Troubles draw_troubles(Random& random) {
  Troubles troubles;
  if (random.chance(8)) return troubles;  // A calm day.
  troubles.kills = random.chance(30);
  troubles.stops = random.chance(20);
  troubles.pauses = random.chance(25);
  troubles.breaks = random.chance(40);
  troubles.cuts = random.chance(35);
  troubles.moves = random.chance(25);
  troubles.stalls = random.chance(30);
  troubles.small_logs = random.chance(20);
  troubles.small_windows = random.chance(30);
  troubles.lossy_streams = random.chance(35);
  troubles.wide_area = random.chance(25);
  troubles.large_payloads = random.chance(25);
  troubles.clock_steps_back = troubles.kills && random.chance(15);
  troubles.clock_jumps = random.chance(10);
  troubles.suspends = random.chance(30);
  troubles.full_queues = random.chance(20);
  troubles.crashes = random.chance(15);
  troubles.kills_together = troubles.kills && random.chance(30);
  return troubles;
}

struct DrawnDial {
  std::uint32_t to = 0;
  LinkRole role = LinkRole::hub;
};
struct Topology {
  std::vector<std::vector<DrawnDial>> dials;  // By broker.
  std::vector<std::string> regions;           // The same; empty: one region.
};

// A hub with spokes, a chain or a tree: there is one way between any two.
Topology draw_tree(Random& random) {
  const std::uint64_t kind = random.below(100);
  if (kind < 12) return {{{}}, {}};
  if (kind < 42) return {{{}, {{0, LinkRole::hub}}}, {}};
  Topology topology;
  const std::uint32_t brokers =
      kind < 72 ? static_cast<std::uint32_t>(random.between(3, 5))
                : static_cast<std::uint32_t>(3 + random.below(kind < 88 ? 2 : 3));
  topology.dials.resize(brokers);
  for (std::uint32_t broker = 1; broker < brokers; ++broker) {
    std::uint32_t other = 0;                   // A hub with spokes.
    if (kind >= 72) other = broker - 1;        // A chain.
    if (kind >= 88) other = (broker - 1) / 2;  // A tree.
    const bool is_reversed = kind >= 72 && kind < 88 && random.chance(50);
    if (is_reversed) {
      topology.dials[other].push_back({broker, LinkRole::hub});
    } else {
      topology.dials[broker].push_back({other, LinkRole::hub});
    }
  }
  return topology;
}

// Any connected graph of hubs, peers and gateways, some links dialled by both sides or twice.
Topology draw_graph(Random& random) {
  Topology topology;
  const std::uint64_t most = random.chance(5) ? 12 : random.chance(60) ? 5 : 8;
  const auto brokers = static_cast<std::uint32_t>(random.between(2, most));
  topology.dials.resize(brokers);
  const std::uint64_t regions = random.chance(50) ? 1 : random.between(2, 3);
  for (std::uint32_t broker = 0; broker < brokers; ++broker) {
    topology.regions.push_back("r" + std::to_string(random.below(regions)));
  }
  const auto link = [&](std::uint32_t one, std::uint32_t other) {
    if (random.chance(50)) std::swap(one, other);
    const bool is_same = topology.regions[one] == topology.regions[other];
    const LinkRole role = random.chance(25) ? LinkRole::hub
                          : is_same         ? LinkRole::peer
                                            : LinkRole::gateway;
    topology.dials[one].push_back({other, role});
    if (random.chance(6)) topology.dials[one].push_back({other, role});
    if (random.chance(8)) topology.dials[other].push_back({one, role});
  };
  const bool is_ring = random.chance(25);
  for (std::uint32_t broker = 1; broker < brokers; ++broker) {
    link(broker, is_ring ? broker - 1 : static_cast<std::uint32_t>(random.below(broker)));
  }
  if (is_ring && brokers > 2) link(0, brokers - 1);
  const std::uint64_t more = random.below(brokers);
  for (std::uint64_t i = 0; i < more; ++i) {
    const auto one = static_cast<std::uint32_t>(random.below(brokers));
    const auto other = static_cast<std::uint32_t>(random.below(brokers));
    if (one != other) link(one, other);
  }
  return topology;
}

void shrink_windows(Random& random, NodeOptions& options) {
  options.session_window_bytes_max = 64U << 10U;
  options.publish_window_bytes = random.between(1, 8) << 10U;
  options.link_window_bytes = random.between(1, 8) << 10U;
  options.bulk_window_bytes = random.between(1, 4) << 10U;
  if (random.chance(30)) options.session_aliases_max = static_cast<std::uint32_t>(random.below(4));
  if (random.chance(30)) {
    options.pending_operations_max = static_cast<std::uint32_t>(random.between(1, 8));
  }
}

void draw_brokers(Random& random, Plan& plan) {
  const Topology topology = random.chance(50) ? draw_tree(random) : draw_graph(random);
  for (std::uint32_t i = 0; i < topology.dials.size(); ++i) {
    BrokerPlan broker;
    broker.options.cluster = "b" + std::to_string(i);
    Random stores(Random::mixed(plan.seed + 70 + i));
    broker.options.cache_bytes_max = (stores.chance(50) ? 256 : stores.between(1, 4)) << 10U;
    broker.options.compare_interval = milliseconds(stores.between(1000, 20'000));
    broker.options.claim_lease_max = milliseconds(3000);
    // Whoever is away for a moment is not waited for by the marks of erased keys.
    if (plan.seed % 5 == 0) broker.options.absence_max = milliseconds(2000);
    if (plan.merges) {
      // Who has had to forget a write may show another one until it is told again.
      broker.options.cache_bytes_max =
          std::max<std::uint64_t>(broker.options.cache_bytes_max, 256U << 10U);
      broker.options.resolvers["merged"] = prefer_cluster({{"b0", 2}, {"b1", 1}});
      broker.options.compare_interval = std::min(broker.options.compare_interval, kComparedOften);
    }
    if (!topology.regions.empty()) broker.options.region = topology.regions[i];
    broker.options.stream_endpoint = "sim://" + std::to_string(i);
    for (const DrawnDial& dial : topology.dials[i]) {
      broker.dials.push_back(dial.to);
      broker.options.dials.push_back({dial.role, "sim://" + std::to_string(dial.to)});
    }
    if (plan.troubles.small_logs && random.chance(70)) {
      broker.options.retained_bytes_max = random.between(3, 40) << 10U;
    }
    if (plan.troubles.small_windows) shrink_windows(random, broker.options);
    broker.wall_skew = milliseconds(static_cast<std::int64_t>(random.below(2000)) - 1000);
    broker.turn_delay_max =
        random.chance(10) ? Duration(milliseconds(30)) : Duration(microseconds(200));
    plan.brokers.push_back(std::move(broker));
  }
}

void draw_clients(Random& random, Plan& plan) {
  const auto brokers = static_cast<std::uint32_t>(plan.brokers.size());
  for (std::uint32_t broker = 0; broker < brokers; ++broker) {
    const std::uint64_t count = random.between(1, brokers > 2 ? 2 : 3);
    for (std::uint64_t i = 0; i < count; ++i) {
      ClientPlan client;
      client.brokers = {broker};
      if (plan.troubles.moves && brokers > 1 && random.chance(60)) {
        client.brokers.push_back(
            static_cast<std::uint32_t>((broker + random.between(1, brokers - 1)) % brokers));
        if (random.chance(30)) {
          client.brokers.push_back(
              static_cast<std::uint32_t>((broker + random.between(1, brokers - 1)) % brokers));
        }
      }
      client.options.client = 1'000'000 + plan.clients.size();
      client.options.name = "c" + std::to_string(plan.clients.size());
      client.options.batches_in_flight = static_cast<std::size_t>(random.between(1, 4));
      client.options.batch_records_max =
          random.chance(30) ? static_cast<std::size_t>(random.between(1, 8)) : 4096;
      if (plan.troubles.small_windows) {
        client.options.receive_window_bytes = random.between(1, 64) << 10U;
        client.options.publish_window_bytes = random.between(2, 16) << 10U;
      }
      plan.clients.push_back(std::move(client));
    }
  }
}

void draw_network(Random& random, Plan& plan) {
  NetworkOptions& network = plan.network;
  const bool wide = plan.troubles.wide_area;
  network.client_latency_min = microseconds(50);
  network.client_latency_max = milliseconds(1);
  network.broker_latency_min = wide ? Duration(milliseconds(10)) : Duration(microseconds(100));
  network.broker_latency_max = wide ? milliseconds(120) : milliseconds(2);
  network.jitter_max = wide ? milliseconds(30) : milliseconds(1);
  plan.redials = {milliseconds(20), milliseconds(400), milliseconds(500)};
  network.slow_joiner_max = random.chance(40) ? milliseconds(400) : milliseconds(2);
  if (plan.troubles.lossy_streams) {
    network.stream_parcels_max = static_cast<std::uint32_t>(random.between(1, 20));
    network.stream_drop_percent = static_cast<std::uint32_t>(random.below(25));
  }
}

// Mostly as an application has it that sets nothing.
void draw_near(Random& random, NearPlan& near) {
  near.names_writers = random.chance(20);
  near.reads.ask_cluster = random.chance(35);
  near.reads.load_once_in_cluster = random.chance(25);
  near.reads.load_once_here = !random.chance(15);
  if (random.chance(30)) near.reads.load_wait = milliseconds(random.between(50, 2000));
  near.keeps_absent = !random.chance(25);
  if (random.chance(15)) near.bytes_max = random.between(1, 3) << 10U;
}

void draw_starts(Plan& plan) {
  Random starts(Random::mixed(plan.seed + 3));
  for (BrokerPlan& broker : plan.brokers) broker.starts_at = starts.duration({}, milliseconds(150));
  for (ClientPlan& client : plan.clients) client.starts_at = starts.duration({}, milliseconds(300));
  Random again(Random::mixed(plan.seed + 4));
  for (BrokerPlan& broker : plan.brokers) {
    broker.starts_again_after = again.duration({}, kHealing);
  }
  for (std::size_t i = 0; i < plan.clients.size(); ++i) {
    plan.clients[i].has_near = Random::mixed(plan.seed * 7919 + i) % 100 < 60;
    Random near(Random::mixed(plan.seed * 7927 + i));
    draw_near(near, plan.clients[i].near);
  }
}

class ActionWriter {
 public:
  ActionWriter(Random& random, Plan& plan) : random_(random), plan_(plan) {}

  Action& add(ActionKind kind, Duration at, std::uint32_t who) {
    plan_.actions.push_back({at, kind, who, 0, random_.next(), {}});
    return plan_.actions.back();
  }
  Duration some_time() { return random_.duration(milliseconds(50), plan_.trouble_until); }

  void write_client(std::uint32_t client) {
    const std::uint64_t subscriptions = random_.below(random_.chance(15) ? 14 : 4);
    for (std::uint64_t i = 0; i < subscriptions; ++i) {
      const Duration early = random_.duration(milliseconds(10), milliseconds(900));
      add(ActionKind::subscribe, random_.chance(70) ? early : some_time(), client);
    }
    if (random_.chance(25)) add(ActionKind::unsubscribe, some_time(), client);
    const std::uint64_t publications = random_.below(14);
    for (std::uint64_t i = 0; i < publications; ++i) {
      const std::uint64_t kind = random_.below(10);
      add(kind < 5   ? ActionKind::publish
          : kind < 8 ? ActionKind::invalidate
                     : ActionKind::replicate,
          some_time(), client);
    }
    if (random_.chance(40)) add(ActionKind::ask, some_time(), client);
    if (plan_.troubles.stalls && random_.chance(60)) {
      const Duration from = some_time();
      add(ActionKind::hold_credit, from, client);
      add(ActionKind::release_credit, from + random_.duration({}, milliseconds(3000)), client);
    }
    if (random_.chance(4)) add(ActionKind::say_goodbye, some_time(), client);
    if (plan_.troubles.crashes && random_.chance(25)) add(ActionKind::crash, some_time(), client);
    if (plan_.troubles.moves && random_.chance(60)) {
      for (std::uint64_t i = random_.between(1, 2); i > 0; --i) {
        add(ActionKind::reconnect, some_time(), client);
      }
    }
  }

  void write_trouble(ActionKind kind, ActionKind end, std::uint32_t who, Duration longest) {
    Action& action = add(kind, some_time(), who);
    const auto brokers = static_cast<std::uint32_t>(plan_.brokers.size());
    action.other = static_cast<std::uint32_t>((who + 1 + random_.below(brokers)) % brokers);
    action.span = random_.duration(milliseconds(20), longest);
    if (kind == end) return;
    const Action copy = action;
    Action& ending = add(end, copy.at + copy.span, who);
    ending.other = copy.other;
  }

  // The same happens to another broker at the same time.
  void repeat_for(std::uint32_t broker, std::size_t actions) {
    for (std::size_t i = 0; i < actions; ++i) {
      Action again = plan_.actions[plan_.actions.size() - actions];
      again.who = broker;
      plan_.actions.push_back(again);
    }
  }

  void write_troubles() {
    const Troubles& troubles = plan_.troubles;
    const auto some_broker = [&] {
      return static_cast<std::uint32_t>(random_.below(plan_.brokers.size()));
    };
    const auto times = [&](bool is_on, std::uint64_t most) {
      return is_on ? random_.between(1, most) : 0;
    };
    for (std::uint64_t i = times(troubles.kills, 3); i > 0; --i) {
      write_trouble(ActionKind::kill, ActionKind::restart, some_broker(), milliseconds(3500));
      if (troubles.kills_together) repeat_for(some_broker(), 2);
    }
    for (std::uint64_t i = times(troubles.stops, 2); i > 0; --i) {
      write_trouble(ActionKind::stop, ActionKind::restart, some_broker(), milliseconds(4000));
    }
    for (std::uint64_t i = times(troubles.pauses, 3); i > 0; --i) {
      write_trouble(ActionKind::pause, ActionKind::pause, some_broker(), milliseconds(4000));
    }
    for (std::uint64_t i = times(troubles.suspends, 6); i > 0; --i) {
      write_trouble(ActionKind::suspend, ActionKind::suspend, some_broker(),
                    milliseconds(random_.chance(50) ? 4000 : 100));
    }
    for (std::uint64_t i = times(troubles.full_queues, 4); i > 0; --i) {
      write_trouble(ActionKind::fill_queue, ActionKind::fill_queue, some_broker(),
                    milliseconds(100));
    }
    for (std::uint64_t i = times(troubles.clock_jumps, 2); i > 0; --i) {
      write_trouble(ActionKind::clock_jump, ActionKind::clock_jump, some_broker(),
                    milliseconds(8000));
    }
    for (std::uint64_t i = times(troubles.breaks, 8); i > 0; --i) {
      add(ActionKind::break_connection, some_time(), 0);
    }
    for (std::uint64_t i = times(troubles.cuts, 4); i > 0; --i) {
      const bool one_way = random_.chance(50);
      write_trouble(one_way ? ActionKind::cut_one_way : ActionKind::cut_both_ways,
                    one_way ? ActionKind::heal_one_way : ActionKind::heal_both_ways, some_broker(),
                    milliseconds(random_.chance(60) ? 800 : 5000));
    }
  }

 private:
  Random& random_;
  Plan& plan_;
};

constexpr std::string_view kStepNames[] = {
    "publish",      "invalidate",  "replicate",     "subscribe",    "unsubscribe", "join",
    "hold",         "release",     "barrier",       "query",        "complete",    "goodbye",
    "crash",        "move",        "flush",         "read",         "read-all",    "load",
    "write",        "write-value", "erase",         "write-all",    "freeze",      "claim",
    "renew",        "give-up",     "write-held",    "write-unheld", "get-merged",  "write-merged",
    "kill",         "stop",        "restart",       "pause",        "alone",       "forget",
    "suspend",      "clock-back",  "clock-ahead",   "fill-queue",   "cut-one-way", "cut",
    "heal-one-way", "heal",        "break-session", "break-link",   "break-stream"};
static_assert(std::size(kStepNames) == kStepKinds);

}  // namespace

std::string_view name_of(StepKind kind) { return kStepNames[static_cast<std::size_t>(kind)]; }
std::string_view name_of(ActionKind kind) { return kActionNames[static_cast<std::size_t>(kind)]; }

std::string Plan::text() const {
  std::string text = std::to_string(brokers.size()) + " brokers, " +
                     std::to_string(clients.size()) + " clients; dials";
  for (const BrokerPlan& broker : brokers) {
    text += " " + broker.options.cluster + "(" + broker.options.region + "):";
    for (std::size_t i = 0; i < broker.dials.size(); ++i) {
      text += std::string(name_of(broker.options.dials[i].role).substr(0, 1)) +
              std::to_string(broker.dials[i]);
    }
  }
  text += quiet_witnesses ? "; quiet witnesses;" : ";";
  if (claims) text += " claims;";
  if (merges) text += " merges;";
  const std::pair<bool, const char*> names[] = {
      {troubles.kills, " kills"},
      {troubles.stops, " stops"},
      {troubles.pauses, " pauses"},
      {troubles.breaks, " breaks"},
      {troubles.cuts, " cuts"},
      {troubles.moves, " moves"},
      {troubles.stalls, " stalls"},
      {troubles.small_logs, " small-logs"},
      {troubles.small_windows, " small-windows"},
      {troubles.lossy_streams, " lossy-streams"},
      {troubles.wide_area, " wide-area"},
      {troubles.large_payloads, " large-payloads"},
      {troubles.clock_steps_back, " clock-steps-back"},
      {troubles.clock_jumps, " clock-jumps"},
      {troubles.suspends, " suspends"},
      {troubles.full_queues, " full-queues"},
      {troubles.kills_together, " kills-together"},
      {troubles.crashes, " crashes"},
  };
  for (const auto& [is_on, name] : names) {
    if (is_on) text += name;
  }
  return text;
}

Plan draw_plan(std::uint64_t seed) {
  Random random(seed);
  Plan plan;
  plan.seed = seed;
  plan.troubles = draw_troubles(random);
  plan.trouble_until = random.duration(milliseconds(1500), milliseconds(7000));
  plan.quiet_witnesses = random.chance(60);
  // Through windows of a few messages nobody gets a lease of a second in time.
  plan.claims = seed % 3 == 0 && !plan.troubles.small_windows;
  plan.merges = seed % 4 == 1;
  draw_brokers(random, plan);
  draw_clients(random, plan);
  draw_network(random, plan);
  draw_starts(plan);
  ActionWriter writer(random, plan);
  for (std::uint32_t client = 0; client < plan.clients.size(); ++client) {
    writer.write_client(client);
  }
  writer.write_troubles();
  std::stable_sort(plan.actions.begin(), plan.actions.end(),
                   [](const Action& a, const Action& b) { return a.at < b.at; });
  return plan;
}

Plan stretched(Plan plan, int times) {
  for (Action& action : plan.actions) {
    action.at *= times;
    action.span *= times;
  }
  plan.trouble_until *= times;
  return plan;
}

}  // namespace mpreg::sim
