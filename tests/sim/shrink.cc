#include "shrink.h"

#include <algorithm>
#include <cctype>
#include <ostream>

#include "world.h"

namespace mpreg::sim {
namespace {

using std::chrono::milliseconds;

// While anything is drawn, leaving something out changes every draw that follows: a candidate is
// tried with some seeds before it is given up.
constexpr std::uint64_t kSeedsEach = 2;
constexpr std::uint64_t kTrialsWithoutDraws = 400;

// Without the host, and what it does.
Plan without(const Plan& plan, Host gone) {
  Plan left = plan;
  const auto brokers = static_cast<Host>(plan.brokers.size());
  std::string name;
  if (gone < brokers) {
    name = plan.brokers[gone].options.cluster;
    left.brokers.erase(left.brokers.begin() + gone);
  } else {
    left.clients.erase(left.clients.begin() + (gone - brokers));
  }
  const auto moved = [&](Host& host) { host -= host > gone ? 1 : 0; };
  std::erase_if(left.steps,
                [&](const Step& step) { return step.who == gone || step.other == gone; });
  for (Step& step : left.steps) {
    moved(step.who);
    moved(step.other);
    const bool has_targets = !step.names.empty();
    if (!name.empty() && step.kind != StepKind::subscribe) std::erase(step.names, name);
    if (has_targets && step.names.empty()) step.names = {"*"};
  }
  auto& ways = left.network.ways;
  std::erase_if(ways, [&](const auto& way) { return way.from == gone || way.to == gone; });
  for (NetworkOptions::Way& way : ways) {
    moved(way.from);
    moved(way.to);
  }
  if (gone >= brokers) return left;
  for (BrokerPlan& broker : left.brokers) {
    for (std::size_t i = broker.dials.size(); i-- > 0;) {
      if (broker.dials[i] == gone) {
        broker.dials.erase(broker.dials.begin() + static_cast<std::ptrdiff_t>(i));
        broker.options.dials.erase(broker.options.dials.begin() + static_cast<std::ptrdiff_t>(i));
      } else {
        moved(broker.dials[i]);
      }
    }
  }
  for (ClientPlan& client : left.clients) {
    std::erase(client.brokers, gone);
    for (std::uint32_t& broker : client.brokers) moved(broker);
  }
  for (std::size_t i = left.clients.size(); i-- > 0;) {
    if (left.clients[i].brokers.empty()) {
      left = without(left, static_cast<Host>(left.brokers.size() + i));
    }
  }
  return left;
}

class Shrinker {
 public:
  Shrinker(Plan plan, std::string violation, std::ostream& log)
      : plan_(std::move(plan)),
        violation_(std::move(violation)),
        kind_(kind_of(violation_)),
        log_(log) {}

  // Whether it shows the violation with everything that was drawn as it is, or near to it.
  bool begin() { return accept(plan_, 200); }

  void drop() {
    for (std::size_t before = 0; before != size();) {
      before = size();
      drop_hosts();
      drop_steps();
      report("left");
    }
  }

  void tidy_options() {
    attempt([](Plan& plan) { plan.network.jitter_max = {}; });
    attempt([](Plan& plan) { plan.network.slow_joiner_max = {}; });
    attempt([](Plan& plan) {
      plan.network.stream_drop_percent = 0;
      plan.network.stream_parcels_max = NetworkOptions().stream_parcels_max;
    });
    attempt([](Plan& plan) {
      plan.network.late_notice_percent = 0;
      plan.network.notice_max = {};
    });
    attempt([](Plan& plan) { plan.quiet_witnesses = true; });
    for (std::size_t i = 0; i < plan_.brokers.size(); ++i) tidy_broker(i);
    for (std::size_t i = 0; i < plan_.clients.size(); ++i) {
      attempt([&](Plan& plan) {
        plan.clients[i].options = plain_client(plan.clients[i].options.name).options;
      });
      attempt([&](Plan& plan) { plan.clients[i].starts_at = {}; });
      attempt([&](Plan& plan) { plan.clients[i].has_near = false; });
      attempt([&](Plan& plan) { plan.clients[i].brokers.resize(1); });
    }
  }

  // False: nothing without draws was found that shows it.
  bool fix() {
    Random random(1);
    const Plan drawn = plan_;
    for (std::uint64_t trial = 0; trial < kTrialsWithoutDraws; ++trial) {
      if (accept(fixed(drawn, random, trial), 1)) return true;
    }
    return false;
  }

