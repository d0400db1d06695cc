#include "client_core.h"

#include <algorithm>

#include "callback_guard.h"
#include "client_loop.h"

namespace mpreg {
namespace {

SessionOptions session_options(const ClientOptions& options, std::uint64_t id) {
  SessionOptions session;
  session.client = id;
  session.name = options.name;
  session.topic_prefix = options.topic_prefix;
  session.receive_window_bytes = options.receive_window_bytes;
  session.publish_window_bytes = options.publish_window_bytes;
  return session;
}

}  // namespace

ClientCore::ClientCore(ClientOptions options, std::vector<Endpoint> endpoints, std::uint64_t id)
    : options_(std::move(options)),
      id_(id),
      subscribers_([this](const std::string& text) { report_error(text); }),
      session_(session_options(options_, id)),
      connection_(options_, std::move(endpoints), id, wakeup_),
      now_(clock_.now()) {}

ClientCore::~ClientCore() { close(); }

Result<void> ClientCore::start() {
  Lock lock(mutex_);
  thread_ = std::thread([this] {
    {
      const std::lock_guard held(mutex_);  // start() has written receiving_thread_.
    }
    ClientLoop(*this).run();
  });
  receiving_thread_ = thread_.get_id();
  if (options_.connect_timeout <= std::chrono::milliseconds::zero()) return {};
  auto connected = wait_until_connected(lock, deadline(options_.connect_timeout));
  lock.unlock();
  if (!connected) close();
  return connected;
}

void ClientCore::report_error(const std::string& text) {
  // Nobody is left to tell what this one throws.
  if (options_.on_error) static_cast<void>(call_guarded([&] { options_.on_error(text); }));
}

// ---- Waiting.

Instant ClientCore::deadline(std::chrono::milliseconds timeout) const {
  if (timeout <= std::chrono::milliseconds::zero()) timeout = options_.call_timeout;
  return clock_.now().instant + timeout;
}

Result<void> ClientCore::may_wait() const {
  if (!on_receiving_thread()) return {};
  return fail(ErrorCode::refused, "a callback may not wait for the thread that it runs on");
}

Result<void> ClientCore::wait_until_connected(Lock& lock, Instant until) {
  const bool settled = wait_until(lock, until, [&] {
    return session_.state() == SessionState::ready || !refusal_.text.empty() || stopping_;
  });
  if (session_.state() == SessionState::ready && welcomed_) return {};
  if (!refusal_.text.empty()) return tl::unexpected(refusal_);
  if (stopping_) return fail(ErrorCode::disconnected, "the client is closed");
  if (settled) return {};
  std::string text = "no broker answered at";
  for (const std::string& endpoint : options_.endpoints) text += " " + endpoint;
  if (!status_.reason.empty()) text += ": " + status_.reason;
  return fail(ErrorCode::timed_out, text);
}

Result<ClientCore::Reply> ClientCore::wait_for_reply(Lock& lock, std::uint64_t request,
                                                     Instant until) {
  replies_[request];
  const bool replied = wait_until(lock, until, [&] { return replies_[request].has_value(); });
  std::optional<Reply> reply = std::move(replies_[request]);
  replies_.erase(request);
  if (!replied) return fail(ErrorCode::timed_out, "the broker did not answer in time");
  return *std::move(reply);
}

template <typename Wanted>
Result<Wanted> ClientCore::wait_for(Lock& lock, std::uint64_t request, Instant until) {
  auto reply = wait_for_reply(lock, request, until);
  if (!reply) return tl::unexpected(reply.error());
  if (auto* wanted = std::get_if<Wanted>(&*reply)) return std::move(*wanted);
  const auto* answer = std::get_if<Answer>(&*reply);
  if (answer != nullptr && !answer->ok) return fail(answer->code, answer->text);
  return fail(ErrorCode::malformed, "the broker answered something else");
}

// ---- Sending.

void ClientCore::send_output() {
  if (!session_.has_output()) {
    if (connection_.has_unsent()) connection_.send(output_);
    return;
  }
  session_.take_output(output_);
  connection_.send(output_);
  if (!on_receiving_thread() && connection_.needs_wake()) wakeup_.signal();
}

// ---- Requests.

Result<bool> ClientCore::complete_operation(std::uint64_t operation, bool success) {
  Lock lock(mutex_);
  if (auto may = may_wait(); !may) return tl::unexpected(may.error());
  const Now now = clock_.now();
  const auto request = session_.complete_operation(now, operation, success);
  if (!request) return tl::unexpected(request.error());
  send_output();
  const auto answer = wait_for<Answer>(lock, *request, deadline({}));
  if (!answer) return tl::unexpected(answer.error());
  if (!answer->ok && answer->code != ErrorCode::refused) return fail(answer->code, answer->text);
  return answer->ok;
}

Result<SubscriptionId> ClientCore::subscribe(std::vector<std::string> patterns,
                                             SubscriptionCallbacks callbacks,
                                             std::shared_ptr<PullQueue> queue,
                                             const SubscribeOptions& options) {
  if (options.backlog_age < std::chrono::milliseconds::zero()) {
    return fail(ErrorCode::malformed, "backlog_age is " +
                                          std::to_string(options.backlog_age.count()) +
                                          " ms, at least 0 is allowed");
  }
  Lock lock(mutex_);
  if (closing_) return fail(ErrorCode::disconnected, "the client is closed");
  Subscription subscription;
  subscription.id = next_subscription_;
  subscription.patterns = std::move(patterns);
  subscription.backlog_count = options.backlog_count;
  subscription.backlog_age_ms = static_cast<std::uint64_t>(options.backlog_age.count());
  subscription.group = options.group;
  const auto request = session_.subscribe(clock_.now(), subscription);
  if (!request) return tl::unexpected(request.error());
  ++next_subscription_;
  subscribers_.add(subscription.id, std::move(callbacks), std::move(queue));
  send_output();
  if (!options.wait || on_receiving_thread()) return subscription.id;
  const auto answer = wait_for<Answer>(lock, *request, deadline({}));
  lock.unlock();
  if (answer && answer->ok) return subscription.id;
  static_cast<void>(unsubscribe(subscription.id));
  if (!answer) return tl::unexpected(answer.error());
  return fail(answer->code, answer->text);
}

Result<void> ClientCore::unsubscribe(SubscriptionId subscription) {
  const bool was_there = subscribers_.remove(subscription);
  const Lock lock(mutex_);
  const auto request = session_.unsubscribe(clock_.now(), subscription);
  send_output();
  wake();  // A full queue may be gone.
  if (was_there || request) return {};
  return tl::unexpected(request.error());
}

Result<void> ClientCore::barrier(std::chrono::milliseconds timeout) {
  Lock lock(mutex_);
  if (auto may = may_wait(); !may) return may;
  const Instant until = deadline(timeout);
  for (;;) {
    if (auto connected = wait_until_connected(lock, until); !connected) return connected;
    const Now now = clock_.now();
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - now.instant);
    const auto request = session_.barrier(now, std::max(left, std::chrono::milliseconds(1)));
    if (!request) {
      if (request.error().code != ErrorCode::disconnected) return tl::unexpected(request.error());
      continue;
    }
    send_output();
    // A moment more than the broker has, so that its answer, which says who is missing, is heard.
    const auto answer = wait_for<Answer>(lock, *request, until + kOutcomeMargin);
    if (!answer) return tl::unexpected(answer.error());
    if (answer->ok) return {};
    if (answer->code != ErrorCode::disconnected || clock_.now().instant >= until) {
      return fail(answer->code, answer->text);
    }
  }
}

