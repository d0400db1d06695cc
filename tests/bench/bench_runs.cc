#include "bench/bench_runs.h"

#include <poll.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace mpreg::bench {
namespace {

// The value of a key of the ports file.
std::string endpoint_in(const std::string& json, const char* key) {
  const std::size_t at = json.find('"' + std::string(key) + '"');
  const std::size_t begin = at == std::string::npos ? at : json.find("tcp://", at);
  if (begin == std::string::npos) return {};
  return json.substr(begin, json.find('"', begin) - begin);
}

}  // namespace

std::vector<std::string> in_role(const char* name, const std::string& where, const Load& load) {
  return {own_path(),
          name,
          where,
          std::to_string(load.messages),
          std::to_string(load.payload_bytes),
          std::to_string(load.rate),
          std::to_string(load.receivers),
          std::to_string(load.window),
          std::to_string(load.patterns)};
}

std::optional<int> run_as_role(int argc, char** argv) {
  if (argc < 2 || argv[1][0] == '-') return std::nullopt;
  if (argc < 9) return 2;
  const std::string name = argv[1];
  const std::string where = argv[2];
  Load load;
  load.messages = std::strtoull(argv[3], nullptr, 10);
  load.payload_bytes = std::strtoull(argv[4], nullptr, 10);
  load.rate = std::strtoull(argv[5], nullptr, 10);
  load.receivers = std::atoi(argv[6]);
  load.window = std::strtoull(argv[7], nullptr, 10);
  load.patterns = std::strtoull(argv[8], nullptr, 10);
  if (name == "raw-proxy") return run_raw_proxy(where);
  if (name == "raw-sender") return run_raw_sender(where, load);
  if (name == "raw-receiver") return run_raw_receiver(where, load);
  if (name == "sender") return run_sender(where, load);
  if (name == "receiver") return run_receiver(where, load);
  if (name == "confirmer") return run_confirmer(where, load);
  std::fprintf(stderr, "unknown role '%s'\n", name.c_str());
  return 2;
}

Folder::Folder() {
  char name[] = "/tmp/mpreg_bench.XXXXXX";
  path_ = mkdtemp(name);
}

Folder::~Folder() { std::filesystem::remove_all(path_); }

std::optional<std::string> wait_until_ready(BenchProcess& process, const char* who) {
  const std::string line = process.read_line(60);
  if (line.rfind("ready", 0) == 0) return line.substr(5);
  std::fprintf(stderr, "%s did not become ready: '%s'\n", who, line.c_str());
  return std::nullopt;
}

namespace {

// From the command line, for every broker.
std::vector<std::string>& broker_options() {
  static std::vector<std::string> options;
  return options;
}

}  // namespace

OwnBroker::OwnBroker(const std::string& cluster, std::vector<std::string> options) {
  const std::string ports = folder_.path() + "/ports.json";
  std::vector<std::string> command{program_path("mpreg-broker"),
                                   "--cluster-id",
                                   cluster,
                                   "--listen",
                                   "tcp://127.0.0.1:0",
                                   "--link",
                                   "tcp://127.0.0.1:0",
                                   "--stream",
                                   "tcp://127.0.0.1:0",
                                   "--ports-file",
                                   ports,
                                   "--data-dir",
                                   folder_.path() + "/data",
                                   "--log-level",
                                   "warning"};
  command.insert(command.end(), options.begin(), options.end());
  command.insert(command.end(), broker_options().begin(), broker_options().end());
  process_ = std::make_unique<BenchProcess>(command);
  const std::int64_t deadline = now_ns() + 10'000'000'000LL;
  while (endpoint_.empty() && now_ns() < deadline) {
    poll(nullptr, 0, 5);
    std::ifstream file(ports);
    const std::string text((std::istreambuf_iterator<char>(file)), {});
    if (text.find('}') == std::string::npos) continue;
    endpoint_ = endpoint_in(text, "listen");
    link_ = endpoint_in(text, "link");
  }
  if (endpoint_.empty()) std::fprintf(stderr, "mpreg-broker did not start: is it in bin/?\n");
}

