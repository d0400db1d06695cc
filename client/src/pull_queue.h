#pragma once
// PullQueue: the items of a pulled subscription, between the receiving thread and the application.
// It takes whatever comes, because what is under way is bounded by the receive window; above its
// limit it is `full`, and the receiving thread holds back credit.

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>

#include "mpreg/subscription.h"

namespace mpreg {

class PullQueue {
 public:
  // `on_room` is called, on the pulling thread, when the queue is no longer full.
  PullQueue(std::uint64_t bytes_max, std::function<void()> on_room)
      : bytes_max_(bytes_max), on_room_(std::move(on_room)) {}

  void push(MessageQueue::Item item);
  [[nodiscard]] Result<MessageQueue::Item> pop(std::chrono::milliseconds timeout);
  // Nothing more comes.
  void close();

  [[nodiscard]] bool full() const;
  [[nodiscard]] std::size_t size() const;

 private:
  const std::uint64_t bytes_max_;
  const std::function<void()> on_room_;
  mutable std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<MessageQueue::Item> items_;  // Guarded by mutex_, as what follows.
  std::uint64_t bytes_ = 0;
  bool was_full_ = false;
  bool closed_ = false;
};

}  // namespace mpreg
