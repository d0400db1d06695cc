// ClientCore: publishing, and what becomes of the operations that somebody watches.

#include <algorithm>

#include "callback_guard.h"
#include "client_core.h"

namespace mpreg {
namespace {

OperationStatus status_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::confirmed:
      return OperationStatus::done;
    case Outcome::timed_out:
      return OperationStatus::timed_out;
    case Outcome::failed:
    case Outcome::acknowledged:
      return OperationStatus::failed;
  }
  return OperationStatus::failed;
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

}  // namespace

// ---- Publishing.

// Calls attempt(), which publishes, again whenever there may be room. The clock is read when
// somebody has to wait, which is seldom.
template <typename Attempt>
Result<std::uint64_t> ClientCore::publish_with(Lock& lock, std::chrono::milliseconds timeout,
                                               Attempt&& attempt) {
  std::optional<Instant> until;
  for (;;) {
    if (closing_) return fail(ErrorCode::disconnected, "the client is closed");
    const std::uint64_t blocked_before = session_.counters().would_block;
    auto operation = attempt();
    if (operation) {
      send_output();
      return operation;
    }
    // Only a full window empties by waiting; a limit on operations is the caller's to handle.
    const bool is_window = session_.counters().would_block != blocked_before;
    if (!is_window || options_.when_full == WhenFull::overloaded || on_receiving_thread()) {
      return operation;
    }
    if (!until) until = deadline(timeout);
    const std::uint64_t accepted = session_.accepted_through();
    const bool has_news = wait_until(
        lock, *until, [&] { return closing_ || session_.accepted_through() != accepted; });
    if (!has_news) return operation;
  }
}

Operation ClientCore::watch(std::uint64_t operation, bool tracked, OnAcknowledged on_acknowledged) {
  auto state =
      std::make_shared<Operation::State>(operation, receiving_thread_, std::move(on_acknowledged));
  if (tracked) {
    tracked_.emplace(operation, state);
  } else {
    accepting_.emplace(operation, state);
  }
  return Operation(std::move(state));
}

std::shared_ptr<Operation::State> ClientCore::take_watched(std::uint64_t operation) {
  std::shared_ptr<Operation::State> state;
  if (const auto it = tracked_.find(operation); it != tracked_.end()) {
    state = it.value();
    tracked_.erase(it);
  } else if (auto node = accepting_.extract(operation)) {
    state = std::move(node.mapped());
  }
  return state;
}

Result<std::uint64_t> ClientCore::publish(std::string_view topic, Bytes payload,
                                          const PublishOptions& options) {
  Lock lock(mutex_);
  if (options.wait_accepted) {
    if (auto may = may_wait(); !may) return tl::unexpected(may.error());
  }
  auto number = publish_with(lock, options.timeout, [&] {
    return session_.publish(now_, topic, payload, options.headers,
                            options.wait_accepted ? Answering::at_once : Answering::later,
                            options.one_off_topic ? Naming::in_full : Naming::by_alias);
  });
  if (!number || !options.wait_accepted) return number;
  const Operation operation = watch(*number, false);
  const auto timeout =
      options.timeout > options.timeout.zero() ? options.timeout : options_.call_timeout;
  lock.unlock();
  const OperationResult result = operation.wait(timeout);
  if (result.status == OperationStatus::done) return number;
  if (result.status == OperationStatus::pending)
    return fail(ErrorCode::timed_out, "the broker did not accept in time");
  return tl::unexpected(result.error);
}

Result<Operation> ClientCore::invalidate(const CacheInvalidation& invalidation) {
  Lock lock(mutex_);
  const Now now = clock_.now();
  auto number = publish_with(lock, {}, [&] { return session_.invalidate(now, invalidation); });
  if (!number) return tl::unexpected(number.error());
  return watch(*number, invalidation.tracking.wait > WaitLevel::accepted);
}

Result<Operation> ClientCore::replicate(const CacheReplication& replication,
                                        std::string_view value) {
  Lock lock(mutex_);
  const Now now = clock_.now();
  auto number = publish_with(lock, {}, [&] { return session_.replicate(now, replication, value); });
  if (!number) return tl::unexpected(number.error());
  return watch(*number, replication.tracking.wait > WaitLevel::accepted);
}

Result<Operation> ClientCore::replicate(const CacheReplication& replication, std::string_view value,
                                        const std::vector<std::string>& value_targets,
                                        OnAcknowledged on_acknowledged) {
  Lock lock(mutex_);
  const Now now = clock_.now();
  auto number = publish_with(
      lock, {}, [&] { return session_.replicate(now, replication, value, value_targets); });
  if (!number) return tl::unexpected(number.error());
  return watch(*number, replication.tracking.wait > WaitLevel::accepted,
               std::move(on_acknowledged));
}

