#include "net/poller.h"

#include <thread>

#include "unit/net/socket_fixture.h"

namespace mpreg {
namespace {

using namespace testing;

class PollerTest : public SocketTest {};

TEST_F(PollerTest, a_wakeup_ends_the_wait_and_many_signals_are_one) {
  const Wakeup wakeup;
  Poller poller;
  poller.add(wakeup);
  EXPECT_FALSE(poller.wait(Duration::zero()));
  std::thread other([&] {
    wakeup.signal();
    wakeup.signal();
  });
  while (!poller.wait(kDeadline)) {
  }
  other.join();
  EXPECT_TRUE(wakeup.take());
  EXPECT_FALSE(wakeup.take());
  EXPECT_FALSE(poller.wait(Duration::zero()));
}

TEST_F(PollerTest, it_does_not_wait_while_a_socket_may_have_something) {
  auto router = open_router();
  auto dealer = open_dealer(*router->bind(free_tcp_port()));
  ASSERT_TRUE(wait_for_change(*dealer, ConnectionChange::up));
  ASSERT_EQ(dealer->send(frame_of("1"), Frame()), SendResult::sent);
  ASSERT_EQ(dealer->send(frame_of("2"), Frame()), SendResult::sent);
  EXPECT_EQ(text_of(next_message(*router).header), "1");
  // Only one of two was taken: the descriptor may not say so any more, the poller must.
  Poller poller;
  poller.add(*router);
  Received received;
  while (router->receive(received) != Receipt::message) ASSERT_TRUE(poller.wait(kDeadline));
  EXPECT_EQ(text_of(received.header), "2");
  EXPECT_EQ(router->receive(received), Receipt::nothing);
  EXPECT_FALSE(router->maybe_readable());
}

TEST_F(PollerTest, no_message_is_missed_while_answers_are_sent_in_between) {
  auto router = open_router();
  auto dealer = open_dealer(*router->bind(free_tcp_port()));
  ASSERT_TRUE(wait_for_change(*dealer, ConnectionChange::up));
  constexpr int kMessages = 5000;
  int echoed = 0;
  std::thread server([&] {
    Poller poller;
    poller.add(*router);
    Received received;
    while (echoed < kMessages) {
      if (router->receive(received) == Receipt::message) {
        static_cast<void>(router->send(received.peer, received.header, received.body));
        ++echoed;
      } else {
        poller.wait(kDeadline);
      }
    }
  });
  // Both ends wait for their descriptors only: one lost signal and both wait until the deadline.
  Poller poller;
  poller.add(*dealer);
  int sent = 0;
  int received_count = 0;
  const auto deadline = std::chrono::steady_clock::now() + kDeadline;
  while (received_count < kMessages && std::chrono::steady_clock::now() < deadline) {
    while (sent < kMessages && sent - received_count < 7 &&
           dealer->send(frame_of(std::to_string(sent)), Frame()) == SendResult::sent) {
      ++sent;
    }
    Received received;
    if (dealer->receive(received) == Receipt::message) {
      ASSERT_EQ(text_of(received.header), std::to_string(received_count));
      ++received_count;
    } else {
      while (dealer->next_change()) {
      }
      poller.wait(kDeadline);
    }
  }
  EXPECT_EQ(received_count, kMessages);
  server.join();
}

// More than one look can take: nobody is left out for good.
TEST_F(PollerTest, a_socket_is_seen_behind_many_that_are_always_ready) {
  constexpr std::size_t kMany = 200;
  std::vector<Wakeup> wakeups(kMany);
  auto router = open_router();
  Received received;
  ASSERT_EQ(router->receive(received), Receipt::nothing);
  Poller poller;
  for (const Wakeup& wakeup : wakeups) {
    wakeup.signal();
    poller.add(wakeup);
  }
  poller.add(*router);
  auto dealer = open_dealer(*router->bind(free_tcp_port()));
  ASSERT_TRUE(wait_for_change(*dealer, ConnectionChange::up));
  ASSERT_EQ(dealer->send(frame_of("1"), Frame()), SendResult::sent);
  const auto deadline = std::chrono::steady_clock::now() + kDeadline;
  while (router->receive(received) != Receipt::message) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline);
    while (!router->maybe_readable()) ASSERT_TRUE(poller.wait(Duration::zero()));
  }
  EXPECT_EQ(text_of(received.header), "1");
}

TEST_F(PollerTest, a_socket_that_is_removed_does_not_end_the_wait) {
  auto router = open_router();
  Poller poller;
  poller.add(*router);
  EXPECT_TRUE(poller.wait(Duration::zero()));  // It was never asked.
  poller.remove(*router);
  EXPECT_FALSE(poller.wait(Duration::zero()));
}

}  // namespace
}  // namespace mpreg
