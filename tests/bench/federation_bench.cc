// federation_bench: linked brokers against chained zmq_proxies, sessions with many patterns, and
// operations that are confirmed at another cluster, pair by pair in the same run.
//
//   federation_bench [--help]     the table
//   federation_bench ROLE ...     how it starts itself

#include <cstdlib>
#include <functional>

#include "bench/bench_runs.h"

namespace mpreg::bench {
namespace {

constexpr std::uint64_t kWindow = 40'000;  // Of the proxies, in flight.

using Measurement = std::function<std::optional<RunResult>()>;

// Two in a row: the publisher at one end, the subscriber at the other.
std::optional<RunResult> two_proxies(const Load& load) {
  OwnProxy first;
  OwnProxy second(&first);
  if (!first.is_up() || !second.is_up()) return std::nullopt;
  return measure({"raw-sender",
                  first.where() + "," + first.where(),
                  "raw-receiver",
                  {second.where() + "," + first.where()},
                  false,
                  load},
                 first.process());
}

std::optional<RunResult> two_brokers(const Load& load) {
  OwnBroker first("one");
  OwnBroker second("two", {"--hub", first.link()});
  if (first.endpoint().empty() || second.endpoint().empty()) return std::nullopt;
  const Folder meeting;
  const std::string here = "," + meeting.path();
  return measure(
      {"sender", first.endpoint() + here, "receiver", {second.endpoint() + here}, true, load},
      first.process());
}

// A hub with three spokes: the publisher at one spoke, a subscriber at each other broker.
std::optional<RunResult> hub_of_proxies(const Load& load) {
  OwnProxy spoke;
  OwnProxy hub(&spoke);
  OwnProxy left(&hub);
  OwnProxy right(&hub);
  if (!spoke.is_up() || !hub.is_up() || !left.is_up() || !right.is_up()) return std::nullopt;
  const std::string& home = spoke.where();
  return measure({"raw-sender",
                  home + "," + home,
                  "raw-receiver",
                  {hub.where() + "," + home, left.where() + "," + home, right.where() + "," + home},
                  false,
                  load},
                 hub.process());
}

std::optional<RunResult> hub_of_brokers(const Load& load) {
  OwnBroker hub("hub");
  OwnBroker spoke("spoke", {"--hub", hub.link()});
  OwnBroker left("left", {"--hub", hub.link()});
  OwnBroker right("right", {"--hub", hub.link()});
  if (right.endpoint().empty()) return std::nullopt;
  const Folder meeting;
  const std::string here = "," + meeting.path();
  Run run{"sender", spoke.endpoint() + here, "receiver", {}, true, load};
  for (const OwnBroker* broker : {&hub, &left, &right}) {
    run.receivers_at.push_back(broker->endpoint() + here);
  }
  return measure(run, hub.process());
}

// Each operation is confirmed by the cluster of the other broker before it counts.
std::optional<RunResult> confirmed_operations(const Load& load) {
  OwnBroker first("one");
  OwnBroker second("two", {"--hub", first.link()});
  if (second.endpoint().empty()) return std::nullopt;
  BenchProcess confirmer(in_role("confirmer", second.endpoint(), load));
  if (!wait_until_ready(confirmer, "confirmer")) return std::nullopt;
  unsigned long long count = 0;
  long long first_ns = 0;
  long long last_ns = 0;
  const std::string line = confirmer.read_line(120);
  if (std::sscanf(line.c_str(), "%llu %lld %lld", &count, &first_ns, &last_ns) != 3 ||
      count != load.messages) {
    std::fprintf(stderr, "confirmer said '%s'\n", line.c_str());
    return std::nullopt;
  }
  RunResult result;
  result.rate = static_cast<double>(count) / (static_cast<double>(last_ns - first_ns) / 1e9);
  return result;
}

std::optional<RunResult> patterns_of_proxy(const Load& load) {
  OwnProxy proxy;
  if (!proxy.is_up()) return std::nullopt;
  return measure({"raw-sender", proxy.where(), "raw-receiver", {proxy.where()}, false, load},
                 proxy.process());
}

std::optional<RunResult> patterns_of_broker(const Load& load) {
  OwnBroker broker;
  if (broker.endpoint().empty()) return std::nullopt;
  const Folder meeting;
  const std::string where = broker.endpoint() + "," + meeting.path();
  return measure({"sender", where, "receiver", {where}, true, load}, broker.process());
}

struct Setup {
  double seconds = 0;
  double bytes_per_pattern = 0;
};

// How long a session with so many patterns takes until its barrier, and what they cost the broker.
std::optional<Setup> set_up(const Load& load) {
  OwnBroker broker;
  if (broker.endpoint().empty()) return std::nullopt;
  const double before = broker.process().resident_mib();
  const Folder meeting;
  BenchProcess receiver(in_role("receiver", broker.endpoint() + "," + meeting.path(), load));
  const auto said = wait_until_ready(receiver, "receiver");
  if (!said) return std::nullopt;
  Setup setup;
  setup.seconds = std::strtod(said->c_str(), nullptr) / 1000;
  setup.bytes_per_pattern =
      (broker.process().resident_mib() - before) * 1024 * 1024 / static_cast<double>(load.patterns);
  return setup;
}

bool run_pairs(const BenchOptions& options, const char* name, const char* unit, double target,
               const Measurement& raw_run, const Measurement& own_run) {
  if (!options.wants(name)) return true;
  const bool is_latency = unit[0] == 'u';
  Columns columns;
  for (int pair = 0; pair < options.pairs; ++pair) {
    const auto raw = raw_run();
    const auto own = own_run();
    if (!raw || !own) return false;
    if (is_latency) {
      columns.add(raw->p50_us, own->p50_us);
    } else {
      columns.add(raw->rate / 1000, own->rate / 1000);
    }
  }
  print_row(name, columns, unit, target, !is_latency);
  return true;
}

bool run_patterns(const BenchOptions& options, const char* name, std::uint64_t patterns,
                  double target) {
  Load load{options.count(450'000), 128, 0, 1, kWindow, options.is_smoke ? 1'000 : patterns};
  return run_pairs(
      options, name, "k msg/s", target, [&] { return patterns_of_proxy(load); },
      [&] { return patterns_of_broker(load); });
}

int run_table(const BenchOptions& options) {
  print_head(options.pairs);
  bool is_good = run_patterns(options, "10,000 patterns", 10'000, 2.2);
  is_good = run_patterns(options, "100,000 patterns", 100'000, 2.5) && is_good;
  const std::uint64_t many = options.is_smoke ? 1'000 : 100'000;
  const bool wants_setup = options.wants("set-up of 100,000");
  const auto setup = wants_setup ? set_up({1, 128, 0, 1, kWindow, many}) : Setup{};
  if (setup && wants_setup) {
    print_limit("set-up of 100,000", setup->seconds, "s      ", 0.4);
    print_limit("memory a pattern", setup->bytes_per_pattern, "B      ", 300);
  }
  is_good = is_good && setup;
  const Load two{options.count(500'000), 128, 0, 1, kWindow};
  is_good = run_pairs(
                options, "two brokers, 128 B", "k msg/s", 2, [&] { return two_proxies(two); },
                [&] { return two_brokers(two); }) &&
            is_good;
  const Load hub{options.count(450'000), 128, 0, 3, kWindow};
  is_good = run_pairs(
                options, "hub with 3 spokes", "k msg/s", 2, [&] { return hub_of_proxies(hub); },
                [&] { return hub_of_brokers(hub); }) &&
            is_good;
  const Load paced{options.is_smoke ? 1'000 : options.count(5'000), 128, 5'000, 1, kWindow};
  is_good = run_pairs(
                options, "two brokers, p50", "us     ", 1, [&] { return two_proxies(paced); },
                [&] { return two_brokers(paced); }) &&
            is_good;
  const Load one{options.is_smoke ? 200 : options.count(3'000), 128, 0, 1, 1};
  is_good = run_pairs(
                options, "1 operation at a time", "k op/s ", 1, [&] { return two_proxies(one); },
                [&] { return confirmed_operations(one); }) &&
            is_good;
  const Load many_at_once{options.count(150'000), 128, 0, 1, 1000};
  is_good =
      run_pairs(
          options, "1,000 at a time", "k op/s ", 1.5, [&] { return two_proxies(many_at_once); },
          [&] { return confirmed_operations(many_at_once); }) &&
      is_good;
  return is_good ? 0 : 1;
}

}  // namespace
}  // namespace mpreg::bench

int main(int argc, char** argv) {
  using namespace mpreg::bench;
  if (const auto status = run_as_role(argc, argv)) return *status;
  return run_table(
      read_options(argc, argv, "Linked brokers beside chained zmq_proxies, pair by pair."));
}
