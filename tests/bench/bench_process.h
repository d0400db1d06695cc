#pragma once
// BenchProcess: this program started again in another role, or the broker: so that publisher,
// broker and subscriber each are a process of their own, as they are where they are used.

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace mpreg::bench {

class BenchProcess {
 public:
  // Starts a program; its standard output is read by read_line.
  explicit BenchProcess(const std::vector<std::string>& command);
  ~BenchProcess();  // Ends it if it still runs.
  BenchProcess(const BenchProcess&) = delete;
  BenchProcess& operator=(const BenchProcess&) = delete;

  // The next line that it prints, without the newline. Empty when it ended or said nothing for so
  // long: the measurement is void then.
  [[nodiscard]] std::string read_line(int timeout_s = 60);

  // What it has used so far.
  [[nodiscard]] double cpu_seconds() const;
  [[nodiscard]] double resident_mib() const;

  // Asks it to end (SIGTERM) and waits.
  void stop();

 private:
  pid_t pid_ = -1;
  int out_ = -1;
  std::string buffered_;
};

// The path of this program, and of one that lies in bin/ beside its build folder.
[[nodiscard]] std::string own_path();
[[nodiscard]] std::string program_path(const std::string& name);

// Nanoseconds of CLOCK_MONOTONIC: the same clock for all processes of a machine.
[[nodiscard]] std::int64_t now_ns();

}  // namespace mpreg::bench
