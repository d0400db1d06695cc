#include "world.h"

#include <algorithm>

namespace mpreg::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kStep = milliseconds(500);
constexpr Duration kHealing = milliseconds(300);   // Until the last broker is up again.
constexpr Duration kWellWithin = seconds(25);      // From there.
constexpr Duration kCompleteWithin = seconds(20);  // From the last round.
constexpr Duration kComparedWithin = seconds(40);  // Beyond that: store by store, over all links.

class World final : public NetworkUser {
 public:
  World(const Plan& plan, const WorldOptions& options)
      : plan_(plan), stage_(plan_, *this, options.keeps_lines, options.tamper) {
    stage_.near_fault = options.near_fault;
    for (Host host = 0; host < plan_.brokers.size(); ++host) {
      brokers_.push_back(std::make_unique<SimBroker>(host, stage_));
    }
    for (std::uint32_t i = 0; i < plan_.clients.size(); ++i) {
      clients_.push_back(std::make_unique<SimClient>(i, stage_, brokers_));
    }
  }

  WorldResult run();

  // ---- NetworkUser
  [[nodiscard]] bool is_listening(Host host) const override {
    return stage_.is_broker(host) && brokers_[host]->is_running();
  }
  void on_up(ConnectionId id) override;
  void on_down(ConnectionId id) override;
  void on_parcel(ConnectionId id, Toward toward, Parcel parcel) override;

 private:
  void begin();
  void act(const Action& action);
  void trouble(const Action& action);
  void break_some_connection(Random& random);
  void cut(const Action& action, bool heals);
  void calm();
  void run_until(Instant until);
  void ask_frontiers();
  [[nodiscard]] std::optional<std::string> find_unwell();
  [[nodiscard]] std::optional<std::string> find_incomplete();
  [[nodiscard]] std::optional<std::string> find_differing();
  void finish();
  void check_gaps();
  [[nodiscard]] bool failed() const { return stage_.verdict.failed(); }

  const Plan& plan_;
  Stage stage_;
  std::vector<std::unique_ptr<SimBroker>> brokers_;
  std::vector<std::unique_ptr<SimClient>> clients_;
  bool is_calm_ = false;
};

void World::on_up(ConnectionId id) {
  const ConnectionEnds& ends = stage_.network.ends(id);
  brokers_[ends.listener]->on_accepted(id);
  if (stage_.is_broker(ends.dialler)) return brokers_[ends.dialler]->on_dialled(id);
  clients_[ends.dialler - brokers_.size()]->on_dialled(id);
}

void World::on_down(ConnectionId id) {
  const Host dialler = stage_.network.ends(id).dialler;
  if (stage_.is_broker(dialler)) return brokers_[dialler]->on_down(id);
  clients_[dialler - brokers_.size()]->on_down(id);
}

void World::on_parcel(ConnectionId id, Toward toward, Parcel parcel) {
  const ConnectionEnds& ends = stage_.network.ends(id);
  const Host to = toward == Toward::listener ? ends.listener : ends.dialler;
  if (stage_.is_broker(to)) return brokers_[to]->on_parcel(id, toward, std::move(parcel));
  clients_[to - brokers_.size()]->on_parcel(id, std::move(parcel));
}

void World::begin() {
  Random random(Random::mixed(plan_.seed + 3));
  stage_.trace.line([&] { return plan_.text(); });
  for (const auto& broker : brokers_) {
    stage_.queue.in(random.duration({}, milliseconds(150)), [&broker] { broker->start(); });
  }
  for (const auto& client : clients_) {
    stage_.queue.in(random.duration({}, milliseconds(300)), [&client] { client->start(); });
  }
  for (const Action& action : plan_.actions) {
    stage_.queue.in(action.at, [this, &action] { act(action); });
  }
}

void World::act(const Action& action) {
  if (is_calm_) return;
  if (action.kind >= ActionKind::break_connection) return trouble(action);
  clients_[action.who]->act(action);
}

