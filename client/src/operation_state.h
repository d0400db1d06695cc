#pragma once
// Operation::State: what the handles of one operation share. The receiving thread finishes it, any
// thread looks at it.

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "mpreg/operation.h"

namespace mpreg {

class Operation::State {
 public:
  // `receiving_thread` must not wait. `on_acknowledged`, on the receiving thread, may be null.
  State(std::uint64_t id, std::thread::id receiving_thread,
        std::function<void(const std::string&)> on_acknowledged = {})
      : id_(id),
        receiving_thread_(receiving_thread),
        on_acknowledged_(std::move(on_acknowledged)) {}

  void acknowledge(const std::string& cluster) const {
    if (on_acknowledged_) on_acknowledged_(cluster);
  }

  [[nodiscard]] std::uint64_t id() const { return id_; }
  [[nodiscard]] OperationResult result() const;
  [[nodiscard]] OperationResult wait(std::chrono::milliseconds timeout) const;

  // Operations that ended alike share their result, except for the latency.
  using SharedResult = std::shared_ptr<const OperationResult>;
  using Continuation = std::function<void(const OperationResult&)>;

  // Once; what follows is ignored. Calls the continuations here, with `own`, which is `result` with
  // the latency of this one; returns what they threw, if anything.
  [[nodiscard]] std::vector<std::string> finish(const SharedResult& result,
                                                const OperationResult& own);
  void then(Continuation continuation);

 private:
  // The mutex is held.
  [[nodiscard]] OperationResult known() const;

  const std::uint64_t id_;
  const std::thread::id receiving_thread_;
  const std::function<void(const std::string&)> on_acknowledged_;
  mutable std::mutex mutex_;
  mutable std::condition_variable finished_;
  // Guarded by mutex_:
  bool settled_ = false;  // Ended, and every continuation has returned.
  SharedResult result_;   // Null: pending.
  std::chrono::microseconds latency_{};
  Continuation continuation_;                // The first: mostly there is one at most.
  std::vector<Continuation> continuations_;  // And those after it.
};

}  // namespace mpreg
