#include "net/router_socket.h"
#include "unit/net/raw_peer.h"
#include "unit/net/socket_fixture.h"

namespace mpreg {
namespace {

using namespace testing;

class HostilePeerTest : public SocketTest {
 protected:
  HostilePeerTest() : router_(open_router({.frame_bytes_max = 1 << 20})) {
    port_ = router_->bind(free_tcp_port())->port;
  }

  // Until the router has said this often that it dropped something.
  bool wait_for_drops(int drops) {
    return wait_for(
        [&] {
          Received received;
          const Receipt receipt = router_->receive(received);
          EXPECT_NE(receipt, Receipt::message);
          if (receipt == Receipt::dropped) --drops;
          return drops == 0;
        },
        *router_);
  }

  void expect_honest_peer_is_heard() {
    auto dealer = open_dealer(*parse_dial_endpoint("tcp://127.0.0.1:" + std::to_string(port_)));
    ASSERT_TRUE(wait_for_change(*dealer, ConnectionChange::up));
    ASSERT_EQ(dealer->send(frame_of("honest"), frame_of("body")), SendResult::sent);
    const Received received = next_message(*router_);
    EXPECT_EQ(text_of(received.header), "honest");
    EXPECT_EQ(text_of(received.body), "body");
  }

  std::unique_ptr<RouterSocket> router_;
  std::uint16_t port_ = 0;
};

TEST_F(HostilePeerTest, one_and_two_parts_are_messages) {
  const RawPeer peer(port_);
  peer.greet();
  peer.write_part("header", false);
  peer.write_part("header", true);
  peer.write_part("body", false);
  EXPECT_TRUE(next_message(*router_).body.empty());
  EXPECT_EQ(text_of(next_message(*router_).body), "body");
  EXPECT_EQ(router_->counters().messages_received, 2U);
}

TEST_F(HostilePeerTest, three_parts_and_a_thousand_are_dropped_whole_and_counted) {
  const RawPeer peer(port_);
  peer.greet();
  for (int i = 0; i < 2; ++i) peer.write_part("x", true);
  peer.write_part("x", false);
  for (int i = 0; i < 999; ++i) peer.write_part("x", true);
  peer.write_part("x", false);
  ASSERT_TRUE(wait_for_drops(2));
  EXPECT_EQ(router_->counters().dropped_frame_count, 2U);
  peer.write_part("after", false);
  EXPECT_EQ(text_of(next_message(*router_).header), "after");
  expect_honest_peer_is_heard();
}

TEST_F(HostilePeerTest, a_peer_that_names_itself_is_not_heard) {
  const RawPeer peer(port_);
  peer.greet("somebody");
  peer.write_part("header", true);
  peer.write_part("body", false);
  ASSERT_TRUE(wait_for_drops(1));
  EXPECT_EQ(router_->counters().dropped_identity, 1U);
  expect_honest_peer_is_heard();
}

TEST_F(HostilePeerTest, a_frame_above_the_limit_costs_the_connection_before_it_is_read) {
  const RawPeer peer(port_);
  peer.greet();
  // A long frame of 2^63 - 1 bytes.
  peer.write(std::string("\2\x7f\xff\xff\xff\xff\xff\xff\xff", 9));
  EXPECT_TRUE(peer.wait_until_closed());
  const RawPeer slightly_above(port_);
  slightly_above.greet();
  slightly_above.write(std::string("\2\0\0\0\0\0\x10\0\1", 9));
  EXPECT_TRUE(slightly_above.wait_until_closed());
  expect_honest_peer_is_heard();
}

TEST_F(HostilePeerTest, what_is_no_greeting_is_cut_off) {
  const RawPeer web(port_);
  web.write("GET / HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n" + std::string(64, ' '));
  EXPECT_TRUE(web.wait_until_closed());
  expect_honest_peer_is_heard();
}

TEST_F(HostilePeerTest, who_connects_and_says_nothing_is_cut_off) {
  const RawPeer silent(port_);
  EXPECT_TRUE(silent.wait_until_closed());
  expect_honest_peer_is_heard();
}

}  // namespace
}  // namespace mpreg
