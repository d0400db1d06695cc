#include "net/dealer_socket.h"

#include "unit/net/socket_fixture.h"

namespace mpreg {
namespace {

using namespace testing;

class DealerSocketTest : public SocketTest {};

TEST_F(DealerSocketTest, without_a_connection_nothing_is_queued) {
  const Endpoint endpoint = free_ipc_path();
  auto dealer = open_dealer(endpoint);
  EXPECT_EQ(dealer->send(frame_of("too early"), Frame()), SendResult::full);
  EXPECT_FALSE(dealer->connected());
  EXPECT_EQ(dealer->counters().sends_full, 1U);

  auto router = open_router();
  ASSERT_TRUE(router->bind(endpoint).has_value());
  ASSERT_TRUE(wait_for_change(*dealer, ConnectionChange::up));
  ASSERT_EQ(dealer->send(frame_of("in time"), Frame()), SendResult::sent);
  EXPECT_EQ(text_of(next_message(*router).header), "in time");
}

TEST_F(DealerSocketTest, what_can_be_sent_is_sent_at_the_moment_of_up) {
  auto router = open_router();
  const Endpoint endpoint = *router->bind(free_tcp_port());
  for (int i = 0; i < 50; ++i) {
    auto dealer = open_dealer(endpoint);
    ASSERT_TRUE(wait_for_change(*dealer, ConnectionChange::up));
    ASSERT_EQ(dealer->send(frame_of("at once"), Frame()), SendResult::sent);
  }
}

TEST_F(DealerSocketTest, a_connection_that_breaks_is_told_and_another_socket_finds_the_next) {
  auto router = open_router();
  const Endpoint endpoint = *router->bind(free_tcp_port());
  auto dealer = open_dealer(endpoint);
  ASSERT_TRUE(wait_for_change(*dealer, ConnectionChange::up));
  for (int round = 0; round < 3; ++round) {
    router.reset();
    ASSERT_TRUE(wait_for_change(*dealer, ConnectionChange::down));
    EXPECT_FALSE(dealer->connected());
    EXPECT_EQ(dealer->send(frame_of("lost"), Frame()), SendResult::full);
    dealer = open_dealer(endpoint);
    router = open_router();
    // Sockets are closed by a thread of libzmq: the port is free a moment later.
    ASSERT_TRUE(wait_for([&] { return router->bind(endpoint).has_value(); }, *router));
    ASSERT_TRUE(wait_for_change(*dealer, ConnectionChange::up));
    EXPECT_TRUE(dealer->connected());
    const std::string text = "round " + std::to_string(round);
    ASSERT_EQ(dealer->send(frame_of(text), Frame()), SendResult::sent);
    EXPECT_EQ(text_of(next_message(*router).header), text);
  }
}

// libzmq looks for news at every hundredth frame that is read: also between the two of a message.
TEST_F(DealerSocketTest, what_a_broken_connection_had_brought_is_read_to_the_end) {
  auto router = open_router();
  auto dealer = open_dealer(*router->bind(free_tcp_port()));
  ASSERT_TRUE(wait_for_change(*dealer, ConnectionChange::up));
  ASSERT_EQ(dealer->send(frame_of("here"), Frame()), SendResult::sent);
  const std::uint32_t peer = next_message(*router).peer;
  constexpr int kMessages = 500;
  for (int i = 0; i < kMessages; ++i) {
    const Frame body = i == 1 ? Frame() : frame_of("body");
    ASSERT_EQ(router->send(peer, frame_of(std::to_string(i)), body), SendResult::sent);
  }
  EXPECT_EQ(text_of(next_message(*dealer).header), "0");
  ASSERT_FALSE(dealer->next_change().has_value());
  router->set_linger(kDeadline);
  router.reset();
  // Only the monitor is looked at: the socket itself has not heard yet that its peer is gone.
  Poller poller;
  poller.add(dealer->monitor());
  ASSERT_TRUE(poller.wait(kDeadline));
  for (int i = 1; i < kMessages; ++i) {
    Received received;
    ASSERT_EQ(dealer->receive(received), Receipt::message) << i;
    EXPECT_EQ(text_of(received.header), std::to_string(i));
  }
  EXPECT_EQ(dealer->next_change(), ConnectionChange::down);
}

TEST_F(DealerSocketTest, changes_alternate_while_nobody_listens) {
  auto dealer = open_dealer(free_ipc_path());
  // Several attempts fail in this time; none of them is a change.
  Poller poller;
  poller.add(*dealer);
  for (const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(300);
       std::chrono::steady_clock::now() < end;) {
    poller.wait(std::chrono::milliseconds(20));
    ASSERT_FALSE(dealer->next_change().has_value());
  }
}

TEST_F(DealerSocketTest, what_lingers_is_sent_although_the_socket_is_closed) {
  auto router = open_router();
  auto dealer = open_dealer(*router->bind(free_tcp_port()));
  ASSERT_TRUE(wait_for_change(*dealer, ConnectionChange::up));
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(dealer->send(frame_of("h"), frame_of(std::string(50'000, 'x'))), SendResult::sent);
  }
  dealer->set_linger(kDeadline);
  dealer.reset();
  for (int i = 0; i < 100; ++i) ASSERT_EQ(next_message(*router).body.size(), 50'000U);
}

}  // namespace
}  // namespace mpreg