void World::trouble(const Action& action) {
  Random random(action.seed);
  SimBroker& broker = *brokers_[action.who % brokers_.size()];
  switch (action.kind) {
    case ActionKind::break_connection:
      return break_some_connection(random);
    case ActionKind::cut_one_way:
    case ActionKind::cut_both_ways:
      return cut(action, false);
    case ActionKind::heal_one_way:
    case ActionKind::heal_both_ways:
      return cut(action, true);
    case ActionKind::kill:
      if (plan_.troubles.clock_steps_back) broker.step_clock_back(seconds(random.between(1, 8)));
      return broker.kill();
    case ActionKind::stop:
      return broker.stop();
    case ActionKind::restart:
      return broker.start();
    case ActionKind::pause:
      return broker.pause(action.span);
    default:
      return;
  }
}

void World::break_some_connection(Random& random) {
  const std::vector<ConnectionId> up = stage_.network.up_connections();
  if (!up.empty()) stage_.network.reset(random.pick(up));
}

// Mostly between brokers; sometimes between a broker and a client.
void World::cut(const Action& action, bool heals) {
  const Host one = action.who;
  Host other = action.other;
  if (other == one) {
    other = static_cast<Host>(brokers_.size() + action.span.count() % clients_.size());
  }
  const bool both =
      action.kind == ActionKind::cut_both_ways || action.kind == ActionKind::heal_both_ways;
  if (heals) {
    stage_.network.heal(one, other);
    if (both) stage_.network.heal(other, one);
  } else {
    stage_.network.cut(one, other);
    if (both) stage_.network.cut(other, one);
  }
}

void World::calm() {
  is_calm_ = true;
  stage_.trace.line([] { return std::string("everything heals"); });
  stage_.network.calm();
  Random random(Random::mixed(plan_.seed + 4));
  for (const auto& broker : brokers_) {
    broker->end_pause();
    stage_.queue.in(random.duration({}, kHealing), [&broker] { broker->start(); });
  }
  for (const auto& client : clients_) client->calm();
}

void World::run_until(Instant until) {
  stage_.queue.run_until(until, [this] { return failed(); });
}

void World::ask_frontiers() {
  for (const auto& broker : brokers_) broker->ask_frontier();
  if (!plan_.merges || !is_calm_) return;
  for (const auto& client : clients_) client->ask_all_merged();
}

// Every broker is joined and knows all that every other one has numbered.
std::optional<std::string> World::find_unwell() {
  for (std::size_t i = 0; i < brokers_.size(); ++i) {
    const SimBroker& broker = *brokers_[i];
    const std::string name = "broker b" + std::to_string(i);
    if (!broker.is_running()) return name + " does not run";
    if (!broker.joined()) return name + " is not joined";
    if (!broker.witness().take_echoed()) return name + " does not answer";
    for (const auto& other : brokers_) {
      if (!other->is_running()) return "a broker does not run";
      for (const TruthStream stream : other->witness().own_streams()) {
        const Number end = stage_.truth.end_of(stream);
        const Number there = broker.witness().told(stream);
        if (there == end) continue;
        return name + " has " + to_string(stage_.truth.id_of(stream)) + " up to " +
               std::to_string(there) + " of " + std::to_string(end);
      }
    }
  }
  for (const auto& client : clients_) {
    if (!client->is_well())
      return "a client is not connected, or has operations not accepted or requests not answered";
  }
  return std::nullopt;
}

std::optional<std::string> World::find_incomplete() {
  if (auto unwell = find_unwell()) return unwell;
  for (const auto& client : clients_) {
    if (auto unfinished = client->find_unfinished()) return unfinished;
    if (client->is_over() || client->near() == nullptr) continue;
    if (auto incoherent = client->near()->find_incoherent()) return incoherent;
  }
  if (plan_.claims && stage_.exclusive.granted_in_last_round() == 0) {
    const bool may_ask = std::any_of(clients_.begin(), clients_.end(),
                                     [](const auto& client) { return !client->is_over(); });
    if (may_ask) return "nobody was granted a key that all have asked for";
  }
  if (auto differing = find_differing()) return differing;
  return stage_.groups.find_missing();
}

