#pragma once
// What the tests of whole brokers share: options with free ports, a client made of a bare socket,
// and waiting for a condition with a deadline.

#include <gtest/gtest.h>

#include <functional>

#include "broker/broker.h"
#include "wire/packet_codec.h"

namespace mpreg::testing {

inline constexpr std::chrono::seconds kDeadline{20};

inline BrokerOptions options_for(const std::string& cluster) {
  BrokerOptions options;
  options.node.cluster = cluster;
  options.data_dir = "none";
  options.listen = options.link = options.stream = "tcp://127.0.0.1:0";
  return options;
}

inline std::unique_ptr<Broker> start_broker(const BrokerOptions& options) {
  auto broker = Broker::start(options);
  EXPECT_TRUE(broker.has_value()) << broker.error().text;
  return broker ? std::move(*broker) : nullptr;
}

// The sum over all labels of a counter or gauge.
inline std::int64_t value_of(const MetricsRegistry& metrics, std::string_view name) {
  std::int64_t sum = 0;
  for (const MetricValue& metric : metrics.snapshot()) {
    if (metric.name != name) continue;
    if (const auto* count = std::get_if<std::uint64_t>(&metric.value)) {
      sum += static_cast<std::int64_t>(*count);
    } else if (const auto* now = std::get_if<std::int64_t>(&metric.value)) {
      sum += *now;
    }
  }
  return sum;
}

// Asks again and again, a moment apart.
[[nodiscard]] inline bool wait_until(const std::function<bool()>& done) {
  Poller nothing;
  const auto deadline = std::chrono::steady_clock::now() + kDeadline;
  while (!done()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    nothing.wait(std::chrono::milliseconds(2));
  }
  return true;
}

// Speaks packets with a broker.
class BareClient {
 public:
  explicit BareClient(const Endpoint& broker)
      : socket_(std::move(*DealerSocket::open(context_, {}))) {
    EXPECT_TRUE(socket_->connect(broker).has_value());
    poller_.add(*socket_);
    EXPECT_TRUE(wait([&] { return socket_->next_change() == ConnectionChange::up; }));
  }

  void send(const Packet& packet) {
    EXPECT_EQ(socket_->send(encode_packet(packet), Frame()), SendResult::sent);
  }
  void say_hello() {
    Hello hello;
    hello.client = 7;
    hello.name = "bare";
    hello.receive_window_bytes = 1 << 20;
    send(hello);
  }

  // The next packet of a kind; others are passed over.
  template <typename Kind>
  Kind expect() {
    Kind found;
    EXPECT_TRUE(wait([&] {
      Received received;
      if (socket_->receive(received) != Receipt::message) return false;
      const Result<Packet> packet = decode_packet(received.header.bytes());
      EXPECT_TRUE(packet.has_value());
      const Kind* wanted = packet ? std::get_if<Kind>(&*packet) : nullptr;
      if (wanted != nullptr) found = *wanted;
      return wanted != nullptr;
    }));
    return found;
  }

  // The bytes of the next batch with a body.
  std::uint64_t expect_batch() {
    std::uint64_t bytes = 0;
    EXPECT_TRUE(wait([&] {
      Received received;
      if (socket_->receive(received) != Receipt::message) return false;
      if (!received.body.empty()) bytes = received.header.size() + received.body.size();
      return bytes > 0;
    }));
    return bytes;
  }

  bool wait(const std::function<bool()>& done) {
    const auto deadline = std::chrono::steady_clock::now() + kDeadline;
    while (!done()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      poller_.wait(std::chrono::milliseconds(10));
    }
    return true;
  }

  DealerSocket& socket() { return *socket_; }

 private:
  NetContext context_;
  std::unique_ptr<DealerSocket> socket_;
  Poller poller_;
};

}  // namespace mpreg::testing