template <typename Wanted, typename Ask>
Result<Wanted> ClientCore::ask(Lock& lock, Ask ask, std::chrono::milliseconds beyond) {
  if (auto may = may_wait(); !may) return tl::unexpected(may.error());
  const Instant until = deadline({}) + beyond;
  if (auto connected = wait_until_connected(lock, until); !connected) {
    return tl::unexpected(connected.error());
  }
  const Result<std::uint64_t> request = ask();
  if (!request) return tl::unexpected(request.error());
  send_output();
  return wait_for<Wanted>(lock, *request, until);
}

Result<std::string> ClientCore::query(std::string_view question) {
  Lock lock(mutex_);
  auto answer = ask<Answer>(lock, [&] { return session_.query(clock_.now(), question); });
  if (!answer) return tl::unexpected(answer.error());
  if (!answer->ok) return fail(answer->code, answer->text);
  return std::move(answer->text);
}

std::vector<StreamPosition> ClientCore::written() const {
  const std::lock_guard lock(mutex_);
  return session_.written();
}

void ClientCore::listen(const std::shared_ptr<SessionListener>& listener) {
  const std::lock_guard lock(mutex_);
  listeners_.push_back(listener);
  session_.observe();
  send_output();
}

void ClientCore::unlisten(const std::shared_ptr<SessionListener>& listener) {
  const std::lock_guard lock(mutex_);
  std::erase(listeners_, listener);
}

Result<CacheGot> ClientCore::get(const CacheAddress& address) {
  Lock lock(mutex_);
  return ask<CacheGot>(lock, [&] { return session_.get(clock_.now(), address); });
}

Result<CacheGot> ClientCore::get(const CacheAddress& address, const GetOptions& options) {
  Lock lock(mutex_);
  return ask<CacheGot>(lock, [&] {
    return session_.get_elsewhere(clock_.now(), address, options.cluster, options.with_value);
  });
}

Result<CacheGot> ClientCore::ask_store(const CacheAddress& address,
                                       std::vector<StreamPosition> positions,
                                       std::chrono::milliseconds wait, Instant until) {
  Lock lock(mutex_);
  const auto request = session_.get(clock_.now(), address, std::move(positions), wait);
  if (!request) return tl::unexpected(request.error());
  send_output();
  return wait_for<CacheGot>(lock, *request, until);
}