  void tidy_steps() {
    tidy_network();
    for (const Duration unit :
         {Duration(milliseconds(100)), Duration(milliseconds(10)), Duration(milliseconds(1)),
          Duration(std::chrono::microseconds(1))}) {
      attempt([&](Plan& plan) {
        for (Step& step : plan.steps) round(step, unit);
      });
      for (std::size_t i = 0; i < plan_.steps.size(); ++i) {
        attempt([&](Plan& plan) { round(plan.steps[i], unit); });
      }
    }
    for (std::size_t i = 0; i < plan_.steps.size(); ++i) tidy_step(i);
  }

  [[nodiscard]] std::size_t size() const {
    return plan_.steps.size() + 10 * (plan_.brokers.size() + plan_.clients.size()) +
           plan_.network.ways.size();
  }
  [[nodiscard]] Script script() const {
    Script script;
    script.plan = plan_;
    script.is_open = true;
    script.shows = violation_;
    return script;
  }
  void report(const char* what) {
    log_ << what << ": " << plan_.brokers.size() << " brokers, " << plan_.clients.size()
         << " clients, " << plan_.steps.size() << " steps, " << plan_.network.ways.size()
         << " ways; " << runs_ << " runs; " << violation_ << std::endl;
  }

 private:
  bool accept(Plan candidate, std::uint64_t seeds) {
    std::stable_sort(candidate.steps.begin(), candidate.steps.end(),
                     [](const Step& a, const Step& b) {
                       return std::pair(a.last_round, a.at) < std::pair(b.last_round, b.at);
                     });
    complete(candidate);
    for (std::uint64_t i = 0; i < (candidate.is_fixed ? 1 : seeds); ++i) {
      if (i > 0) candidate.seed = Random::mixed(candidate.seed + i);
      ++runs_;
      std::string violation = run_world(candidate, {}).violation;
      if (violation.empty() || kind_of(violation) != kind_) continue;
      plan_ = std::move(candidate);
      violation_ = std::move(violation);
      return true;
    }
    return false;
  }
  template <typename Change>
  bool attempt(Change change) {
    Plan candidate = plan_;
    change(candidate);
    return accept(std::move(candidate), kSeedsEach);
  }

  void drop_hosts() {
    for (std::size_t i = plan_.brokers.size() + plan_.clients.size(); i-- > 0;) {
      if (i < plan_.brokers.size() && plan_.brokers.size() == 1) break;
      if (i >= plan_.brokers.size() + plan_.clients.size()) continue;
      if (plan_.clients.size() == 1 && i >= plan_.brokers.size()) continue;
      const Plan candidate = without(plan_, static_cast<Host>(i));
      if (!candidate.clients.empty()) accept(candidate, kSeedsEach);
    }
  }

  void drop_steps() {
    for (std::size_t chunk = std::max<std::size_t>(plan_.steps.size() / 2, 1);; chunk /= 2) {
      for (std::size_t at = 0; at < plan_.steps.size();) {
        Plan candidate = plan_;
        auto& steps = candidate.steps;
        const auto from = steps.begin() + static_cast<std::ptrdiff_t>(at);
        steps.erase(from, from + static_cast<std::ptrdiff_t>(std::min(chunk, steps.size() - at)));
        if (!accept(std::move(candidate), kSeedsEach)) at += chunk;
      }
      if (chunk <= 1) return;
    }
  }

  void tidy_broker(std::size_t i) {
    attempt([&](Plan& plan) {
      BrokerPlan& broker = plan.brokers[i];
      BrokerPlan plain = plain_broker(broker.options.cluster);
      plain.options.dials = broker.options.dials;
      plain.options.region = broker.options.region;
      broker.options = plain.options;
    });
    attempt([&](Plan& plan) { plan.brokers[i].options.region = NodeOptions().region; });
    attempt([&](Plan& plan) {
      plan.brokers[i].options.cache_bytes_max = NodeOptions().cache_bytes_max;
    });
    attempt([&](Plan& plan) { plan.brokers[i].options.absence_max = NodeOptions().absence_max; });
    attempt([&](Plan& plan) {
      plan.brokers[i].options.retained_bytes_max = NodeOptions().retained_bytes_max;
    });
    attempt([&](Plan& plan) {
      plan.brokers[i].options.compare_interval = plain_broker({}).options.compare_interval;
    });
    attempt([&](Plan& plan) { plan.brokers[i].wall_skew = {}; });
    attempt([&](Plan& plan) { plan.brokers[i].turn_delay_max = {}; });
    attempt([&](Plan& plan) { plan.brokers[i].starts_at = {}; });
    attempt([&](Plan& plan) { plan.brokers[i].starts_again_after = {}; });
    for (DialOptions& dial : plan_.brokers[i].options.dials) {
      if (dial.role == LinkRole::hub) continue;
      const auto k = static_cast<std::size_t>(&dial - plan_.brokers[i].options.dials.data());
      if (attempt([&](Plan& plan) { plan.brokers[i].options.dials[k].role = LinkRole::hub; }))
        break;
    }
  }

