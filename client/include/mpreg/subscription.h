#pragma once
// Subscriptions: by callback, or by a queue from which the application pulls.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <variant>

#include "mpreg/message.h"

namespace mpreg {

// Unique per client.
using SubscriptionId = std::uint32_t;

struct SubscribeOptions {
  // So many of the newest messages that the broker still holds come first, oldest first.
  std::uint32_t backlog_count = 0;
  std::chrono::milliseconds backlog_age{0};  // And no older than this; 0: any age.
  // Not empty: a queue group. Of what matches, each message goes to one member of the group in the
  // whole federation, the nearest first, and at least once: what a member has not taken in when it
  // goes comes to another. Without order among members, and without backlog. One word of a topic,
  // at most 64 bytes.
  std::string group;
  // Return when the broker has confirmed it. Ignored in a callback, where nothing can wait.
  bool wait = true;
};

// Called on the client's receiving thread, one at a time, in the order of each stream. While a
// callback runs nothing else is received, so the broker holds back: be quick, or pull. An exception
// is caught, counted and given to ClientOptions::on_error; the message counts as delivered.
struct SubscriptionCallbacks {
  std::function<void(const Message&)> on_message;
  // Something is lost: what the scope names may be stale. Comes in its place among the messages.
  std::function<void(const Gap&)> on_gap;
};

// The pulling end of a subscription. Thread-safe. Destroying it unsubscribes.
//
// When the queue is full, the client stops giving credit, for all of its subscriptions: the broker
// sends what is under way (at most receive_window_bytes more) and then holds back. Nothing is
// dropped here; if the application stays away for longer than the broker's log reaches, it finds a
// Gap.
class MessageQueue {
 public:
  using Item = std::variant<Message, Gap>;

  virtual ~MessageQueue() = default;

  // The next item; waits for one at most `timeout`. Errors: `timed_out`; `disconnected` when the
  // client has closed and everything has been pulled.
  [[nodiscard]] virtual Result<Item> pop(std::chrono::milliseconds timeout) = 0;
  [[nodiscard]] virtual std::size_t size() const = 0;
  [[nodiscard]] virtual SubscriptionId id() const = 0;
};

inline constexpr std::uint64_t kQueueBytesDefault = 8ULL << 20U;

}  // namespace mpreg
