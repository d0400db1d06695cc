#pragma once
// What the measuring programs of whole systems share: processes in roles, and tables of ratios.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bench/bench_process.h"
#include "bench/bench_roles.h"

namespace mpreg::bench {

struct RunResult {
  double rate = 0;  // Delivered messages a second, over all receivers.
  double p50_us = 0;
  double p99_us = 0;
  double cpu_per_million = 0;  // CPU seconds of the first process in the middle, per million.
};

// This program, in a role.
[[nodiscard]] std::vector<std::string> in_role(const char* name, const std::string& where,
                                               const Load& load);

// A folder of its own, removed at the end.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Waits for the line "ready", and what follows on it; nothing when it does not come.
[[nodiscard]] std::optional<std::string> wait_until_ready(BenchProcess& process, const char* who);

// A broker on free ports; endpoint() is empty when it did not start.
class OwnBroker {
 public:
  explicit OwnBroker(const std::string& cluster = "bench", std::vector<std::string> options = {});
  [[nodiscard]] BenchProcess& process() { return *process_; }
  [[nodiscard]] const std::string& endpoint() const { return endpoint_; }
  [[nodiscard]] const std::string& link() const { return link_; }

 private:
  Folder folder_;
  std::unique_ptr<BenchProcess> process_;
  std::string endpoint_;
  std::string link_;
};

// A zmq_proxy; with an upstream it takes what that one passes on.
class OwnProxy {
 public:
  explicit OwnProxy(const OwnProxy* upstream = nullptr);
  [[nodiscard]] BenchProcess& process() { return *process_; }
  [[nodiscard]] const std::string& where() const { return folder_.path(); }
  [[nodiscard]] bool is_up() const { return is_up_; }

 private:
  Folder folder_;
  std::unique_ptr<BenchProcess> process_;
  bool is_up_ = false;
};

struct Run {
  const char* sender_role = "";
  std::string sender_at;
  const char* receiver_role = "";
  std::vector<std::string> receivers_at;  // One for each receiver.
  bool receivers_say_ready = true;
  Load load;
};

// Through processes in the middle that are up already. Nothing when a message was lost.
[[nodiscard]] std::optional<RunResult> measure(const Run& run, BenchProcess& middle);

// The results of the pairs of one row.
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

[[nodiscard]] double median(std::vector<double> values);
void print_head(int pairs);
void print_row(const char* name, const Columns& columns, const char* unit, double target,
               bool at_least);
// A figure of ours alone, that must be at most `limit`.
void print_limit(const char* name, double value, const char* unit, double limit);

// `--pairs N` and `--seconds S`, or a smoke run by the environment.
struct BenchOptions {
  int pairs = 5;
  double seconds = 2;
  std::string row;  // Only the rows whose name contains this.
  bool is_smoke = false;
  [[nodiscard]] bool wants(std::string_view name) const {
    return name.find(row) != std::string_view::npos;
  }
  // A number of messages for a run: so many a second, or few in a smoke run.
  [[nodiscard]] std::uint64_t count(double per_second) const {
    return is_smoke ? 5'000 : static_cast<std::uint64_t>(per_second * seconds);
  }
};
// Ends the program after --help or bad input.
[[nodiscard]] BenchOptions read_options(int argc, char** argv, const char* what);

// main() of a program that started itself in a role; nothing when it is not one.
[[nodiscard]] std::optional<int> run_as_role(int argc, char** argv);

}  // namespace mpreg::bench
