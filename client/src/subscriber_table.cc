#include "subscriber_table.h"

#include "callback_guard.h"

namespace mpreg {

void SubscriberTable::add(SubscriptionId id, SubscriptionCallbacks callbacks,
                          std::shared_ptr<PullQueue> queue) {
  auto subscriber = std::make_shared<Subscriber>();
  subscriber->callbacks = std::move(callbacks);
  subscriber->queue = std::move(queue);
  const std::lock_guard lock(mutex_);
  subscribers_[id] = std::move(subscriber);
}

bool SubscriberTable::remove(SubscriptionId id) {
  std::shared_ptr<Subscriber> subscriber;
  {
    const std::lock_guard lock(mutex_);
    const auto it = subscribers_.find(id);
    if (it == subscribers_.end()) return false;
    subscriber = std::move(it->second);
    subscribers_.erase(it);
  }
  if (dispatching_.load() == std::this_thread::get_id()) {
    subscriber->removed = true;  // In a callback: only this thread runs callbacks.
  } else {
    const std::lock_guard lock(subscriber->running);
    subscriber->removed = true;
  }
  if (subscriber->queue) subscriber->queue->close();
  return true;
}

void SubscriberTable::close() {
  const std::lock_guard lock(mutex_);
  for (const auto& [id, subscriber] : subscribers_) {
    if (subscriber->queue) subscriber->queue->close();
  }
}

bool SubscriberTable::any_queue_full() const {
  const std::lock_guard lock(mutex_);
  for (const auto& [id, subscriber] : subscribers_) {
    if (subscriber->queue && subscriber->queue->full()) return true;
  }
  return false;
}

std::shared_ptr<SubscriberTable::Subscriber> SubscriberTable::find(SubscriptionId id) const {
  const std::lock_guard lock(mutex_);
  const auto it = subscribers_.find(id);
  return it == subscribers_.end() ? nullptr : it->second;
}

void SubscriberTable::deliver(const SessionEvents& events, std::size_t next, std::size_t end) {
  if (next == end) return;
  dispatching_.store(std::this_thread::get_id());
  Message message;
  std::uint32_t frame = 0;
  while (next < end) {
    // A run of messages for one subscriber: looked up and locked once.
    const SubscriptionId id = events.deliveries[next].subscription;
    const std::shared_ptr<Subscriber> subscriber = find(id);
    std::unique_lock<std::mutex> running;
    if (subscriber) running = std::unique_lock(subscriber->running);
    for (; next < end && events.deliveries[next].subscription == id; ++next) {
      if (!subscriber || subscriber->removed) continue;
      const Delivery& delivery = events.deliveries[next];
      if (message.frame.empty() || delivery.frame != frame) {
        frame = delivery.frame;
        message.frame = events.frames[frame];
      }
      message.topic = delivery.topic;
      message.payload = delivery.payload;
      message.encoded_headers = delivery.headers;
      message.kind = delivery.kind;
      message.backlog = delivery.backlog;
      message.stream = delivery.stream;
      message.number = delivery.number;
      message.version = delivery.version;
      message.order = delivery.order;
      message.unusable = delivery.unusable;
      message.created_ms = delivery.created_ms;
      message.publisher = delivery.publisher;
      call(*subscriber, message);
    }
  }
  dispatching_.store(std::thread::id());
}

void SubscriberTable::call(Subscriber& subscriber, const Message& message) {
  if (subscriber.queue) {
    subscriber.queue->push(message);
  } else if (subscriber.callbacks.on_message) {
    note(call_guarded([&] { subscriber.callbacks.on_message(message); }));
  }
}

void SubscriberTable::deliver_gap(const Gap& gap) {
  Subscribers everyone;
  {
    const std::lock_guard lock(mutex_);
    everyone = subscribers_;
  }
  dispatching_.store(std::this_thread::get_id());
  for (const auto& [id, subscriber] : everyone) {
    const std::lock_guard running(subscriber->running);
    if (subscriber->removed) continue;
    if (subscriber->queue) {
      subscriber->queue->push(gap);
    } else if (subscriber->callbacks.on_gap) {
      note(call_guarded([&] { subscriber->callbacks.on_gap(gap); }));
    }
  }
  dispatching_.store(std::thread::id());
}

void SubscriberTable::note(std::optional<std::string> thrown) {
  if (!thrown) return;
  exceptions_.fetch_add(1, std::memory_order_relaxed);
  on_thrown_("a callback of a subscription threw " + *thrown);
}

}  // namespace mpreg
