// pubsub_bench: delivered messages through mpreg-broker against an XSUB/XPUB zmq_proxy, pair by
// pair in the same run. Publisher, broker and subscribers are processes; topics are a thousand hot
// ones; nothing is lost on either side. Machines are noisy: only the ratios hold.
//
//   pubsub_bench [--pairs N] [--seconds S]     the table
//   pubsub_bench ROLE ...                      how it starts itself

#include <unistd.h>

#include <poll.h>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>

#include "bench/bench_process.h"
#include "bench/bench_roles.h"

namespace mpreg::bench {
namespace {

struct Row {
  const char* name;
  Load load;
  double target;  // Ratio to the proxy: at least for rates, at most for latencies.
};

struct Result {
  double rate = 0;  // Delivered messages a second, over all receivers.
  double p50_us = 0;
  double p99_us = 0;
  double cpu_per_million = 0;  // CPU seconds of the process in the middle, per million delivered.
};

std::vector<std::string> role(const char* name, const std::string& where, const Load& load) {
  return {own_path(),
          name,
          where,
          std::to_string(load.messages),
          std::to_string(load.payload_bytes),
          std::to_string(load.rate),
          std::to_string(load.receivers)};
}

// A folder of its own, removed at the end.
class Folder {
 public:
  Folder() {
    char name[] = "/tmp/pubsub_bench.XXXXXX";
    path_ = mkdtemp(name);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

bool expect_ready(BenchProcess& process, const char* who) {
  const std::string line = process.read_line(20);
  if (line == "ready") return true;
  std::fprintf(stderr, "%s did not become ready: '%s'\n", who, line.c_str());
  return false;
}

// Runs one load through a process in the middle that is up already.
std::optional<Result> measure(BenchProcess& middle, const char* sender_role,
                              const char* receiver_role, const std::string& where, const Load& load,
                              bool receivers_report_ready) {
  std::vector<std::unique_ptr<BenchProcess>> receivers;
  for (int i = 0; i < load.receivers; ++i) {
    Load own = load;
    own.receivers = i;  // Which one it is.
    receivers.push_back(std::make_unique<BenchProcess>(role(receiver_role, where, own)));
  }
  for (auto& receiver : receivers) {
    if (receivers_report_ready && !expect_ready(*receiver, receiver_role)) return std::nullopt;
  }
  const double cpu_before = middle.cpu_seconds();
  BenchProcess sender(role(sender_role, where, load));
  if (!expect_ready(sender, sender_role)) return std::nullopt;
  Result result;
  long long first = 0;
  long long last = 0;
  unsigned long long total = 0;
  for (auto& receiver : receivers) {
    unsigned long long count = 0;
    long long own_first = 0;
    long long own_last = 0;
    double p50 = 0;
    double p99 = 0;
    const std::string line = receiver->read_line(120);
    if (std::sscanf(line.c_str(), "%llu %lld %lld %lf %lf", &count, &own_first, &own_last, &p50,
                    &p99) != 5 ||
        count != load.messages) {
      std::fprintf(stderr, "%s received '%s' instead of %llu messages\n", receiver_role,
                   line.c_str(), static_cast<unsigned long long>(load.messages));
      return std::nullopt;
    }
    total += count;
    first = first == 0 ? own_first : std::min(first, own_first);
    last = std::max(last, own_last);
    result.p50_us = std::max(result.p50_us, p50);
    result.p99_us = std::max(result.p99_us, p99);
  }
  (void)sender.read_line(60);
  result.rate = static_cast<double>(total) / (static_cast<double>(last - first) / 1e9);
  result.cpu_per_million = (middle.cpu_seconds() - cpu_before) / (static_cast<double>(total) / 1e6);
  return result;
}

std::optional<Result> measure_raw(const Load& load) {
  const Folder folder;
  BenchProcess proxy({own_path(), "raw-proxy", folder.path(), "0", "0", "0", "0"});
  if (!expect_ready(proxy, "raw-proxy")) return std::nullopt;
  return measure(proxy, "raw-sender", "raw-receiver", folder.path(), load, false);
}

// A broker on free ports.
class OwnBroker {
 public:
  OwnBroker() {
    const std::string ports = folder_.path() + "/ports.json";
    process_ = std::make_unique<BenchProcess>(std::vector<std::string>{
        program_path("mpreg-broker"), "--cluster-id", "bench", "--listen", "tcp://127.0.0.1:0",
        "--link", "tcp://127.0.0.1:0", "--stream", "tcp://127.0.0.1:0", "--ports-file", ports,
        "--log-level", "warning"});
    const std::int64_t deadline = now_ns() + 10'000'000'000LL;
    while (endpoint_.empty() && now_ns() < deadline) {
      poll(nullptr, 0, 5);
      std::ifstream file(ports);
      const std::string text((std::istreambuf_iterator<char>(file)), {});
      const std::size_t key = text.find("\"listen\"");
      if (key == std::string::npos || text.find('}') == std::string::npos) continue;
      const std::size_t begin = text.find("tcp://", key);
      endpoint_ = text.substr(begin, text.find('"', begin) - begin);
    }
  }
  [[nodiscard]] BenchProcess& process() { return *process_; }
  [[nodiscard]] const std::string& endpoint() const { return endpoint_; }

 private:
  Folder folder_;
  std::unique_ptr<BenchProcess> process_;
  std::string endpoint_;
};

std::optional<Result> measure_broker(const Load& load) {
  OwnBroker broker;
  if (broker.endpoint().empty()) {
    std::fprintf(stderr, "mpreg-broker did not start: is it built, in bin/?\n");
    return std::nullopt;
  }
  return measure(broker.process(), "sender", "receiver", broker.endpoint(), load, true);
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

struct Columns {
  std::vector<double> raw;
  std::vector<double> own;
  std::vector<double> ratio;
  void add(double r, double o) {
    raw.push_back(r);
    own.push_back(o);
    ratio.push_back(o / r);
  }
};

void print_row(const char* name, const Columns& columns, const char* unit, double target,
               bool at_least) {
  const double ratio = median(columns.ratio);
  const bool is_met = at_least ? ratio >= target : ratio <= target;
  std::printf("%-22s %12.1f %12.1f %8.2f  %s %.2f %s  %s\n", name, median(columns.raw),
              median(columns.own), ratio, at_least ? ">=" : "<=", target, unit,
              is_met ? "met" : "MISSED");
  std::fflush(stdout);
}

bool run_row(const Row& row, int pairs) {
  Columns rates;
  Columns p50;
  Columns p99;
  std::vector<double> cpu;
  std::vector<double> raw_cpu;
  for (int pair = 0; pair < pairs; ++pair) {
    const auto raw = measure_raw(row.load);
    const auto own = measure_broker(row.load);
    if (!raw || !own) return false;
    rates.add(raw->rate / 1000, own->rate / 1000);
    if (row.load.rate > 0) p50.add(raw->p50_us, own->p50_us);
    if (row.load.rate > 0) p99.add(raw->p99_us, own->p99_us);
    cpu.push_back(own->cpu_per_million);
    raw_cpu.push_back(raw->cpu_per_million);
  }
  if (row.load.rate > 0) {
    print_row("latency p50, 5,000/s", p50, "us     ", 1.0, false);
    print_row("latency p99, 5,000/s", p99, "us     ", 1.2, false);
    return true;
  }
  print_row(row.name, rates, "k msg/s", row.target, true);
  if (row.load.payload_bytes == 128 && row.load.receivers == 1) {
    std::printf("%-22s %12.2f %12.2f %8s  <= %.2f s        %s\n", "CPU s per M, 128 B",
                median(raw_cpu), median(cpu), "", 0.4, median(cpu) <= 0.4 ? "met" : "MISSED");
  }
  return true;
}

int run_table(int pairs, double seconds, bool is_smoke) {
  const auto count = [&](double per_second) {
    return is_smoke ? 5'000 : static_cast<std::uint64_t>(per_second * seconds);
  };
  // Counts by what this kind of machine passes in a second, so that each run takes about as long.
  const Row rows[] = {
      {"1 to 1, 16 B", {count(1'000'000), 16, 0, 1}, 2.2},
      {"1 to 1, 128 B", {count(800'000), 128, 0, 1}, 2.0},
      {"1 to 1, 1 KiB", {count(300'000), 1024, 0, 1}, 1.8},
      {"1 to 8, 128 B", {count(150'000), 128, 0, 8}, 2.5},
      {"latency", {is_smoke ? 1'000 : count(5'000), 128, 5'000, 1}, 1.0},
  };
  std::printf("%d pairs of runs; medians; ratio = median of the pairs\n\n", pairs);
  std::printf("%-22s %12s %12s %8s  %s\n", "", "zmq_proxy", "mpreg", "ratio", "target");
  bool is_good = true;
  for (const Row& row : rows) is_good = run_row(row, pairs) && is_good;
  OwnBroker idle;
  poll(nullptr, 0, is_smoke ? 50 : 2000);
  const double resident = idle.process().resident_mib();
  std::printf("%-22s %12s %12.1f %8s  <= 20 MiB       %s\n", "resident, idle", "", resident, "",
              resident <= 20 ? "met" : "MISSED");
  return is_good ? 0 : 1;
}

int run_role(int argc, char** argv) {
  const std::string name = argv[1];
  const std::string where = argv[2];
  if (argc < 7) return 2;
  Load load;
  load.messages = std::strtoull(argv[3], nullptr, 10);
  load.payload_bytes = std::strtoull(argv[4], nullptr, 10);
  load.rate = std::strtoull(argv[5], nullptr, 10);
  load.receivers = std::atoi(argv[6]);
  if (name == "raw-proxy") return run_raw_proxy(where);
  if (name == "raw-sender") return run_raw_sender(where, load);
  if (name == "raw-receiver") return run_raw_receiver(where, load);
  if (name == "sender") return run_sender(where, load);
  if (name == "receiver") return run_receiver(where, load);
  std::fprintf(stderr, "unknown role '%s'\n", name.c_str());
  return 2;
}

}  // namespace
}  // namespace mpreg::bench

int main(int argc, char** argv) {
  using namespace mpreg::bench;
  if (argc > 1 && argv[1][0] != '-') return run_role(argc, argv);
  const bool is_smoke = std::getenv("MPREG_BENCH_SMOKE") != nullptr;
  int pairs = is_smoke ? 1 : 5;
  double seconds = 2;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::strcmp(argv[i], "--pairs") == 0) pairs = std::atoi(argv[i + 1]);
    if (std::strcmp(argv[i], "--seconds") == 0) seconds = std::atof(argv[i + 1]);
  }
  return run_table(pairs, seconds, is_smoke);
}