// Whoever shows a key whose conflicts a resolver decides shows the same.
std::optional<std::string> World::find_differing() {
  if (!plan_.merges) return std::nullopt;
  for (std::size_t key = 0; key < SimClient::kMergedKeys; ++key) {
    const SimClient* shown = nullptr;
    for (const auto& client : clients_) {
      if (client->is_over() || !client->merged_shown()[key]) continue;
      if (shown != nullptr && shown->merged_shown()[key] != client->merged_shown()[key]) {
        return "merged:m" + std::to_string(key) + " is another at " + client->cluster() +
               " than at " + shown->cluster();
      }
      shown = client.get();
    }
  }
  return std::nullopt;
}

void World::finish() {
  run_until(stage_.queue.now() + kHealing);
  const Instant well_by = stage_.queue.now() + kWellWithin;
  std::optional<std::string> wrong = std::string("nothing was looked at");
  while (!failed() && wrong && stage_.queue.now() < well_by) {
    ask_frontiers();
    run_until(stage_.queue.now() + kStep);
    wrong = find_unwell();
  }
  if (wrong) return stage_.verdict.fail("not well long after everything healed: " + *wrong);
  stage_.trace.line([] { return std::string("the last round"); });
  stage_.groups.begin_last_round();
  stage_.exclusive.begin_last_round();
  for (const auto& client : clients_) {
    client->begin_last_round();
    for (const ActionKind kind : {ActionKind::publish, ActionKind::invalidate}) {
      client->act({{}, kind, 0, 0, ++stage_.serial, {}});
    }
  }
  const Instant complete_by =
      stage_.queue.now() + kCompleteWithin + (plan_.merges ? kComparedWithin : Duration::zero());
  wrong = std::string("nothing was looked at");
  while (!failed() && wrong && stage_.queue.now() < complete_by) {
    ask_frontiers();
    run_until(stage_.queue.now() + kStep);
    wrong = find_incomplete();
  }
  if (wrong) stage_.verdict.fail("not complete long after everything healed: " + *wrong);
}

// As long as every broker lives and its log holds everything, nothing may be lost; but for messages
// that only an origin has that cannot be reached for longer than anybody waits for the rest of what
// came incomplete.
void World::check_gaps() {
  const Troubles& troubles = plan_.troubles;
  if (troubles.kills || troubles.stops || troubles.small_logs || troubles.moves) return;
  const bool may_be_away = (troubles.pauses || troubles.cuts || troubles.stalls) &&
                           plan_.trouble_until > kRefillPatience;
  for (const auto& client : clients_) {
    const SubscriberCheck& subscriber = client->subscriber();
    if (subscriber.gaps() == (may_be_away ? subscriber.gaps_in_events() : 0)) continue;
    stage_.verdict.fail("client " + client->session().positions().front().stream.origin +
                        " was told of a gap without need: " + client->subscriber().last_gap());
  }
}

WorldResult World::run() {
  begin();
  run_until(EventQueue::kBeginning + plan_.trouble_until);
  if (!failed()) calm();
  if (!failed()) finish();
  if (!failed()) check_gaps();
  WorldResult result;
  result.violation = stage_.verdict.first();
  result.hash = stage_.trace.hash();
  result.events = stage_.queue.events();
  result.messages = stage_.truth.messages();
  for (const auto& client : clients_) {
    result.deliveries += client->subscriber().deliveries();
    result.gaps += client->subscriber().gaps();
  }
  result.entries_checked = stage_.entries_checked;
  result.entries_repaired = stage_.entries_repaired;
  result.near_reads = stage_.near.reads();
  result.coherent_reads = stage_.near.coherent_reads();
  result.token_reads = stage_.near.token_reads();
  result.keys_granted = stage_.exclusive.granted();
  result.writes_of_holders = stage_.exclusive.written();
  result.shares = stage_.groups.deliveries();
  result.virtual_time = stage_.queue.now() - EventQueue::kBeginning;
  result.lines = stage_.trace.lines();
  return result;
}

}  // namespace

WorldResult run_world(const Plan& plan, const WorldOptions& options) {
  return std::make_unique<World>(plan, options)->run();
}

}  // namespace mpreg::sim
