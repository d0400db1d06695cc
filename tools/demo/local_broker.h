#pragma once
// LocalBroker: the broker of one cluster as a process on this machine, on free ports of the
// loopback. Started again, it has the same ports.

#include <memory>
#include <string>
#include <vector>

#include "tools/demo/child_process.h"

namespace mpreg::demo {

struct BrokerEndpoints {
  std::string listen;  // For services.
  std::string link;    // For other brokers.
  std::string stream;
};

class LocalBroker {
 public:
  // `program` is the path of mpreg-broker; the folder takes its ports file and its log.
  LocalBroker(std::string program, std::string folder, std::string cluster);

  // The options say its region and whom it dials. After the first time: the same ports and options.
  [[nodiscard]] Result<void> start(std::vector<std::string> options);
  [[nodiscard]] Result<void> start_again();
  // Takes the endpoints from the ports file. False: not ready yet. Errors: it has ended, with the
  // last that it said.
  [[nodiscard]] Result<bool> ready();

  // SIGKILL: no goodbye, nothing written.
  void kill();
  // SIGSTOP and SIGCONT: it does nothing in between, and its connections stay.
  void stand_still();
  void go_on();
  // Asks it to drain, and waits; kills it when it does not end in time.
  void ask_to_stop();
  void stop(std::chrono::milliseconds patience);

  [[nodiscard]] const std::string& cluster() const { return cluster_; }
  [[nodiscard]] const BrokerEndpoints& endpoints() const { return endpoints_; }
  [[nodiscard]] pid_t pid() const { return process_ ? process_->pid() : 0; }
  // Empty while it runs.
  [[nodiscard]] std::string ending() { return process_ ? process_->ending() : "not started"; }

 private:
  Result<void> launch();
  [[nodiscard]] std::string last_words() const;

  const std::string program_;
  const std::string cluster_;
  const std::string ports_file_;
  const std::string log_file_;
  const std::string data_directory_;
  std::vector<std::string> options_;
  BrokerEndpoints endpoints_{"tcp://127.0.0.1:0", "tcp://127.0.0.1:0", "tcp://127.0.0.1:0"};
  std::unique_ptr<ChildProcess> process_;
};

}  // namespace mpreg::demo
