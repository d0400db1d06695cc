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
  State(std::uint64_t id, bool tracked, std::thread::id receiving_thread)
      : id_(id), tracked_(tracked), receiving_thread_(receiving_thread) {}

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
  mutable std::mutex mutex_;
  mutable std::condition_variable finished_;
  bool settled_ = false;    // Guarded by mutex_: ended, and every continuation has returned.
  OperationResult result_;  // Guarded by mutex_.
  std::vector<std::function<void(const OperationResult&)>> continuations_;  // Guarded by mutex_.
};

}  // namespace mpreg
