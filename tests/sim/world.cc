#include "world.h"

#include <algorithm>

namespace mpreg::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kStep = milliseconds(500);
constexpr Duration kWellWithin = seconds(25);      // From there.
constexpr Duration kCompleteWithin = seconds(20);  // From the last round.
constexpr Duration kLoadedWithin = milliseconds(600);
constexpr Duration kComparedWithin = seconds(40);  // Beyond that: store by store, over all links.

// Not so for what is evicted, and what the cluster's store gave.
bool keeps_what_it_loads(const SimClient& client) {
  if (client.is_over() || !client.plan().has_near) return false;
  const NearPlan& near = client.plan().near;
  return !near.is_small() && !near.reads.ask_cluster && !near.reads.load_once_in_cluster;
}

class World final : public NetworkUser {
 public:
  World(const Plan& plan, const WorldOptions& options)
      : plan_(plan), stage_(plan_, *this, options.keeps_lines, options.tamper) {
    stage_.near_fault = options.near_fault;
    stage_.node_fault = options.node_fault;
    stage_.recording = options.recording;
    for (Host host = 0; host < plan_.brokers.size(); ++host) {
      brokers_.push_back(std::make_unique<SimBroker>(host, stage_));
    }
    for (std::uint32_t i = 0; i < plan_.clients.size(); ++i) {
      clients_.push_back(std::make_unique<SimClient>(i, stage_, brokers_));
    }
    stage_.near.set_met_at([this](std::uint32_t client, const std::string& cluster) {
      const auto broker = std::find_if(brokers_.begin(), brokers_.end(), [&](const auto& one) {
        return one->cluster() == clients_[client]->cluster();
      });
      return broker == brokers_.end() ? std::nullopt : (*broker)->met_at(cluster);
    });
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
  [[nodiscard]] Host other_of(const Action& action) const;
  void cut(const Action& action);
  // As a script has it. Those of one instant happen in their order, and what they send leaves.
  void perform_all(std::size_t first, std::size_t end);
  void perform(const Step& step);
  void perform_cut(const Step& step);
  void break_connection(const Step& step);
  // What was drawn: it is recorded, and done.
  void happen(const Step& step);
  void calm();
  void run_until(Instant until);
  void ask_frontiers();
  [[nodiscard]] std::optional<std::string> find_unwell();
  [[nodiscard]] std::optional<std::string> find_incomplete();
  [[nodiscard]] std::optional<std::string> find_differing();
  void finish();
  void load_in_the_quiet();
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
  stage_.trace.line([&] { return plan_.text(); });
  for (const auto& broker : brokers_) {
    stage_.queue.in(broker->plan().starts_at, [&broker] { broker->start(); });
  }
  for (const auto& client : clients_) {
    stage_.queue.in(client->plan().starts_at, [&client] { client->start(); });
  }
  for (const Action& action : plan_.actions) {
    stage_.queue.in(action.at, [this, &action] { act(action); });
  }
  for (std::size_t first = 0; first < plan_.steps.size() && !plan_.steps[first].last_round;) {
    std::size_t end = first;
    while (end < plan_.steps.size() && plan_.steps[end].at == plan_.steps[first].at) ++end;
    stage_.queue.in(plan_.steps[first].at, [this, first, end] {
      if (!is_calm_) perform_all(first, end);
    });
    first = end;
  }
}

void World::act(const Action& action) {
  if (is_calm_) return;
  if (action.kind >= ActionKind::break_connection) return trouble(action);
  clients_[action.who]->act(action);
}

void World::trouble(const Action& action) {
  Random random(action.seed);
  switch (action.kind) {
    case ActionKind::break_connection:
      return break_some_connection(random);
    case ActionKind::cut_one_way:
    case ActionKind::cut_both_ways:
    case ActionKind::heal_one_way:
    case ActionKind::heal_both_ways:
      return cut(action);
    case ActionKind::kill:
      if (plan_.troubles.clock_steps_back) {
        happen({.kind = StepKind::clock_back,
                .who = action.who,
                .first = seconds(random.between(1, 8))});
      }
      return happen({.kind = StepKind::kill, .who = action.who});
    case ActionKind::stop:
      return happen({.kind = StepKind::stop, .who = action.who});
    case ActionKind::restart:
      return happen({.kind = StepKind::restart, .who = action.who});
    case ActionKind::pause:
      return happen({.kind = StepKind::pause, .who = action.who, .first = action.span});
    case ActionKind::suspend:
      return happen({.kind = StepKind::suspend,
                     .who = action.who,
                     .id = random.below(6),
                     .first = action.span});
    case ActionKind::fill_queue:
      return happen({.kind = StepKind::fill_queue, .who = action.who, .other = other_of(action)});
    case ActionKind::clock_jump:
      return happen({.kind = random.chance(50) ? StepKind::clock_ahead : StepKind::clock_back,
                     .who = action.who,
                     .first = action.span});
    default:
      return;
  }
}

void World::break_some_connection(Random& random) {
  const std::vector<ConnectionId> up = stage_.network.up_connections();
  if (up.empty()) return;
  const ConnectionId picked = random.pick(up);
  const ConnectionEnds& ends = stage_.network.ends(picked);
  stage_.record({.kind = ends.plug == Plug::session ? StepKind::break_session
                         : ends.plug == Plug::link  ? StepKind::break_link
                                                    : StepKind::break_stream,
                 .who = ends.dialler,
                 .other = ends.listener});
  stage_.network.reset(picked);
}

// Mostly of another broker; sometimes of a client.
Host World::other_of(const Action& action) const {
  if (action.other != action.who) return action.other;
  return static_cast<Host>(brokers_.size() +
                           static_cast<std::size_t>(action.span.count()) % clients_.size());
}

void World::cut(const Action& action) {
  const Host other = other_of(action);
  const StepKind kind = action.kind == ActionKind::cut_one_way     ? StepKind::cut_one_way
                        : action.kind == ActionKind::cut_both_ways ? StepKind::cut_both_ways
                        : action.kind == ActionKind::heal_one_way  ? StepKind::heal_one_way
                                                                   : StepKind::heal_both_ways;
  happen({.kind = kind, .who = action.who, .other = other});
}

void World::happen(const Step& step) {
  stage_.record(step);
  perform(step);
}

void World::perform_all(std::size_t first, std::size_t end) {
  std::vector<SimClient*> touched;
  for (std::size_t i = first; i < end; ++i) {
    const Step& step = plan_.steps[i];
    if (step.kind >= StepKind::kill) {
      perform(step);
      continue;
    }
    SimClient& client = *clients_[step.who - brokers_.size()];
    client.perform(step);
    if (std::find(touched.begin(), touched.end(), &client) == touched.end()) {
      touched.push_back(&client);
    }
  }
  for (SimClient* client : touched) client->pump();
}

void World::perform(const Step& step) {
  if (step.kind >= StepKind::break_session) return break_connection(step);
  if (step.kind >= StepKind::cut_one_way) return perform_cut(step);
  SimBroker& broker = *brokers_[step.who];
  switch (step.kind) {
    case StepKind::kill:
      return broker.kill();
    case StepKind::stop:
      return broker.stop();
    case StepKind::restart:
      return broker.start();
    case StepKind::pause:
      return broker.pause(step.first);
    case StepKind::alone:
      return broker.ask("alone");
    case StepKind::forget:
      return broker.ask("forget " + step.of);
    case StepKind::suspend:
      return broker.suspend(step.id == 0 ? std::nullopt : std::optional(step.id - 1), step.first);
    case StepKind::fill_queue:
      return broker.fill_queue_to(step.other);
    case StepKind::clock_ahead:
      return broker.step_clock(std::chrono::duration_cast<milliseconds>(step.first));
    default:
      return broker.step_clock(-std::chrono::duration_cast<milliseconds>(step.first));
  }
}

void World::perform_cut(const Step& step) {
  Network& network = stage_.network;
  if (step.kind >= StepKind::heal_one_way) {
    network.heal(step.who, step.other);
    if (step.kind == StepKind::heal_both_ways) network.heal(step.other, step.who);
  } else {
    network.cut(step.who, step.other);
    if (step.kind == StepKind::cut_both_ways) network.cut(step.other, step.who);
  }
}

void World::break_connection(const Step& step) {
  const Plug plug = step.kind == StepKind::break_session ? Plug::session
                    : step.kind == StepKind::break_link  ? Plug::link
                                                         : Plug::stream;
  for (const ConnectionId id : stage_.network.up_connections()) {
    const ConnectionEnds& ends = stage_.network.ends(id);
    if (ends.plug != plug || ends.dialler != step.who || ends.listener != step.other) continue;
    return stage_.network.reset(id);
  }
}

void World::calm() {
  is_calm_ = true;
  stage_.trace.line([] { return std::string("everything heals"); });
  stage_.network.calm();
  for (const auto& broker : brokers_) {
    broker->end_pause();
    stage_.queue.in(broker->plan().starts_again_after, [&broker] { broker->start(); });
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
    if (!broker.may_write()) return name + " has not rejoined";
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
  stage_.in_last_round = true;
  stage_.exclusive.begin_last_round();
  for (const auto& client : clients_) {
    client->begin_last_round();
    if (plan_.is_scripted) continue;
    for (const ActionKind kind : {ActionKind::publish, ActionKind::invalidate}) {
      client->act({{}, kind, 0, 0, ++stage_.serial, {}});
    }
  }
  for (std::size_t first = 0; first < plan_.steps.size(); ++first) {
    if (!plan_.steps[first].last_round) continue;
    perform_all(first, plan_.steps.size());
    break;
  }
  const Instant complete_by =
      stage_.queue.now() + kCompleteWithin + (plan_.merges ? kComparedWithin : Duration::zero());
  wrong = std::string("nothing was looked at");
  while (!failed() && wrong && stage_.queue.now() < complete_by) {
    ask_frontiers();
    run_until(stage_.queue.now() + kStep);
    wrong = find_incomplete();
  }
  if (wrong) return stage_.verdict.fail("not complete long after everything healed: " + *wrong);
  if (!failed()) load_in_the_quiet();
}

// What was loaded and that nothing was told about is served: a cache that always misses is no
// cache. The end of an incarnation may still have to be told of: then once more.
void World::load_in_the_quiet() {
  constexpr int kTries = 3;
  for (int tries = kTries; tries > 0; --tries) {
    std::uint64_t gaps_before = 0;
    for (const auto& client : clients_) {
      gaps_before += client->subscriber().gaps();
      if (keeps_what_it_loads(*client)) client->near()->load_all();
    }
    run_until(stage_.queue.now() + kLoadedWithin);
    std::optional<std::string> miss;
    std::uint64_t gaps = 0;
    for (const auto& client : clients_) {
      gaps += client->subscriber().gaps();
      if (!miss && keeps_what_it_loads(*client)) miss = client->near()->find_needless_miss();
    }
    if (!miss) return;
    if (gaps == gaps_before) return stage_.verdict.fail(*miss);
  }
  stage_.verdict.fail("gaps are still told of in the quiet");
}

// As long as every broker lives and its log holds everything, nothing may be lost; but for messages
// that only an origin has that cannot be reached for longer than anybody waits for the rest of what
// came incomplete.
void World::check_gaps() {
  const Troubles& troubles = plan_.troubles;
  if (troubles.kills || troubles.stops || troubles.small_logs || troubles.moves) return;
  const bool may_be_away =
      (troubles.pauses || troubles.suspends || troubles.cuts || troubles.stalls) &&
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
  result.given = stage_.near.given();
  result.given_coherent = stage_.near.given_coherent();
  result.near_judged = stage_.near.judged();
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
