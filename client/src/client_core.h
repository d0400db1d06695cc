#pragma once
// ClientCore: the session and the socket of a client under one mutex, and everybody who waits for
// something. ClientLoop turns it; any thread calls it.

#include <tsl/robin_map.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "connection.h"
#include "mpreg/client.h"
#include "net/clock.h"
#include "net/wakeup.h"
#include "operation_state.h"
#include "session/client_session.h"
#include "session_listener.h"
#include "subscriber_table.h"

namespace mpreg {

class ClientCore {
 public:
  // The endpoints were checked. Nothing runs before start().
  ClientCore(ClientOptions options, std::vector<Endpoint> endpoints, std::uint64_t id);
  ~ClientCore();

  // ---- As in mpreg/client.h.
  Result<std::uint64_t> publish(std::string_view topic, Bytes payload,
                                const PublishOptions& options);
  Result<Operation> invalidate(const CacheInvalidation& invalidation);
  Result<Operation> replicate(const CacheReplication& replication, std::string_view value);
  using OnAcknowledged = std::function<void(const std::string& cluster)>;
  // `on_acknowledged`, which may be null, is called on the receiving thread.
  Result<Operation> replicate(const CacheReplication& replication, std::string_view value,
                              const std::vector<std::string>& value_targets,
                              OnAcknowledged on_acknowledged);
  Result<Operation> send_value(const CacheValue& value, OnAcknowledged on_acknowledged);
  Result<bool> complete_operation(std::uint64_t operation, bool success);
  // Nobody waits for the outcome any more; no answer is waited for.
  void give_up_waiting(std::uint64_t operation, bool success);
  // Of an operation that is made of several and ends by end().
  [[nodiscard]] std::shared_ptr<Operation::State> composite(std::uint64_t operation) const;
  void end(const std::shared_ptr<Operation::State>& operation, OperationResult result) {
    const auto latency = result.latency;
    finish({{operation, latency}}, std::move(result));
  }
  [[nodiscard]] Instant now() const { return clock_.instant(); }
  Result<void> flush(std::chrono::milliseconds timeout, bool outcomes_too);
  Result<SubscriptionId> subscribe(std::vector<std::string> patterns,
                                   SubscriptionCallbacks callbacks,
                                   std::shared_ptr<PullQueue> queue,
                                   const SubscribeOptions& options);
  Result<void> unsubscribe(SubscriptionId subscription);
  Result<void> barrier(std::chrono::milliseconds timeout);
  Result<std::string> query(std::string_view question);
  Result<CacheGot> get(const CacheAddress& address);
  Result<CacheGot> get(const CacheAddress& address, const GetOptions& options);
  // What holds for a while holds from when it was asked for.
  template <typename Answer>
  struct Answered {
    SentAt asked;
    Answer answer;
  };
  Result<Answered<ClaimGranted>> ask_claim(ClaimAsk ask);
  // For misses: neither waits for a connection, nor for the answer beyond `until`.
  Result<CacheGot> ask_store(const CacheAddress& address, std::vector<StreamPosition> positions,
                             std::chrono::milliseconds wait, Instant until);
  Result<Answered<LoadGranted>> ask_load(LoadAsk ask, Instant until);
  // The load is over; no answer is waited for.
  void tell_loaded(LoadAsk over);
  [[nodiscard]] std::vector<StreamPosition> written() const;
  [[nodiscard]] ConnectionStatus status() const;
  [[nodiscard]] ClientStatistics statistics() const;
  [[nodiscard]] std::uint64_t id() const { return id_; }
  [[nodiscard]] const ClientOptions& options() const { return options_; }

  // Not on the receiving thread: `refused` there.
  [[nodiscard]] Result<void> may_wait() const;

  // Starts the receiving thread; waits for the first welcome.
  Result<void> start();
  void close();

  // Wakes the receiving thread, for instance because a queue has room again.
  void wake() const { wakeup_.signal(); }
  void report_error(const std::string& text);
  // The cluster and region of the broker that welcomed last; empty before.
  [[nodiscard]] std::pair<std::string, std::string> place() const;
  [[nodiscard]] std::optional<Welcome> welcome() const;
  // The latest clock that came with a subscription.
  [[nodiscard]] std::uint64_t subscribed_at() const;
  // Called by the receiving thread about every `interval`, until cancel() returns.
  std::uint64_t every(std::chrono::milliseconds interval, std::function<void()> call);
  void cancel(std::uint64_t timer);

  // For near caches. Told, on the receiving thread and in its place among the messages, what
  // happens to the session; if there is one already, on this thread that there is. A listener may
  // be told once more after it was removed.
  void listen(const std::shared_ptr<SessionListener>& listener);
  void unlisten(const std::shared_ptr<SessionListener>& listener);
  // What this turn delivered has to be reported as observed.
  void note_observed() { observed_due_ = true; }