  // The first trials are the plainest.
  static Plan fixed(const Plan& drawn, Random& random, std::uint64_t trial) {
    Plan plan = drawn;
    plan.is_fixed = true;
    plan.seed = 0;
    const NetworkOptions was = plan.network;
    plan.network = plain_plan().network;
    NetworkOptions& network = plan.network;
    network.stream_parcels_max = was.stream_parcels_max;
    network.client_latency_min =
        trial % 2 == 0 ? Duration(milliseconds(1))
                       : random.duration(was.client_latency_min, was.client_latency_max);
    network.broker_latency_min = random.duration(was.broker_latency_min, was.broker_latency_max);
    network.client_latency_max = network.client_latency_min;
    network.broker_latency_max = network.broker_latency_min;
    network.reset_on_heal_percent = random.chance(40) ? 100 : 0;
    network.cut_reset_min = network.cut_reset_max =
        random.duration(was.cut_reset_min, was.cut_reset_max);
    plan.redials.least = random.duration(drawn.redials.least, drawn.redials.broker_most);
    plan.redials.client_most = plan.redials.broker_most = plan.redials.least;
    for (BrokerPlan& broker : plan.brokers) broker.turn_delay_max = {};
    if (trial < 20) return plan;
    const auto brokers = static_cast<Host>(plan.brokers.size());
    for (Host one = 0; one < brokers; ++one) {
      for (Host other = 0; other < brokers; ++other) {
        if (one == other) continue;
        const Duration most = was.broker_latency_max + was.jitter_max;
        network.ways.push_back({one, other, random.duration(was.broker_latency_min, most)});
      }
    }
    for (Host client = brokers; client < brokers + plan.clients.size(); ++client) {
      for (const Host broker : plan.clients[client - brokers].brokers) {
        const Duration most = was.client_latency_max + was.jitter_max;
        network.ways.push_back({client, broker, random.duration(was.client_latency_min, most)});
        network.ways.push_back({broker, client, random.duration(was.client_latency_min, most)});
      }
    }
    if (trial < 100) return plan;
    for (Step& step : plan.steps) {
      if (random.chance(30)) step.at += random.duration({}, milliseconds(20)) - milliseconds(10);
    }
    return plan;
  }

  void tidy_network() {
    for (std::size_t i = plan_.network.ways.size(); i-- > 0;) {
      if (attempt([&](Plan& plan) {
            plan.network.ways.erase(plan.network.ways.begin() + static_cast<std::ptrdiff_t>(i));
          })) {
        continue;
      }
      for (const int most : {100, 50, 20, 10, 5, 2}) {
        attempt([&](Plan& plan) { round(plan.network.ways[i].latency, milliseconds(most)); });
      }
    }
    attempt([](Plan& plan) { plan.network.reset_on_heal_percent = 0; });
    attempt(
        [](Plan& plan) { plan.network.stream_parcels_max = NetworkOptions().stream_parcels_max; });
    attempt([](Plan& plan) {
      plan.network.cut_reset_min = plan.network.cut_reset_max = plain_plan().network.cut_reset_min;
    });
    attempt([](Plan& plan) { plan.redials = plain_plan().redials; });
    for (const int ms : {1, 2, 5, 10, 20, 50, 100}) {
      const auto set = [&](Plan& plan) {
        plan.network.broker_latency_min = plan.network.broker_latency_max = milliseconds(ms);
      };
      if (attempt(set)) break;
    }
    attempt([](Plan& plan) {
      plan.network.client_latency_min = plan.network.client_latency_max = milliseconds(1);
    });
    for (const Duration unit : {Duration(std::chrono::seconds(1)), Duration(milliseconds(100)),
                                Duration(milliseconds(1))}) {
      attempt([&](Plan& plan) { round(plan.trouble_until, unit); });
      attempt([&](Plan& plan) {
        Redials& redials = plan.redials;
        round(redials.least, unit);
        redials.least = std::max(redials.least, Duration(milliseconds(1)));
        redials.client_most = redials.broker_most = redials.least;
      });
      for (std::size_t i = 0; i < plan_.brokers.size(); ++i) {
        attempt([&](Plan& plan) { round(plan.brokers[i].starts_at, unit); });
        attempt([&](Plan& plan) { round(plan.brokers[i].starts_again_after, unit); });
      }
      for (std::size_t i = 0; i < plan_.clients.size(); ++i) {
        attempt([&](Plan& plan) { round(plan.clients[i].starts_at, unit); });
      }
    }
    attempt([](Plan& plan) {
      const Duration last = plan.steps.empty() ? Duration{} : plan.steps.back().at;
      plan.trouble_until = std::max(Duration(milliseconds(1500)), last + milliseconds(500));
    });
  }

