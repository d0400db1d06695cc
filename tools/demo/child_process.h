#pragma once
// ChildProcess: a program that runs beside this one and ends with it. A Ctrl-C at the terminal
// reaches it too: it is in the same process group.

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"

namespace mpreg::demo {

class ChildProcess {
 public:
  // `arguments` begin with the path of the program. Both outputs are appended to the file.
  [[nodiscard]] static Result<std::unique_ptr<ChildProcess>> start(
      const std::vector<std::string>& arguments, const std::string& output_file);

  // Kills it if it still runs.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] bool running();
  // How it ended: "exit code 1", "signal 9"; empty while it runs.
  [[nodiscard]] std::string ending();

  void send(int signal);
  // Returns whether it has ended within the time.
  bool wait(std::chrono::milliseconds patience);

 private:
  explicit ChildProcess(pid_t pid) : pid_(pid) {}

  const pid_t pid_;
  bool reaped_ = false;
  int status_ = 0;
};

}  // namespace mpreg::demo
