#include <thread>

#include "unit/client/client_rig.h"

namespace mpreg {
namespace {

ClientOptions options_for(std::vector<std::string> endpoints) {
  ClientOptions options;
  options.endpoints = std::move(endpoints);
  options.reconnect_min = milliseconds(10);
  options.reconnect_max = milliseconds(100);
  return options;
}

// A broker that listens where the one before did.
std::unique_ptr<Broker> start_again(const std::string& listen) {
  BrokerOptions options = broker_options();
  options.listen = listen;
  return start_broker(options);
}

TEST(Reconnection, what_is_published_meanwhile_reaches_the_next_broker_once) {
  auto broker = start_broker();
  const std::string listen = listen_of(*broker);
  const auto client = start_client(options_for({listen}));
  Collected<std::string> texts;
  ASSERT_TRUE(client->subscribe({"a"}, collect_into(texts)));
  ASSERT_TRUE(client->publish("a", "1"));
  texts.wait_for(1);
  ASSERT_TRUE(broker->stop());
  broker.reset();
  for (int i = 2; i <= 10; ++i) ASSERT_TRUE(client->publish("a", std::to_string(i)));
  broker = start_again(listen);
  ASSERT_TRUE(client->flush(kPatience));
  Texts messages;
  for (const std::string& text : texts.wait_for(10)) {
    if (text != "gap") messages.push_back(text);
  }
  EXPECT_EQ(messages, (Texts{"1", "2", "3", "4", "5", "6", "7", "8", "9", "10"}));
  EXPECT_EQ(client->statistics().connections, 2U);
}

TEST(Reconnection, the_next_endpoint_is_tried_and_states_are_told) {
  auto first = start_broker();
  const auto second = start_broker();
  Collected<ConnectionStatus> states;
  ClientOptions options = options_for({listen_of(*first), listen_of(*second)});
  options.on_connection = [&](const ConnectionStatus& status) { states.add(status); };
  const auto client = start_client(options);
  ASSERT_EQ(states.wait_for(1).size(), 1U);
  EXPECT_EQ(states.all()[0].state, ConnectionState::connected);
  EXPECT_EQ(states.all()[0].endpoint, listen_of(*first));
  EXPECT_EQ(states.all()[0].cluster, "east");
  first->stop();
  first.reset();
  const auto after = states.wait_for(3);
  ASSERT_GE(after.size(), 3U);
  EXPECT_EQ(after[1].state, ConnectionState::connecting);
  EXPECT_FALSE(after[1].reason.empty());
  EXPECT_EQ(after.back().state, ConnectionState::connected);
  EXPECT_EQ(after.back().endpoint, listen_of(*second));
}

TEST(Reconnection, a_client_may_start_before_its_broker) {
  std::string listen;
  {
    const auto broker = start_broker();
    listen = listen_of(*broker);
  }
  ClientOptions options = options_for({listen});
  options.connect_timeout = milliseconds(0);
  const auto client = start_client(options);
  Collected<std::string> texts;
  SubscribeOptions unwaited;
  unwaited.wait = false;
  ASSERT_TRUE(client->subscribe({"a"}, collect_into(texts), unwaited));
  EXPECT_EQ(client->status().state, ConnectionState::connecting);
  const auto broker = start_again(listen);
  ASSERT_TRUE(client->barrier(kPatience));
  ASSERT_TRUE(client->publish("a", "hello"));
  EXPECT_EQ(texts.wait_for(1), (Texts{"hello"}));
}

TEST(Reconnection, a_full_window_blocks_or_is_overloaded_as_it_was_chosen) {
  auto broker = start_broker();
  const std::string listen = listen_of(*broker);
  ClientOptions options = options_for({listen});
  options.publish_window_bytes = 64U << 10U;
  options.when_full = WhenFull::overloaded;
  const auto refusing = start_client(options);
  options.when_full = WhenFull::block;
  const auto blocking = start_client(options);
  broker.reset();
  const std::string payload(1000, 'x');
  const auto fill = [&](Client& client) {
    int published = 0;
    PublishOptions soon;
    soon.timeout = milliseconds(1);
    for (;;) {
      const auto result = client.publish("a", payload, soon);
      if (result) {
        ++published;
        continue;
      }
      EXPECT_EQ(result.error().code, ErrorCode::overloaded);
      return published;
    }
  };
  const int kept = fill(*refusing);
  EXPECT_GT(kept, 30);
  EXPECT_LT(kept, 66);
  const int kept_blocking = fill(*blocking);
  // Now it waits, until the broker is back.
  std::thread waiting([&] {
    PublishOptions patient;
    patient.timeout = kPatience;
    EXPECT_TRUE(blocking->publish("a", payload, patient));
  });
  broker = start_again(listen);
  waiting.join();
  ASSERT_TRUE(blocking->flush(kPatience));
  EXPECT_EQ(blocking->statistics().accepted, static_cast<std::uint64_t>(kept_blocking) + 1);
}

TEST(Reconnection, tracked_operations_end_when_nobody_is_there_any_more) {
  auto broker = start_broker();
  ClientOptions options = options_for({listen_of(*broker)});
  options.close_timeout = milliseconds(1);
  const auto client = start_client(options);
  broker.reset();
  CacheInvalidation invalidation;
  invalidation.address = {"users", "1", "", 1, "default"};
  invalidation.tracking = {WaitLevel::applied, 50};
  const auto operation = client->invalidate(invalidation);
  ASSERT_TRUE(operation) << operation.error().text;
  EXPECT_EQ(operation->wait(kPatience).status, OperationStatus::timed_out);
}

}  // namespace
}  // namespace mpreg
