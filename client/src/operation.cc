#include "mpreg/operation.h"

#include "callback_guard.h"
#include "operation_state.h"

namespace mpreg {

std::string text_of(const std::vector<FailedAt>& failed) {
  std::string text;
  for (const FailedAt& one : failed) {
    text +=
        (text.empty() ? "" : ", ") + one.cluster + " (" + std::string(text_of(one.reason)) + ")";
  }
  return text;
}

std::string_view name_of(OperationStatus status) {
  switch (status) {
    case OperationStatus::pending:
      return "pending";
    case OperationStatus::done:
      return "done";
    case OperationStatus::refused:
      return "refused";
    case OperationStatus::timed_out:
      return "timed_out";
    case OperationStatus::failed:
      return "failed";
  }
  return "unknown";
}

OperationResult Operation::State::known() const {
  if (!result_) return {};
  OperationResult result = *result_;
  result.latency = latency_;
  return result;
}

OperationResult Operation::State::result() const {
  const std::lock_guard lock(mutex_);
  return known();
}

OperationResult Operation::State::wait(std::chrono::milliseconds timeout) const {
  std::unique_lock lock(mutex_);
  if (std::this_thread::get_id() != receiving_thread_) {
    finished_.wait_for(lock, timeout, [&] { return settled_; });
  }
  return known();
}

std::vector<std::string> Operation::State::finish(const SharedResult& result,
                                                  const OperationResult& own) {
  Continuation first;
  std::vector<Continuation> others;
  {
    const std::lock_guard lock(mutex_);
    if (result_) return {};
    result_ = result;
    latency_ = own.latency;
    first.swap(continuation_);
    others.swap(continuations_);
    settled_ = !first;
  }
  std::vector<std::string> thrown;
  const auto call = [&](const Continuation& continuation) {
    if (auto what = call_guarded([&] { continuation(own); })) {
      thrown.push_back("a continuation of operation " + std::to_string(id_) + " threw " + *what);
    }
  };
  if (first) {
    // Whoever waits finds done what the continuations do, such as the books of a bridge.
    call(first);
    for (const Continuation& other : others) call(other);
    const std::lock_guard lock(mutex_);
    settled_ = true;
  }
  finished_.notify_all();
  return thrown;
}

void Operation::State::then(Continuation continuation) {
  OperationResult ended;
  {
    const std::lock_guard lock(mutex_);
    if (!result_) {
      if (!continuation_) {
        continuation_ = std::move(continuation);
      } else {
        continuations_.push_back(std::move(continuation));
      }
      return;
    }
    ended = known();
  }
  continuation(ended);
}

namespace {

OperationResult of_nothing() {
  OperationResult result;
  result.status = OperationStatus::failed;
  result.error = {ErrorCode::refused, "the handle is of no operation"};
  return result;
}

}  // namespace

std::uint64_t Operation::id() const { return state_ ? state_->id() : 0; }
OperationStatus Operation::status() const { return result().status; }
OperationResult Operation::result() const { return state_ ? state_->result() : of_nothing(); }
OperationResult Operation::wait(std::chrono::milliseconds timeout) const {
  return state_ ? state_->wait(timeout) : of_nothing();
}
void Operation::then(std::function<void(const OperationResult&)> continuation) const {
  if (state_) {
    state_->then(std::move(continuation));
  } else {
    continuation(of_nothing());
  }
}

}  // namespace mpreg
