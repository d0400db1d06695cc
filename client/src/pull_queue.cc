#include "pull_queue.h"

namespace mpreg {
namespace {

std::uint64_t bytes_of(const MessageQueue::Item& item) {
  const auto* message = std::get_if<Message>(&item);
  return sizeof(MessageQueue::Item) + (message != nullptr ? message->payload.size() : 0);
}

}  // namespace

void PullQueue::push(MessageQueue::Item item) {
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    bytes_ += bytes_of(item);
    items_.push_back(std::move(item));
    if (bytes_ >= bytes_max_) was_full_ = true;
  }
  arrived_.notify_one();
}

Result<MessageQueue::Item> PullQueue::pop(std::chrono::milliseconds timeout) {
  std::unique_lock lock(mutex_);
  if (!arrived_.wait_for(lock, timeout, [&] { return !items_.empty() || closed_; })) {
    return fail(ErrorCode::timed_out,
                "nothing arrived within " + std::to_string(timeout.count()) + " ms");
  }
  if (items_.empty()) return fail(ErrorCode::disconnected, "the subscription has ended");
  MessageQueue::Item item = std::move(items_.front());
  items_.pop_front();
  bytes_ -= bytes_of(item);
  // Half empty, so that credit does not flicker with every item.
  const bool has_room_again = was_full_ && bytes_ <= bytes_max_ / 2;
  if (has_room_again) was_full_ = false;
  lock.unlock();
  if (has_room_again) on_room_();
  return item;
}

void PullQueue::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    was_full_ = false;
  }
  arrived_.notify_all();
}

bool PullQueue::full() const {
  const std::lock_guard lock(mutex_);
  return was_full_;
}

std::size_t PullQueue::size() const {
  const std::lock_guard lock(mutex_);
  return items_.size();
}

}  // namespace mpreg
