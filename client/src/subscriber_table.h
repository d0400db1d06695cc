#pragma once
// SubscriberTable: who in the application gets what the session delivers. Any thread adds and
// removes; the receiving thread dispatches.

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "mpreg/subscription.h"
#include "pull_queue.h"
#include "session/session_events.h"

namespace mpreg {

class SubscriberTable {
 public:
  // `on_thrown` is told what a callback threw.
  explicit SubscriberTable(std::function<void(std::string)> on_thrown)
      : on_thrown_(std::move(on_thrown)) {}

  // Either callbacks or a queue.
  void add(SubscriptionId id, SubscriptionCallbacks callbacks, std::shared_ptr<PullQueue> queue);
  // When it returns no callback of it runs or starts, except the one that called. False: not there.
  bool remove(SubscriptionId id);
  // Every queue ends when it has been pulled empty.
  void close();
  [[nodiscard]] bool any_queue_full() const;

  // ---- The receiving thread only.
  // Delivers from `next` on, up to but not including `end`.
  void deliver(const SessionEvents& events, std::size_t next, std::size_t end);
  void deliver_gap(const Gap& gap);
  [[nodiscard]] std::uint64_t exceptions() const {
    return exceptions_.load(std::memory_order_relaxed);
  }

 private:
  struct Subscriber {
    SubscriptionCallbacks callbacks;
    std::shared_ptr<PullQueue> queue;
    std::mutex running;    // Held while callbacks of it run.
    bool removed = false;  // Guarded by `running`, except on the receiving thread in a callback.
  };
  using Subscribers = std::map<SubscriptionId, std::shared_ptr<Subscriber>>;

  [[nodiscard]] std::shared_ptr<Subscriber> find(SubscriptionId id) const;
  void call(Subscriber& subscriber, const Message& message);
  void note(std::optional<std::string> thrown);

  const std::function<void(std::string)> on_thrown_;
  mutable std::mutex mutex_;
  Subscribers subscribers_;  // Guarded by mutex_.
  std::atomic<std::thread::id> dispatching_{};
  std::atomic<std::uint64_t> exceptions_{0};
};

}  // namespace mpreg
