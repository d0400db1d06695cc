#include "net/sub_socket.h"
#include "net/xpub_socket.h"
#include "unit/net/socket_fixture.h"

namespace mpreg {
namespace {

using namespace testing;
using namespace std::string_view_literals;

class PubsubSocketsTest : public SocketTest {
 protected:
  struct Publisher {
    std::unique_ptr<XpubSocket> socket;
    Endpoint endpoint;
  };

  Publisher open_publisher() {
    Publisher publisher{std::move(*XpubSocket::open(context_, {})), {}};
    publisher.endpoint = *publisher.socket->bind(free_tcp_port());
    return publisher;
  }
  std::unique_ptr<SubSocket> open_subscriber() { return std::move(*SubSocket::open(context_, {})); }
  // The subscriber has to look too: only then libzmq takes over a new connection.
  static bool wait_for_channels(XpubSocket& publisher, SubSocket& subscriber, std::int64_t wanted) {
    return wait_for(
        [&] {
          Received received;
          EXPECT_EQ(subscriber.receive(received), Receipt::nothing);
          publisher.drain_subscriptions(1000);
          return publisher.channels_wanted() == wanted;
        },
        publisher, subscriber);
  }
};

TEST_F(PubsubSocketsTest, a_subscriber_gets_its_channels_and_no_others) {
  const Publisher publisher = open_publisher();
  auto subscriber = open_subscriber();
  ASSERT_TRUE(subscriber->dial(publisher.endpoint).has_value());
  subscriber->subscribe("east/cache\0"sv);
  ASSERT_TRUE(wait_for_channels(*publisher.socket, *subscriber, 1));

  const std::string body(20'000, 'x');
  publisher.socket->publish("east/cacheless\0"sv, frame_of("no"), frame_of(body));
  publisher.socket->publish("east/cache\0"sv, frame_of("first"), frame_of(body));
  publisher.socket->publish("west/cache\0"sv, frame_of("no"), Frame());
  publisher.socket->publish("east/cache\0"sv, frame_of("second"), Frame());

  const Received first = next_message(*subscriber);
  EXPECT_EQ(text_of(first.header), "first");
  EXPECT_EQ(text_of(first.body), body);
  EXPECT_EQ(text_of(next_message(*subscriber).header), "second");
}

TEST_F(PubsubSocketsTest, what_is_unsubscribed_does_not_come_any_more) {
  const Publisher publisher = open_publisher();
  auto subscriber = open_subscriber();
  ASSERT_TRUE(subscriber->dial(publisher.endpoint).has_value());
  subscriber->subscribe("a\0"sv);
  subscriber->subscribe("b\0"sv);
  ASSERT_TRUE(wait_for_channels(*publisher.socket, *subscriber, 2));
  subscriber->unsubscribe("a\0"sv);
  ASSERT_TRUE(wait_for_channels(*publisher.socket, *subscriber, 1));
  publisher.socket->publish("a\0"sv, frame_of("a"), Frame());
  publisher.socket->publish("b\0"sv, frame_of("b"), Frame());
  EXPECT_EQ(text_of(next_message(*subscriber).header), "b");
}

TEST_F(PubsubSocketsTest, pointed_at_another_publisher_it_takes_its_channels_along) {
  const Publisher first = open_publisher();
  const Publisher second = open_publisher();
  auto subscriber = open_subscriber();
  subscriber->subscribe("a\0"sv);
  ASSERT_TRUE(subscriber->dial(first.endpoint).has_value());
  ASSERT_TRUE(wait_for_channels(*first.socket, *subscriber, 1));
  ASSERT_TRUE(subscriber->dial(second.endpoint).has_value());
  EXPECT_EQ(subscriber->dialled(), second.endpoint);
  ASSERT_TRUE(wait_for_channels(*second.socket, *subscriber, 1));
  ASSERT_TRUE(wait_for_channels(*first.socket, *subscriber, 0));
  first.socket->publish("a\0"sv, frame_of("first"), Frame());
  second.socket->publish("a\0"sv, frame_of("second"), Frame());
  EXPECT_EQ(text_of(next_message(*subscriber).header), "second");
}

TEST_F(PubsubSocketsTest, a_publisher_that_comes_back_hears_of_the_channels_again) {
  Publisher publisher = open_publisher();
  auto subscriber = open_subscriber();
  for (int i = 0; i < 3000; ++i) {
    subscriber->subscribe("channel" + std::to_string(i) + std::string(1, 0));
  }
  ASSERT_TRUE(subscriber->dial(publisher.endpoint).has_value());
  ASSERT_TRUE(wait_for_channels(*publisher.socket, *subscriber, 3000));
  publisher.socket.reset();
  publisher.socket = std::move(*XpubSocket::open(context_, {}));
  ASSERT_TRUE(wait_for([&] { return publisher.socket->bind(publisher.endpoint).has_value(); },
                       *publisher.socket));
  EXPECT_TRUE(wait_for_channels(*publisher.socket, *subscriber, 3000));
}

}  // namespace
}  // namespace mpreg
