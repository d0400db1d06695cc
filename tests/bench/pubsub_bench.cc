// pubsub_bench: delivered messages through mpreg-broker against an XSUB/XPUB zmq_proxy, pair by
// pair in the same run. Publisher, broker and subscribers are processes; topics are a thousand hot
// ones; nothing is lost on either side. Machines are noisy: only the ratios hold.
//
//   pubsub_bench [--help]     the table
//   pubsub_bench ROLE ...     how it starts itself

#include <poll.h>

#include "bench/bench_runs.h"

namespace mpreg::bench {
namespace {

struct Row {
  const char* name;
  Load load;
  double target;  // Ratio to the proxy: at least for rates, at most for latencies.
};

std::optional<RunResult> measure_raw(const Load& load) {
  OwnProxy proxy;
  if (!proxy.is_up()) return std::nullopt;
  const std::vector<std::string> at(static_cast<std::size_t>(load.receivers), proxy.where());
  return measure({"raw-sender", proxy.where(), "raw-receiver", at, false, load}, proxy.process());
}

std::optional<RunResult> measure_broker(const Load& load) {
  OwnBroker broker;
  if (broker.endpoint().empty()) return std::nullopt;
  const Folder meeting;
  const std::string where = broker.endpoint() + "," + meeting.path();
  const std::vector<std::string> at(static_cast<std::size_t>(load.receivers), where);
  return measure({"sender", where, "receiver", at, true, load}, broker.process());
}

bool run_row(const Row& row, int pairs) {
  Columns rates;
  Columns p50;
  Columns p99;
  std::vector<double> cpu;
  for (int pair = 0; pair < pairs; ++pair) {
    const auto raw = measure_raw(row.load);
    const auto own = measure_broker(row.load);
    if (!raw || !own) return false;
    rates.add(raw->rate / 1000, own->rate / 1000);
    if (row.load.rate > 0) p50.add(raw->p50_us, own->p50_us);
    if (row.load.rate > 0) p99.add(raw->p99_us, own->p99_us);
    cpu.push_back(own->cpu_per_million);
  }
  if (row.load.rate > 0) {
    print_row("latency p50, 5,000/s", p50, "us     ", 1.0, false);
    print_row("latency p99, 5,000/s", p99, "us     ", 1.2, false);
    print_limit("CPU us a message", median(cpu), "us     ", 1000);
    return true;
  }
  print_row(row.name, rates, "k msg/s", row.target, true);
  if (row.load.payload_bytes == 128 && row.load.receivers == 1) {
    print_limit("CPU s per M, 128 B", median(cpu), "s      ", 0.4);
  }
  return true;
}

int run_table(const BenchOptions& options) {
  // So many that the first half, which does not count, fills the log of a broker.
  const Row rows[] = {
      {"1 to 1, 16 B", {options.count(2'000'000), 16, 0, 1}, 2.2},
      {"1 to 1, 128 B", {options.count(600'000), 128, 0, 1}, 2.0},
      {"1 to 1, 1 KiB", {options.count(200'000), 1024, 0, 1}, 1.8},
      {"1 to 8, 128 B", {options.count(450'000), 128, 0, 8}, 2.5},
      {"latency", {options.is_smoke ? 1'000 : options.count(5'000), 128, 5'000, 1}, 1.0},
  };
  print_head(options.pairs);
  bool is_good = true;
  for (const Row& row : rows) {
    if (options.wants(row.name)) is_good = run_row(row, options.pairs) && is_good;
  }
  if (!options.wants("resident, idle")) return is_good ? 0 : 1;
  OwnBroker idle;
  poll(nullptr, 0, options.is_smoke ? 50 : 2000);
  print_limit("resident, idle", idle.process().resident_mib(), "MiB    ", 20);
  return is_good ? 0 : 1;
}

}  // namespace
}  // namespace mpreg::bench

int main(int argc, char** argv) {
  using namespace mpreg::bench;
  if (const auto status = run_as_role(argc, argv)) return *status;
  return run_table(read_options(argc, argv, "One broker beside a zmq_proxy, pair by pair."));
}