OwnProxy::OwnProxy(const OwnProxy* upstream) {
  std::string where = folder_.path();
  if (upstream != nullptr) where += "," + upstream->where();
  process_ = std::make_unique<BenchProcess>(in_role("raw-proxy", where, Load{}));
  is_up_ = wait_until_ready(*process_, "raw-proxy").has_value();
}

std::optional<RunResult> measure(const Run& run, BenchProcess& middle) {
  std::vector<std::unique_ptr<BenchProcess>> receivers;
  for (std::size_t i = 0; i < run.receivers_at.size(); ++i) {
    Load own = run.load;
    own.receivers = static_cast<int>(i);  // Which one it is.
    receivers.push_back(
        std::make_unique<BenchProcess>(in_role(run.receiver_role, run.receivers_at[i], own)));
  }
  RunResult result;
  for (auto& receiver : receivers) {
    if (run.receivers_say_ready && !wait_until_ready(*receiver, run.receiver_role)) {
      return std::nullopt;
    }
  }
  const double cpu_before = middle.cpu_seconds();
  BenchProcess sender(in_role(run.sender_role, run.sender_at, run.load));
  if (!wait_until_ready(sender, run.sender_role)) return std::nullopt;
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
        count != run.load.messages - std::max<std::uint64_t>(1, run.load.messages / 2)) {
      std::fprintf(stderr, "%s said '%s' instead of half of %llu messages\n", run.receiver_role,
                   line.c_str(), static_cast<unsigned long long>(run.load.messages));
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
  result.cpu_per_million = (middle.cpu_seconds() - cpu_before) /
                           (static_cast<double>(run.load.messages * receivers.size()) / 1e6);
  return result;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

void print_head(int pairs) {
  std::printf("%d pairs of runs; medians; ratio = median of the pairs (least .. greatest)\n\n",
              pairs);
  std::printf("%-22s %11s %11s %7s %15s  %s\n", "", "zmq_proxy", "mpreg", "ratio", "range",
              "target");
}

void print_row(const char* name, const Columns& columns, const char* unit, double target,
               bool at_least) {
  const double ratio = median(columns.ratio);
  const bool is_met = at_least ? ratio >= target : ratio <= target;
  const auto [least, greatest] = std::minmax_element(columns.ratio.begin(), columns.ratio.end());
  std::printf("%-22s %11.1f %11.1f %7.2f %6.2f .. %5.2f  %s %.2f %s %s\n", name,
              median(columns.raw), median(columns.own), ratio, *least, *greatest,
              at_least ? ">=" : "<=", target, unit, is_met ? "met" : "MISSED");
  std::fflush(stdout);
}

void print_limit(const char* name, double value, const char* unit, double limit) {
  std::printf("%-22s %11s %11.2f %7s %15s  <= %.4g %s %s\n", name, "", value, "", "", limit, unit,
              value <= limit ? "met" : "MISSED");
  std::fflush(stdout);
}

BenchOptions read_options(int argc, char** argv, const char* what) {
  BenchOptions options;
  options.is_smoke = std::getenv("MPREG_BENCH_SMOKE") != nullptr;
  if (options.is_smoke) options.pairs = 1;
  CLI::App app{what};
  app.add_option("--pairs", options.pairs, "runs of each side")->check(CLI::Range(1, 1000));
  app.add_option("--seconds", options.seconds, "worth of messages in a run")
      ->check(CLI::Range(0.01, 3600.0));
  app.add_option("--row", options.row, "only rows whose name contains this");
  app.add_option("--broker", broker_options(), "further options for every broker, after this one")
      ->allow_extra_args();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::exit(app.exit(error));
  }
  return options;
}

}  // namespace mpreg::bench