  void tidy_step(std::size_t i) {
    attempt([&](Plan& plan) { plan.steps[i].tracking = {}; });
    attempt([&](Plan& plan) { plan.steps[i].bytes = 0; });
    attempt([&](Plan& plan) { plan.steps[i].erased = plan.steps[i].sync = false; });
    attempt([&](Plan& plan) { plan.steps[i].type = InvalidationType::single_key; });
    attempt([&](Plan& plan) { plan.steps[i].backlog = 0; });
    if (plan_.steps[i].names.size() > 1) {
      attempt([&](Plan& plan) { plan.steps[i].names.resize(1); });
    }
    if (plan_.steps[i].kind == StepKind::write_value ||
        plan_.steps[i].kind == StepKind::replicate) {
      attempt([&](Plan& plan) { plan.steps[i].names = {"*"}; });
    }
    if (plan_.steps[i].kind == StepKind::write_value) {
      attempt([&](Plan& plan) {
        plan.steps[i].kind = StepKind::write;
        plan.steps[i].names.clear();
      });
    }
    if (plan_.steps[i].kind == StepKind::load) {
      attempt([&](Plan& plan) { plan.steps[i].first = plan.steps[i].second = {}; });
    }
  }

  static void round(Duration& time, Duration unit) { time = (time + unit / 2) / unit * unit; }
  static void round(Step& step, Duration unit) {
    round(step.at, unit);
    round(step.first, std::min(unit, step.first > unit * 2 ? unit : Duration(milliseconds(1))));
    round(step.second, std::min(unit, step.second > unit * 2 ? unit : Duration(milliseconds(1))));
  }

  Plan plan_;
  std::string violation_;
  std::string kind_;
  std::ostream& log_;
  std::uint64_t runs_ = 0;
};

std::optional<Script> finish(Shrinker& shrinker) {
  for (std::size_t before = 0; before != shrinker.size();) {
    before = shrinker.size();
    shrinker.drop();
    shrinker.tidy_options();
    shrinker.tidy_steps();
    shrinker.report("plainer");
  }
  return shrinker.script();
}

}  // namespace

std::string kind_of(const std::string& violation) {
  std::string kind;
  bool is_quoted = false;
  for (const char c : violation) {
    if (c == '\'') is_quoted = !is_quoted;
    if (!is_quoted && std::isdigit(static_cast<unsigned char>(c)) == 0) kind += c;
  }
  return kind;
}

std::optional<Script> shrink(const Plan& drawn, std::ostream& log) {
  WorldOptions options;
  Plan plan = drawn;
  options.recording = &plan.steps;
  const std::string violation = run_world(drawn, options).violation;
  if (violation.empty()) return std::nullopt;
  plan.actions.clear();
  plan.is_scripted = true;
  Shrinker shrinker(std::move(plan), violation, log);
  shrinker.report("recorded");
  if (!shrinker.begin()) {
    log << "the recorded steps do not show it\n";
    return std::nullopt;
  }
  shrinker.drop();
  shrinker.tidy_options();
  shrinker.drop();
  if (!shrinker.fix()) {
    log << "nothing without draws shows it:\n" << text_of(shrinker.script());
    return std::nullopt;
  }
  shrinker.report("without draws");
  return finish(shrinker);
}

}  // namespace mpreg::sim
