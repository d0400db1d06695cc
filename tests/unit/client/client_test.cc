#include <atomic>
#include <stdexcept>
#include <thread>

#include "unit/client/client_rig.h"

namespace mpreg {
namespace {

class ClientTest : public ::testing::Test {
 protected:
  const std::unique_ptr<Broker> broker = start_broker();
};

TEST_F(ClientTest, what_one_publishes_the_other_receives_in_order) {
  Collected<std::string> texts;
  const auto subscriber = start_client(*broker);
  ASSERT_TRUE(subscriber->subscribe({"a.*"}, collect_into(texts)));
  ASSERT_TRUE(subscriber->barrier());
  const auto publisher = start_client(*broker);
  Texts expected;
  for (int i = 0; i < 1000; ++i) {
    expected.push_back(std::to_string(i));
    ASSERT_TRUE(publisher->publish(i % 2 == 0 ? "a.even" : "a.odd", expected.back()));
    ASSERT_TRUE(publisher->publish("b", "not wanted"));
  }
  EXPECT_TRUE(publisher->flush());
  EXPECT_EQ(texts.wait_for(1000), expected);
  EXPECT_EQ(publisher->statistics().published, 2000U);
  EXPECT_EQ(publisher->statistics().accepted, 2000U);
  EXPECT_EQ(subscriber->statistics().gaps, 0U);
}

TEST_F(ClientTest, a_message_carries_its_origin_its_number_and_its_headers) {
  const auto client = start_client(*broker);
  Collected<Message> messages;
  SubscriptionCallbacks callbacks;
  callbacks.on_message = [&](const Message& message) { messages.add(message); };
  ASSERT_TRUE(client->subscribe({"a"}, callbacks));
  Headers headers;
  headers.content_type = "text/plain";
  PublishOptions options;
  options.headers = &headers;
  options.wait_accepted = true;
  const auto operation = client->publish("a", "hello", options);
  ASSERT_TRUE(operation) << operation.error().text;
  const auto received = messages.wait_for(1);
  ASSERT_EQ(received.size(), 1U);
  EXPECT_EQ(received[0].text(), "hello");
  EXPECT_EQ(received[0].topic, "a");
  EXPECT_EQ(received[0].stream->origin, "east");
  EXPECT_EQ(received[0].number, 1U);
  EXPECT_EQ(received[0].publisher, (OperationId{client->id(), *operation}));
  EXPECT_EQ(headers_of(received[0])->content_type, "text/plain");
}

TEST_F(ClientTest, backlog_comes_first_and_nothing_comes_twice) {
  const auto publisher = start_client(*broker);
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(publisher->publish("a", std::to_string(i)));
  ASSERT_TRUE(publisher->flush());
  const auto subscriber = start_client(*broker);
  Collected<std::string> texts;
  SubscribeOptions options;
  options.backlog_count = 3;
  ASSERT_TRUE(subscriber->subscribe({"a"}, collect_into(texts), options));
  ASSERT_TRUE(publisher->publish("a", "live"));
  EXPECT_EQ(texts.wait_for(4), (Texts{"2", "3", "4", "live"}));
}

TEST_F(ClientTest, a_pulled_subscription_gives_items_and_says_when_nothing_comes) {
  const auto client = start_client(*broker);
  auto queue = client->subscribe_queue({"a"});
  ASSERT_TRUE(queue) << queue.error().text;
  const auto nothing = (*queue)->pop(milliseconds(1));
  ASSERT_FALSE(nothing);
  EXPECT_EQ(nothing.error().code, ErrorCode::timed_out);
  ASSERT_TRUE(client->publish("a", "x"));
  const auto item = (*queue)->pop(kPatience);
  ASSERT_TRUE(item) << item.error().text;
  EXPECT_EQ(std::get<Message>(*item).text(), "x");
}

TEST_F(ClientTest, a_full_queue_holds_the_broker_back_and_drops_nothing) {
  ClientOptions options;
  options.endpoints = {listen_of(*broker)};
  options.receive_window_bytes = 256U << 10U;
  const auto subscriber = start_client(options);
  auto queue = subscriber->subscribe_queue({"a"}, {}, 1024);
  ASSERT_TRUE(queue) << queue.error().text;
  const auto publisher = start_client(*broker);
  constexpr int kMessages = 2000;
  const std::string filler(500, 'x');
  for (int i = 0; i < kMessages; ++i) {
    ASSERT_TRUE(publisher->publish("a", std::to_string(i) + filler));
  }
  ASSERT_TRUE(publisher->flush());
  for (int i = 0; i < kMessages; ++i) {
    const auto item = (*queue)->pop(kPatience);
    ASSERT_TRUE(item) << item.error().text;
    const auto* message = std::get_if<Message>(&*item);
    ASSERT_NE(message, nullptr);
    ASSERT_EQ(message->text(), std::to_string(i) + filler);
  }
  // At most the window was under way beyond the limit of the queue.
  EXPECT_EQ(subscriber->statistics().gaps, 0U);
}

TEST_F(ClientTest, nothing_is_delivered_after_unsubscribe_has_returned) {
  const auto client = start_client(*broker);
  std::atomic<bool> ended{false};
  std::atomic<int> late{0};
  Collected<std::string> texts;
  SubscriptionCallbacks callbacks;
  callbacks.on_message = [&](const Message& message) {
    if (ended.load()) ++late;
    texts.add(std::string(message.text()));
  };
  const auto id = client->subscribe({"a"}, callbacks);
  ASSERT_TRUE(id);
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(client->publish("a", "x"));
  texts.wait_for(1);
  ASSERT_TRUE(client->unsubscribe(*id));
  ended.store(true);
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(client->publish("a", "x"));
  ASSERT_TRUE(client->flush());
  ASSERT_TRUE(client->barrier());
  EXPECT_EQ(late.load(), 0);
  EXPECT_FALSE(client->unsubscribe(*id));
}

TEST_F(ClientTest, a_callback_may_publish_and_subscribe_and_unsubscribe_itself) {
  const auto client = start_client(*broker);
  Collected<std::string> texts;
  SubscriptionId self = 0;
  SubscriptionCallbacks callbacks;
  callbacks.on_message = [&](const Message&) {
    EXPECT_TRUE(client->subscribe({"answer"}, collect_into(texts)));
    EXPECT_TRUE(client->unsubscribe(self));
    EXPECT_TRUE(client->publish("answer", "from a callback"));
    // What would wait for this very thread is refused.
    EXPECT_FALSE(client->flush());
    EXPECT_FALSE(client->barrier());
    EXPECT_FALSE(client->query("stats"));
  };
  SubscribeOptions options;
  const auto id = client->subscribe({"question"}, callbacks, options);
  ASSERT_TRUE(id);
  self = *id;
  ASSERT_TRUE(client->publish("question", "?"));
  EXPECT_EQ(texts.wait_for(1), (Texts{"from a callback"}));
}

TEST_F(ClientTest, an_exception_in_a_callback_is_reported_and_the_next_message_comes) {
  Collected<std::string> errors;
  ClientOptions options;
  options.endpoints = {listen_of(*broker)};
  options.on_error = [&](std::string_view text) { errors.add(std::string(text)); };
  const auto client = start_client(options);
  Collected<std::string> texts;
  SubscriptionCallbacks callbacks;
  callbacks.on_message = [&](const Message& message) {
    if (message.text() == "bad") throw std::runtime_error("a bad message");
    texts.add(std::string(message.text()));
  };
  ASSERT_TRUE(client->subscribe({"a"}, callbacks));
  ASSERT_TRUE(client->publish("a", "bad"));
  ASSERT_TRUE(client->publish("a", "good"));
  EXPECT_EQ(texts.wait_for(1), (Texts{"good"}));
  const auto reported = errors.wait_for(1);
  ASSERT_EQ(reported.size(), 1U);
  EXPECT_NE(reported[0].find("a bad message"), std::string::npos);
  EXPECT_EQ(client->statistics().callback_exceptions, 1U);
}

TEST_F(ClientTest, many_threads_publish_through_one_client) {
  const auto client = start_client(*broker);
  Collected<std::string> texts;
  ASSERT_TRUE(client->subscribe({"t.#"}, collect_into(texts)));
  constexpr int kThreads = 4;
  constexpr int kEach = 500;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        EXPECT_TRUE(
            client->publish("t." + std::to_string(t), std::to_string(t) + ":" + std::to_string(i)));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const Texts received = texts.wait_for(kThreads * kEach);
  ASSERT_EQ(received.size(), std::size_t{kThreads * kEach});
  std::vector<int> next(kThreads, 0);
  for (const std::string& text : received) {
    const auto colon = text.find(':');
    const auto thread = static_cast<std::size_t>(std::stoi(text.substr(0, colon)));
    EXPECT_EQ(std::stoi(text.substr(colon + 1)), next[thread]++);
  }
}

TEST_F(ClientTest, the_broker_answers_questions_and_names_those_that_it_does_not_know) {
  const auto client = start_client(*broker);
  const auto stats = client->query("stats");
  ASSERT_TRUE(stats) << stats.error().text;
  EXPECT_EQ(stats->front(), '{');
  const auto unknown = client->query("the weather");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, ErrorCode::unsupported);
}

TEST_F(ClientTest, what_the_broker_refuses_is_an_error_of_the_waiting_publish) {
  const auto client = start_client(*broker);
  PublishOptions options;
  options.wait_accepted = true;
  const auto refused = client->publish("mpreg.cache.federation.invalidation.x.y", "x", options);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::refused);
  EXPECT_TRUE(client->publish("a", "x", options));
}

TEST_F(ClientTest, after_close_everything_is_refused_and_handles_have_ended) {
  const auto client = start_client(*broker);
  auto queue = client->subscribe_queue({"a"});
  ASSERT_TRUE(queue);
  client->close();
  const auto published = client->publish("a", "x");
  ASSERT_FALSE(published);
  EXPECT_EQ(published.error().code, ErrorCode::disconnected);
  EXPECT_EQ((*queue)->pop(kPatience).error().code, ErrorCode::disconnected);
  EXPECT_EQ(client->status().state, ConnectionState::closed);
}

TEST_F(ClientTest, what_was_published_before_close_is_accepted) {
  Collected<std::string> texts;
  const auto subscriber = start_client(*broker);
  ASSERT_TRUE(subscriber->subscribe({"a"}, collect_into(texts)));
  {
    const auto publisher = start_client(*broker);
    for (int i = 0; i < 500; ++i) ASSERT_TRUE(publisher->publish("a", "x"));
  }
  EXPECT_EQ(texts.wait_for(500).size(), 500U);
}

}  // namespace
}  // namespace mpreg
