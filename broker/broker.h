#pragma once
// Broker: a whole broker inside this process, on a thread of its own: what mpreg-broker runs, and
// what a test or another program can embed.

#include <memory>
#include <thread>

#include "broker/broker_loop.h"
#include "broker/broker_memory.h"
#include "broker/options.h"
#include "broker/ports_file.h"
#include "metrics/registry.h"
#include "net/net_context.h"

namespace mpreg {

class Broker {
 public:
  // Returns when every socket is bound, the ports file is written and the loop runs; it does not
  // wait for a hub. `log` may be empty. Errors: `malformed` options, a data directory that cannot
  // be used, and whatever cannot be bound or written, with the option named.
  static Result<std::unique_ptr<Broker>> start(BrokerOptions options, LogSink log = {});
  // Stops at once, if it was not stopped before.
  ~Broker();
  Broker(const Broker&) = delete;
  Broker& operator=(const Broker&) = delete;

  [[nodiscard]] const BoundEndpoints& endpoints() const { return bound_; }

  // Takes on other limits, times and level of the log, and returns what has changed; all or
  // nothing: see reload.h. One thread.
  Result<std::vector<std::string>> reload(const BrokerOptions& options);
  // Takes no new sessions, sends those that there are elsewhere over the retire time, then leaves
  // by itself. Returns at once. Any thread.
  void request_retirement();

  // Begins to leave, and returns. Any thread.
  void request_stop();
  // Leaves and waits until it is done, at most the drain timeout. True: everybody has got
  // everything. One thread.
  bool stop();
  // Readable when the loop has ended.
  [[nodiscard]] const Wakeup& finished() const { return finished_; }

  // Any thread.
  [[nodiscard]] const MetricsRegistry& metrics() const { return metrics_; }

 private:
  Broker() = default;

  BrokerOptions options_;  // In force.
  BrokerMemory memory_;
  MetricsRegistry metrics_;
  NetContext context_;
  std::unique_ptr<BrokerLoop> loop_;
  BoundEndpoints bound_;
  Wakeup finished_;
  bool drained_ = false;  // Written by the thread before it ends.
  std::thread thread_;
};

}  // namespace mpreg