 private:
  friend class ClientLoop;

  struct Timer {
    std::chrono::milliseconds interval{};
    Instant due{};
    std::function<void()> call;
  };
  using Lock = std::unique_lock<std::mutex>;

  // ---- client_turn.cc and client_operations.cc: the receiving thread.
  // One turn: takes in what has come, sends what is due, calls the application. Returns how long
  // nothing needs to be done, or 0 when more may be there.
  Duration turn();
  void take_in(const Now& now);
  void dispatch();
  void run_timers(const Now& now);
  void handle(const StateChange& change);
  void handle(const Gap& gap);
  void handle(const AcceptedThrough& accepted);
  void handle(const OperationRefused& refused);
  void handle(const OperationOutcome& outcome);
  void handle_acknowledged(const OperationOutcome& outcome);
  void handle(const Answer& reply) { take_reply(reply.request, reply); }
  void handle(const CacheGot& reply) { take_reply(reply.request, reply); }
  void handle(const LoadGranted& reply) { take_reply(reply.request, reply); }
  void handle(const ClaimGranted& reply) { take_reply(reply.request, reply); }
  void handle(const Subscribed& subscribed);
  void handle(const LeaseRenewal& renewal);
  void handle(const WithdrawnWrite& write);
  // Operations that ended alike, with the latency of each.
  struct Finished {
    std::shared_ptr<Operation::State> operation;
    std::chrono::microseconds latency{};
  };
  void finish(const std::vector<Finished>& operations, OperationResult result);
  void report_connection();
  [[nodiscard]] std::vector<std::shared_ptr<SessionListener>> listeners() const;
  void tell_listeners(SessionState state);

  // ---- Any thread; the mutex is held.
  void send_output();
  [[nodiscard]] bool on_receiving_thread() const {
    return std::this_thread::get_id() == receiving_thread_;
  }
  [[nodiscard]] Instant deadline(std::chrono::milliseconds timeout) const;
  template <typename Condition>
  bool wait_until(Lock& lock, Instant deadline, Condition&& condition) {
    while (!condition()) {
      const Duration left = deadline - clock_.now().instant;
      if (left <= Duration::zero()) return false;
      changed_.wait_for(lock, left);
    }
    return true;
  }
  template <typename Attempt>
  Result<std::uint64_t> publish_with(Lock& lock, std::chrono::milliseconds timeout,
                                     Attempt&& attempt);
  // Whatever answers a request.
  using Reply = std::variant<Answer, CacheGot, LoadGranted, ClaimGranted>;
  void take_reply(std::uint64_t request, Reply reply);
  Result<Reply> wait_for_reply(Lock& lock, std::uint64_t request, Instant deadline);
  // An answer that refuses is an error, unless it is what is wanted.
  template <typename Wanted>
  Result<Wanted> wait_for(Lock& lock, std::uint64_t request, Instant deadline);
  template <typename Wanted, typename Ask>
  Result<Wanted> ask(Lock& lock, Ask ask, std::chrono::milliseconds beyond = {});
  Result<void> wait_until_connected(Lock& lock, Instant deadline);
  Operation watch(std::uint64_t operation, bool tracked, OnAcknowledged on_acknowledged = {});
  // Null: nobody watches it any more.
  [[nodiscard]] std::shared_ptr<Operation::State> take_watched(std::uint64_t operation);

  const ClientOptions options_;
  const std::uint64_t id_;
  const Clock clock_{};
  const Wakeup wakeup_;
  SubscriberTable subscribers_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;  // Something that a caller may wait for.
  // Guarded by mutex_:
  ClientSession session_;
  Connection connection_;
  Now now_;  // Of the last turn.
  ConnectionStatus status_;
  bool closing_ = false;
  bool stopping_ = false;
  bool welcomed_ = false;            // At least once.
  std::uint64_t subscribed_at_ = 0;  // The broker's last application then.
  Error refusal_;
  // That end by their outcome, and that end by being accepted.
  tsl::robin_map<std::uint64_t, std::shared_ptr<Operation::State>> tracked_;
  std::map<std::uint64_t, std::shared_ptr<Operation::State>> accepting_;
  std::map<std::uint64_t, std::optional<Reply>> replies_;  // To what somebody waits for.
  std::map<std::uint64_t, Timer> timers_;
  std::uint64_t next_timer_ = 1;
  SubscriptionId next_subscription_ = 1;
  std::vector<Outgoing> output_;
  std::vector<std::shared_ptr<SessionListener>> listeners_;

  std::atomic<bool> observed_due_{false};

  // The receiving thread only.
  SessionEvents events_;
  std::uint64_t running_timer_ = 0;  // Guarded by mutex_.

  std::thread::id receiving_thread_;  // Set before the loop runs.
  std::thread thread_;
};

}  // namespace mpreg
