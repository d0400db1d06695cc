#pragma once
// Operation::State: what the handles of one operation share. The receiving thread finishes it, any
// thread looks at it.

#include <condition_variable>
#include <mutex>
#include <thread>

#include "mpreg/operation.h"

namespace mpreg {

class Operation::State {
 public:
  // `receiving_thread` must not wait. `tracked`: it ends by its outcome and not by being accepted.
  // `on_acknowledged`, on the receiving thread, may be null.
  State(std::uint64_t id, bool tracked, std::thread::id receiving_thread,
        std::function<void(const std::string&)> on_acknowledged = {})
      : id_(id),
        tracked_(tracked),
        receiving_thread_(receiving_thread),
        on_acknowledged_(std::move(on_acknowledged)) {}

  void acknowledge(const std::string& cluster) const {
    if (on_acknowledged_) on_acknowledged_(cluster);
  }

  [[nodiscard]] std::uint64_t id() const { return id_; }
  [[nodiscard]] bool tracked() const { return tracked_; }
  [[nodiscard]] OperationResult result() const;
  [[nodiscard]] OperationResult wait(std::chrono::milliseconds timeout) const;

  // Once; what follows is ignored. Calls the continuations here; returns what they threw, if
  // anything.
  [[nodiscard]] std::vector<std::string> finish(OperationResult result);
  void then(std::function<void(const OperationResult&)> continuation);

 private:
  const std::uint64_t id_;
  const bool tracked_;
  const std::thread::id receiving_thread_;
  const std::function<void(const std::string&)> on_acknowledged_;
  mutable std::mutex mutex_;
  mutable std::condition_variable finished_;
  bool settled_ = false;    // Guarded by mutex_: ended, and every continuation has returned.
  OperationResult result_;  // Guarded by mutex_.
  std::vector<std::function<void(const OperationResult&)>> continuations_;  // Guarded by mutex_.
};

}  // namespace mpreg
