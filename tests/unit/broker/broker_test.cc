#include "broker/broker.h"

#include <fstream>
#include <mutex>

#include "unit/broker/broker_fixture.h"
#include "wire/body_codec.h"

namespace mpreg {
namespace {

using namespace testing;

TEST(Broker, a_client_is_welcomed_and_told_when_the_broker_leaves) {
  auto broker = start_broker(options_for("east"));
  ASSERT_NE(broker, nullptr);
  BareClient client(broker->endpoints().listen);
  client.say_hello();
  EXPECT_EQ(client.expect<Welcome>().cluster, "east");
  broker->request_stop();
  EXPECT_FALSE(client.expect<Goodbye>().reason.empty());
}

TEST(Broker, garbage_is_refused_and_the_next_client_is_served) {
  auto broker = start_broker(options_for("east"));
  ASSERT_NE(broker, nullptr);
  {
    BareClient hostile(broker->endpoints().listen);
    for (const std::string& text :
         {std::string(), std::string("x"), std::string(100'000, '\xff')}) {
      EXPECT_EQ(
          hostile.socket().send(Frame::copy_of(as_bytes(text)), Frame::copy_of(as_bytes("y"))),
          SendResult::sent);
    }
  }
  BareClient client(broker->endpoints().listen);
  client.say_hello();
  EXPECT_EQ(client.expect<Welcome>().cluster, "east");
}

TEST(Broker, everything_works_over_socket_files) {
  BrokerOptions options = options_for("east");
  const std::string folder = ::testing::TempDir() + "mpreg-broker-" + std::to_string(getpid());
  options.listen = "ipc://" + folder + "-listen";
  options.link = "ipc://" + folder + "-link";
  options.stream = "ipc://" + folder + "-stream";
  auto hub = start_broker(options);
  ASSERT_NE(hub, nullptr);
  BrokerOptions spoke_options = options_for("west");
  spoke_options.hubs = {options.link};
  auto spoke = start_broker(spoke_options);
  ASSERT_NE(spoke, nullptr);
  BareClient client(hub->endpoints().listen);
  client.say_hello();
  client.expect<Welcome>();
  EXPECT_TRUE(wait_until([&] { return value_of(spoke->metrics(), "mpreg_members") == 2; }));
}

TEST(Broker, a_spoke_joins_a_hub_that_comes_later_and_comes_back) {
  // Ports that are free now, and taken by the hub later.
  BrokerOptions hub_options = options_for("hub");
  {
    auto first = start_broker(hub_options);
    ASSERT_NE(first, nullptr);
    hub_options.listen = to_string(first->endpoints().listen);
    hub_options.link = to_string(first->endpoints().link);
    hub_options.stream = to_string(first->endpoints().stream);
  }
  BrokerOptions spoke_options = options_for("spoke");
  spoke_options.hubs = {hub_options.link};
  auto spoke = start_broker(spoke_options);
  ASSERT_NE(spoke, nullptr);
  const auto joined = [&](std::int64_t times) {
    return wait_until(
        [&] { return value_of(spoke->metrics(), "mpreg_links_joined_total") >= times; });
  };
  for (int times = 1; times <= 2; ++times) {
    std::unique_ptr<Broker> hub;
    ASSERT_TRUE(wait_until([&] {
      auto started = Broker::start(hub_options);
      if (started) hub = std::move(*started);
      return hub != nullptr;
    }));
    EXPECT_TRUE(joined(times));
  }
}

TEST(Broker, a_place_in_use_is_named_with_its_option) {
  auto broker = start_broker(options_for("east"));
  ASSERT_NE(broker, nullptr);
  const BoundEndpoints& taken = broker->endpoints();
  const std::pair<const char*, Endpoint> places[] = {
      {"listen", taken.listen}, {"link", taken.link}, {"stream", taken.stream}};
  for (const auto& [name, endpoint] : places) {
    BrokerOptions options = options_for("west");
    const std::string text = to_string(endpoint);
    (std::string_view(name) == "listen" ? options.listen
     : std::string_view(name) == "link" ? options.link
                                        : options.stream) = text;
    const auto refused = Broker::start(options);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().text, "--" + std::string(name) + " " + text + ": cannot bind " +
                                        text + ": Address already in use");
  }
}

TEST(Broker, wrong_options_are_refused_before_anything_is_bound) {
  BrokerOptions options = options_for("a:b");
  const auto refused = Broker::start(options);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::malformed);
}

TEST(Broker, the_ports_file_appears_when_everything_is_bound_and_says_where) {
  BrokerOptions options = options_for("east");
  options.ports_file = ::testing::TempDir() + "mpreg-ports-" + std::to_string(getpid()) + ".json";
  std::ofstream(options.ports_file) << "of an earlier life";
  auto broker = start_broker(options);
  ASSERT_NE(broker, nullptr);
  std::ifstream file(options.ports_file);
  const std::string content{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(content, ports_json("east", broker->endpoints()));

  BrokerOptions second = options_for("west");
  second.ports_file = options.ports_file;
  second.listen = to_string(broker->endpoints().listen);
  ASSERT_FALSE(Broker::start(second));
  EXPECT_FALSE(std::ifstream(options.ports_file).good()) << "nobody may take it for the new one's";

  options.ports_file = "/nonexistent/ports.json";
  EXPECT_EQ(Broker::start(options).error().text,
            "--ports-file /nonexistent/ports.json: No such file or directory");
}

TEST(Broker, stopping_alone_is_orderly_and_can_be_said_twice) {
  auto broker = start_broker(options_for("east"));
  ASSERT_NE(broker, nullptr);
  EXPECT_TRUE(broker->stop());
  EXPECT_TRUE(broker->stop());
  EXPECT_TRUE(broker->finished().take());
}

// A session that subscribes to everything and publishes one event; returns the bytes of the batch
// that comes back to it.
std::uint64_t have_a_batch_under_way(BareClient& client) {
  client.say_hello();
  client.expect<Welcome>();
  Subscribe subscribe;
  subscribe.subscription.id = 1;
  subscribe.subscription.patterns = {"#"};
  client.send(subscribe);
  client.expect<Subscribed>();
  BodyBuilder builder(Lane::events);
  builder.append(RecordKind::event, kInlineTopic, kNoAlias, "a.topic", {}, as_bytes("payload"));
  builder.add_segment({.client = 7, .first_operation = 1, .count = 1});
  BatchHeader header;
  header.stream.lane = Lane::events;
  EXPECT_EQ(client.socket().send(encode_packet(header), builder.finish()), SendResult::sent);
  return client.expect_batch();
}

TEST(Broker, who_does_not_acknowledge_delays_the_end_until_the_deadline_and_no_longer) {
  BrokerOptions options = options_for("east");
  options.drain_timeout = std::chrono::milliseconds(50);
  auto broker = start_broker(options);
  ASSERT_NE(broker, nullptr);
  BareClient client(broker->endpoints().listen);
  EXPECT_GT(have_a_batch_under_way(client), 0U);
  EXPECT_FALSE(broker->stop());
}

TEST(Broker, leaving_ends_as_soon_as_everything_is_acknowledged) {
  BrokerOptions options = options_for("east");
  options.drain_timeout = 2 * kDeadline;
  auto broker = start_broker(options);
  ASSERT_NE(broker, nullptr);
  BareClient client(broker->endpoints().listen);
  const std::uint64_t bytes = have_a_batch_under_way(client);
  broker->request_stop();
  client.expect<Goodbye>();
  EXPECT_FALSE(broker->finished().take());
  client.send(Acknowledge{bytes});
  EXPECT_TRUE(broker->stop());
}

TEST(Broker, log_lines_below_the_level_are_not_made) {
  std::mutex mutex;
  std::vector<std::string> lines;
  BrokerOptions options = options_for("east");
  options.log_level = LogLevel::error;
  auto broker = Broker::start(options, [&](LogLevel level, std::string_view text) {
    const std::scoped_lock lock(mutex);
    lines.push_back(std::to_string(static_cast<int>(level)) + std::string(text));
  });
  ASSERT_TRUE(broker.has_value());
  EXPECT_TRUE((*broker)->stop());
  const std::scoped_lock lock(mutex);
  EXPECT_TRUE(lines.empty()) << lines.front();
}

}  // namespace
}  // namespace mpreg