Result<ClientCore::Answered<LoadGranted>> ClientCore::ask_load(LoadAsk load, Instant until) {
  Lock lock(mutex_);
  const Now now = clock_.now();
  const auto request = session_.ask_load(now, std::move(load));
  if (!request) return tl::unexpected(request.error());
  send_output();
  auto granted = wait_for<LoadGranted>(lock, *request, until);
  if (!granted) return tl::unexpected(granted.error());
  return Answered<LoadGranted>{SentAt::before_sending(now.instant), *granted};
}

void ClientCore::tell_loaded(LoadAsk over) {
  const Lock lock(mutex_);
  static_cast<void>(session_.ask_load(clock_.now(), std::move(over)));
  send_output();
}

Result<ClientCore::Answered<ClaimGranted>> ClientCore::ask_claim(ClaimAsk claim) {
  Lock lock(mutex_);
  const auto wait = std::chrono::milliseconds(claim.wait_ms);
  SentAt asked = SentAt::before_sending({});
  auto granted = ask<ClaimGranted>(
      lock,
      [&] {
        const Now now = clock_.now();
        asked = SentAt::before_sending(now.instant);
        return session_.ask_claim(now, claim);
      },
      wait);
  if (!granted) return tl::unexpected(granted.error());
  return Answered<ClaimGranted>{asked, std::move(*granted)};
}

// ---- About the client.

ConnectionStatus ClientCore::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

std::pair<std::string, std::string> ClientCore::place() const {
  const std::lock_guard lock(mutex_);
  const Welcome* welcome = session_.welcome();
  if (welcome == nullptr) return {};
  return {welcome->cluster, welcome->region};
}

std::uint64_t ClientCore::subscribed_at() const {
  const std::lock_guard lock(mutex_);
  return subscribed_at_;
}

std::optional<Welcome> ClientCore::welcome() const {
  const std::lock_guard lock(mutex_);
  if (session_.state() != SessionState::ready) return std::nullopt;
  Welcome known;
  known.cluster = session_.welcome()->cluster;
  known.region = session_.welcome()->region;
  known.incarnation = session_.welcome()->incarnation;
  known.applied_last = session_.welcome()->applied_last;
  return known;
}

ClientStatistics ClientCore::statistics() const {
  const std::lock_guard lock(mutex_);
  const SessionCounters& counters = session_.counters();
  ClientStatistics statistics;
  statistics.published = counters.operations;
  statistics.accepted = session_.accepted_through();
  statistics.refused = counters.operations_refused;
  statistics.batches_sent = counters.batches_sent;
  statistics.batches_repeated = counters.batches_repeated;
  statistics.would_block = counters.would_block;
  statistics.delivered = counters.messages_delivered;
  statistics.duplicates = counters.messages_duplicate + counters.batches_duplicate;
  statistics.gaps = counters.gaps;
  statistics.batches_received = counters.batches_received;
  statistics.bytes_received = counters.batch_bytes_received;
  statistics.connections = counters.connections;
  statistics.packets_refused = counters.packets_refused;
  statistics.callback_exceptions = subscribers_.exceptions();
  statistics.tracked_operations = session_.tracked_operations();
  return statistics;
}

std::uint64_t ClientCore::every(std::chrono::milliseconds interval, std::function<void()> call) {
  const std::lock_guard lock(mutex_);
  const std::uint64_t number = next_timer_++;
  timers_[number] = {interval, clock_.now().instant + interval, std::move(call)};
  wake();
  return number;
}

void ClientCore::cancel(std::uint64_t timer) {
  Lock lock(mutex_);
  timers_.erase(timer);
  if (!on_receiving_thread()) {
    changed_.wait(lock, [&] { return running_timer_ != timer || stopping_; });
  }
}

void ClientCore::close() {
  Lock lock(mutex_);
  if (closing_ || on_receiving_thread()) return;
  closing_ = true;
  if (thread_.joinable()) {
    session_.flush(clock_.now());
    send_output();
    wait_until(lock, deadline(options_.close_timeout), [&] {
      return session_.accepted_through() == session_.last_operation() || !refusal_.text.empty();
    });
    session_.goodbye(clock_.now(), "the client is closing");
    send_output();
  }
  stopping_ = true;
  lock.unlock();
  changed_.notify_all();
  wakeup_.signal();
  if (thread_.joinable()) thread_.join();
  // What the goodbye ended, told here now that the receiving thread is gone.
  session_.take_events(events_);
  dispatch();
  OperationResult failed;
  failed.status = OperationStatus::failed;
  failed.error = {ErrorCode::disconnected, "the client was closed"};
  std::map<std::uint64_t, std::shared_ptr<Operation::State>> left = std::move(accepting_);
  left.insert(tracked_.begin(), tracked_.end());
  tracked_.clear();
  std::vector<Finished> ended;
  for (const auto& [number, operation] : left) ended.push_back({operation, {}});
  finish(ended, std::move(failed));
  subscribers_.close();
  connection_.close();
}

}  // namespace mpreg
