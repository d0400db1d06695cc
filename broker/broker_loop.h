#pragma once
// BrokerLoop: the reactor of a broker: one thread that owns the node and the sockets, and carries
// messages, time and changes of connections between them.

#include <atomic>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>

#include "broker/clock_keeper.h"
#include "broker/doors.h"
#include "broker/loop_metrics.h"
#include "broker/spin.h"
#include "net/clock.h"
#include "node/node_driver.h"

namespace mpreg {

// Takes one line; called on the thread of the loop, and before it runs on the one that starts it.
using LogSink = std::function<void(LogLevel level, std::string_view text)>;

class BrokerLoop : private Carrier {
 public:
  // Binds every socket. `options` are free of errors. The rest is borrowed for the loop's life.
  static Result<std::unique_ptr<BrokerLoop>> open(const BrokerOptions& options, BrokerMemory memory,
                                                  NetContext& context, MetricsRegistry& metrics,
                                                  LogSink log);

  // Runs until it is stopped and everything is drained, or the deadline for that has passed. False
  // in the latter case.
  bool run();

  // Any thread: run() says goodbye and returns within the drain timeout, or, with `at_once`, after
  // the turn that it is in.
  void request_stop(bool at_once);
  // Any thread: what Broker says of them.
  void request_retirement();
  void request_reload(const BrokerOptions& options);

  [[nodiscard]] const BoundEndpoints& bound() const { return doors_->bound(); }

 private:
  BrokerLoop(const BrokerOptions& options, MetricsRegistry& metrics, LogSink log);

  // Everything that there is to do now. False: nothing was.
  bool turn(const Now& now);
  // As Carrier.
  [[nodiscard]] Now now() override { return clock_.now(); }
  [[nodiscard]] Sent send(const Sending& sending) override;
  void publish(const Publication& publication) override;
  void set_interest(const ChannelInterest& interest) override;
  void dial_stream(const StreamDial& dial) override;
  void log(const LogLine& line) override { log(line.level, line.text); }
  [[nodiscard]] bool save(const MemorySave& save) override;
  // Whether anything may be numbered now; waits a moment, if not.
  bool may_number(const Now& now);
  // Sleeps until there is work, after looking for it for a moment while traffic is quick.
  void rest();
  bool look_for_work(Duration longest);
  void begin_to_leave(const Now& now);
  bool take_wishes(const Now& now);
  void take_on(const BrokerOptions& options);
  void watch_resources(const Now& now);
  void log(LogLevel level, std::string_view text) const;

  std::chrono::milliseconds drain_timeout_;
  std::chrono::milliseconds retire_time_;
  LogLevel log_level_;
  const LogSink log_;
  const Clock clock_{};
  const Wakeup wakeup_;
  std::atomic<bool> stop_requested_{false};
  std::atomic<bool> stop_at_once_{false};
  std::atomic<bool> retirement_requested_{false};
  std::mutex reload_mutex_;
  std::optional<BrokerOptions> reload_;  // Guarded by it.

  std::unique_ptr<ClockKeeper> keeper_;
  std::unique_ptr<Node> node_;
  std::unique_ptr<NodeDriver> driver_;  // Of the node.
  std::unique_ptr<Doors> doors_;  // Goes first: nobody finds a door open behind which nobody is.
  LoopMetrics metrics_;
  Spin spin_;
  bool leaving_ = false;
  std::optional<Instant> waits_for_disk_;  // Since then.
  bool disk_is_slow_ = false;
  bool retiring_ = false;
  std::uint32_t sessions_allowed_ = std::numeric_limits<std::uint32_t>::max();  // By descriptors.
  Instant leave_by_;
  Instant next_watch_;
  Instant next_count_;
};

}  // namespace mpreg