Result<Operation> ClientCore::send_value(const CacheValue& value, OnAcknowledged on_acknowledged) {
  Lock lock(mutex_);
  const Now now = clock_.now();
  auto number = publish_with(lock, {}, [&] { return session_.send_value(now, value); });
  if (!number) return tl::unexpected(number.error());
  return watch(*number, true, std::move(on_acknowledged));
}

void ClientCore::give_up_waiting(std::uint64_t operation, bool success) {
  const Lock lock(mutex_);
  static_cast<void>(session_.complete_operation(clock_.now(), operation, success));
  send_output();
}

std::shared_ptr<Operation::State> ClientCore::composite(std::uint64_t operation) const {
  return std::make_shared<Operation::State>(operation, receiving_thread_);
}

Result<void> ClientCore::flush(std::chrono::milliseconds timeout, bool outcomes_too) {
  Lock lock(mutex_);
  if (auto may = may_wait(); !may) return may;
  session_.flush(clock_.now());
  send_output();
  const std::uint64_t last = session_.last_operation();
  const bool done = wait_until(lock, deadline(timeout), [&] {
    return (session_.accepted_through() >= last &&
            (!outcomes_too || session_.tracked_operations() == 0)) ||
           stopping_;
  });
  if (session_.accepted_through() >= last && done && !stopping_) return {};
  if (stopping_) return fail(ErrorCode::disconnected, "the client is closed");
  return fail(ErrorCode::timed_out, std::to_string(last - session_.accepted_through()) +
                                        " operations are not accepted, " +
                                        std::to_string(session_.tracked_operations()) +
                                        " have not ended");
}

// ---- What the broker says of them. The receiving thread.

void ClientCore::finish(const std::vector<Finished>& operations, OperationResult result) {
  if (operations.empty()) return;
  OperationResult own = result;
  const auto shared = std::make_shared<const OperationResult>(std::move(result));
  for (const Finished& one : operations) {
    own.latency = one.latency;
    for (const std::string& thrown : one.operation->finish(shared, own)) report_error(thrown);
  }
}

void ClientCore::handle(const AcceptedThrough& accepted) {
  std::vector<Finished> ended;
  {
    const Lock lock(mutex_);
    while (!accepting_.empty() && accepting_.begin()->first <= accepted.operation) {
      ended.push_back({std::move(accepting_.begin()->second), {}});
      accepting_.erase(accepting_.begin());
    }
  }
  changed_.notify_all();
  OperationResult result;
  result.status = OperationStatus::done;
  finish(ended, std::move(result));
}

void ClientCore::handle(const OperationRefused& refused) {
  std::shared_ptr<Operation::State> operation;
  {
    const Lock lock(mutex_);
    operation = take_watched(refused.operation);
  }
  changed_.notify_all();
  if (!operation) {
    return report_error("operation " + std::to_string(refused.operation) +
                        " was refused: " + refused.text);
  }
  OperationResult result;
  result.status = OperationStatus::refused;
  result.error = {refused.code, refused.text};
  finish({{std::move(operation), {}}}, std::move(result));
}

void ClientCore::handle(const OperationOutcome& outcome) {
  if (outcome.outcome == Outcome::acknowledged) return handle_acknowledged(outcome);
  OperationResult result;
  result.status = status_of(outcome.outcome);
  result.confirmed = outcome.confirmed;
  result.missing = outcome.missing;
  result.fenced = outcome.fenced;
  result.failed = outcome.failed;
  if (result.status == OperationStatus::timed_out) {
    result.error = {ErrorCode::timed_out, "not confirmed in time by: " + joined(outcome.missing)};
  } else if (result.status == OperationStatus::failed) {
    result.error =
        outcome.failed.empty()
            ? Error{ErrorCode::disconnected, "ended as failed: by hand, or somebody left"}
            : Error{ErrorCode::refused, "not applied by: " + text_of(outcome.failed)};
  }
  for (const FailedAt& one : outcome.failed) result.missing.push_back(one.cluster);
  std::vector<Finished> ended;
  ended.reserve(outcome.operations.size());
  {
    const Lock lock(mutex_);
    for (const EndedOperation& one : outcome.operations) {
      if (auto operation = take_watched(one.operation)) {
        ended.push_back({std::move(operation), std::chrono::microseconds(one.latency_us)});
      }
    }
  }
  changed_.notify_all();
  finish(ended, std::move(result));
}

void ClientCore::handle_acknowledged(const OperationOutcome& outcome) {
  for (const EndedOperation& one : outcome.operations) {
    std::shared_ptr<Operation::State> pending;
    {
      const Lock lock(mutex_);
      const auto it = tracked_.find(one.operation);
      if (it != tracked_.end()) pending = it->second;
    }
    if (!pending) continue;
    for (const std::string& cluster : outcome.confirmed) pending->acknowledge(cluster);
  }
}

}  // namespace mpreg
