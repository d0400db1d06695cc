#pragma once
// What tests of the client stand on: brokers on free ports, and waiting with a deadline.

#include <gtest/gtest.h>

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "broker/broker.h"
#include "mpreg/client.h"
#include "unit/disk/disk_fixture.h"

namespace mpreg {

using std::chrono::milliseconds;
using std::chrono::seconds;

inline constexpr seconds kPatience{20};  // Only a failing test waits that long.

// Things that come on one thread and are waited for on another.
template <typename T>
class Collected {
 public:
  void add(T value) {
    // Told under the lock: who waits may end the life of this as soon as it has seen the value.
    const std::lock_guard lock(mutex_);
    values_.push_back(std::move(value));
    added_.notify_all();
  }
  // All of them, when there are so many or patience has ended.
  std::vector<T> wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    added_.wait_for(lock, kPatience, [&] { return values_.size() >= count; });
    return values_;
  }
  [[nodiscard]] std::vector<T> all() const {
    const std::lock_guard lock(mutex_);
    return values_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable added_;
  std::vector<T> values_;
};

inline BrokerOptions broker_options(const std::string& cluster = "east") {
  BrokerOptions options;
  options.node.cluster = cluster;
  options.listen = options.link = options.stream = "tcp://127.0.0.1:0";
  options.drain_timeout = milliseconds(500);
  options.data_dir = "none";
  return options;
}

inline std::unique_ptr<Broker> start_broker(const BrokerOptions& options = broker_options()) {
  auto broker = Broker::start(options);
  EXPECT_TRUE(broker.has_value()) << broker.error().text;
  return broker ? std::move(*broker) : nullptr;
}

inline std::string listen_of(const Broker& broker) { return to_string(broker.endpoints().listen); }

inline std::unique_ptr<Client> start_client(ClientOptions options) {
  auto client = Client::connect(std::move(options));
  EXPECT_TRUE(client.has_value()) << client.error().text;
  return client ? std::move(*client) : nullptr;
}

inline std::unique_ptr<Client> start_client(const Broker& broker) {
  ClientOptions options;
  options.endpoints = {listen_of(broker)};
  return start_client(std::move(options));
}

// Adds the text of each message, and "gap" for each gap.
inline SubscriptionCallbacks collect_into(Collected<std::string>& texts) {
  SubscriptionCallbacks callbacks;
  callbacks.on_message = [&texts](const Message& message) {
    texts.add(std::string(message.text()));
  };
  callbacks.on_gap = [&texts](const Gap&) { texts.add("gap"); };
  return callbacks;
}

using Texts = std::vector<std::string>;

// When two clusters meet for the first time, what clients were told before that does not cover what
// the other one has written, and their values count as invalidations. True when that is over: a
// value that is written here is held there. False when patience has ended.
inline bool values_arrive(Client& here, Client& there) {
  CacheReplication fact;
  fact.address = {"met", "1"};
  fact.targets = {"*"};
  fact.strategy = ReplicationStrategy::sync;
  fact.tracking.wait = WaitLevel::applied;
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (std::chrono::steady_clock::now() < end) {
    const auto operation = here.replicate(fact, "value");
    if (operation) (void)operation->wait(kPatience);
    const auto got = there.get(fact.address);
    if (got && got->value == "value") return true;
  }
  return false;
}

// A hub, a spoke, and a client at each, which know of each other.
class ClusterPair {
 public:
  using Configure = std::function<void(BrokerOptions& options)>;
  explicit ClusterPair(const Configure& configure) {
    BrokerOptions options = broker_options("east");
    options.data_dir = directory_.file("east");
    configure(options);
    hub = start_broker(options);
    options = broker_options("west");
    options.data_dir = directory_.file("west");
    configure(options);
    options.hubs = {to_string(hub->endpoints().link)};
    spoke = start_broker(options);
    east = start_client(*hub);
    west = start_client(*spoke);
  }
  // False when patience has ended.
  [[nodiscard]] bool have_met() {
    return west->barrier(kPatience) && east->barrier(kPatience) && values_arrive(*east, *west) &&
           values_arrive(*west, *east);
  }

 private:
  // As brokers have one by default. Whoever meets one without drops what is cached.
  const TemporaryDirectory directory_;

 public:
  std::unique_ptr<Broker> hub;
  std::unique_ptr<Broker> spoke;
  std::unique_ptr<Client> east;
  std::unique_ptr<Client> west;
};

// A new pair for each test.
class TwoClusters : public ::testing::Test, protected ClusterPair {
 protected:
  using ClusterPair::ClusterPair;
  void SetUp() override { ASSERT_TRUE(have_met()); }
};

}  // namespace mpreg
