// A broker that retires, and one that takes on other limits while it runs.

#include <gtest/gtest.h>

#include "unit/node/federation_rig.h"

namespace mpreg {
namespace {

using std::chrono::milliseconds;

class NodeRetire : public ::testing::Test {
 protected:
  void retire(milliseconds time) {
    FederationRig::Broker& broker = rig.broker(east);
    Outbox outbox;
    Turn turn{rig.now(), outbox};
    broker.node->retire(turn, time);
    sent_at_once = outbox.sendings.size();
    for (const Sending& sending : outbox.sendings) (void)broker.wires->send(sending);
  }
  [[nodiscard]] bool retired() { return rig.broker(east).node->retired(rig.now()); }
  // How many sessions still have a connection that is of use.
  [[nodiscard]] int ready() {
    int count = 0;
    for (const std::size_t client : clients) {
      count += rig.session(client).state() == SessionState::ready ? 1 : 0;
    }
    return count;
  }

  FederationRig rig;
  std::size_t east = rig.add_broker("east");
  std::vector<std::size_t> clients;
  std::size_t sent_at_once = 0;
};

TEST_F(NodeRetire, sessions_are_sent_away_over_the_time_that_was_given) {
  for (int i = 0; i < 40; ++i) clients.push_back(rig.add_client(east));
  rig.settle();
  ASSERT_EQ(ready(), 40);
  retire(milliseconds(2000));
  EXPECT_LE(sent_at_once, 3U);
  EXPECT_FALSE(retired());
  rig.pass(milliseconds(1000));
  EXPECT_GT(ready(), 10);
  EXPECT_LT(ready(), 30);
  rig.pass(milliseconds(1500));
  EXPECT_EQ(ready(), 0);
  EXPECT_TRUE(retired());
}

TEST_F(NodeRetire, without_sessions_it_has_retired_at_once) {
  retire(milliseconds(60'000));
  EXPECT_TRUE(retired());
}

TEST_F(NodeRetire, other_limits_hold_from_then_on) {
  NodeOptions other = rig.broker(east).node->options();
  other.payload_bytes_max = 1024;
  other.sessions_max = 1;
  rig.broker(east).node->take_on(other);
  clients = {rig.add_client(east), rig.add_client(east)};
  rig.settle();
  EXPECT_EQ(ready(), 1);
  EXPECT_EQ(rig.session(clients[0]).welcome()->limits.payload_bytes_max, 1024U);
}

}  // namespace
}  // namespace mpreg
