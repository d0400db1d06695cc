#include <gtest/gtest.h>

#include "unit/node/federation_rig.h"

namespace mpreg {
namespace {

const std::string kKilobyte(1000, 'x');

TEST(NodeReplay, a_session_without_credit_is_served_from_the_log_when_credit_returns) {
  FederationRig rig;
  const auto broker = rig.add_broker("east");
  const auto sender = rig.add_client(broker);
  SessionOptions small;
  small.receive_window_bytes = 64 << 10;
  const auto receiver = rig.add_client(broker, small);
  rig.subscribe(receiver, {"#"});
  rig.session(receiver).hold_credit(rig.now(), true);
  for (int i = 0; i < 500; ++i) {
    ASSERT_TRUE(rig.publish(sender, "t", std::to_string(i) + kKilobyte));
    rig.settle();
  }
  EXPECT_LT(rig.client(receiver).received.size(), 200U);
  EXPECT_GE(rig.counter(broker, "mpreg_sessions_fell_behind_total"), 1U);
  rig.session(receiver).hold_credit(rig.now(), false);
  rig.pass(std::chrono::seconds(2));
  ASSERT_EQ(rig.client(receiver).received.size(), 500U);
  for (std::size_t i = 0; i < 500; ++i) {
    EXPECT_EQ(rig.client(receiver).received[i].payload, std::to_string(i) + kKilobyte);
  }
  EXPECT_TRUE(rig.client(receiver).gaps.empty());
}

TEST(NodeReplay, pitfall_08_a_session_that_falls_out_of_the_log_is_told_of_the_gap) {
  FederationRig rig;
  NodeOptions options;
  options.retained_bytes_max = 100 << 10;
  const auto broker = rig.add_broker("east", {}, options);
  const auto sender = rig.add_client(broker);
  SessionOptions small;
  small.receive_window_bytes = 64 << 10;
  const auto receiver = rig.add_client(broker, small);
  rig.subscribe(receiver, {"t.#"});
  rig.session(receiver).hold_credit(rig.now(), true);
  for (int i = 0; i < 500; ++i) {
    ASSERT_TRUE(rig.publish(sender, "t", std::to_string(i) + kKilobyte));
    rig.settle();
  }
  rig.session(receiver).hold_credit(rig.now(), false);
  rig.pass(std::chrono::seconds(2));
  ASSERT_EQ(rig.client(receiver).gaps.size(), 1U);
  const Gap& gap = rig.client(receiver).gaps[0];
  EXPECT_EQ(gap.scope.kind, ScopeKind::patterns);
  EXPECT_EQ(gap.scope.names, std::vector<std::string>{"t.#"});
  EXPECT_EQ(rig.client(receiver).received.size() + (gap.through - gap.after), 500U);
}

TEST(NodeReplay, a_session_resumes_where_it_stood) {
  FederationRig rig;
  const auto broker = rig.add_broker("east");
  const auto sender = rig.add_client(broker);
  const auto receiver = rig.add_client(broker);
  rig.subscribe(receiver, {"#"});
  ASSERT_TRUE(rig.publish(sender, "t", "before"));
  rig.settle();
  rig.disconnect(receiver);
  ASSERT_TRUE(rig.publish(sender, "t", "meanwhile"));
  rig.settle();
  rig.connect(receiver, broker);
  rig.settle();
  ASSERT_TRUE(rig.publish(sender, "t", "after"));
  rig.settle();
  ASSERT_EQ(rig.client(receiver).received.size(), 3U);
  EXPECT_EQ(rig.client(receiver).received[1].payload, "meanwhile");
  EXPECT_TRUE(rig.client(receiver).gaps.empty());
}

TEST(NodeReplay, a_backlog_gives_the_newest_messages_before_live_ones) {
  FederationRig rig;
  const auto broker = rig.add_broker("east");
  const auto sender = rig.add_client(broker);
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(rig.publish(sender, i % 2 == 0 ? "even" : "odd", std::to_string(i)));
    rig.settle();
  }
  const auto receiver = rig.add_client(broker);
  rig.subscribe(receiver, {"even"}, 3);
  ASSERT_TRUE(rig.publish(sender, "even", "10"));
  rig.settle();
  std::vector<std::string> payloads;
  for (const auto& message : rig.client(receiver).received) payloads.push_back(message.payload);
  EXPECT_EQ(payloads, (std::vector<std::string>{"4", "6", "8", "10"}));
  EXPECT_TRUE(rig.client(receiver).received[0].backlog);
  EXPECT_FALSE(rig.client(receiver).received[3].backlog);
}

TEST(NodeReplay, after_a_restart_a_resumed_session_is_told_that_the_old_incarnation_is_over) {
  FederationRig rig;
  const auto broker = rig.add_broker("east");
  const auto sender = rig.add_client(broker);
  const auto receiver = rig.add_client(broker);
  rig.subscribe(receiver, {"#"});
  ASSERT_TRUE(rig.publish(sender, "t", "1"));
  rig.settle();
  rig.restart(broker);
  rig.connect(receiver, broker);
  rig.connect(sender, broker);
  rig.pass(std::chrono::seconds(1));
  ASSERT_TRUE(rig.publish(sender, "t", "2"));
  rig.settle();
  ASSERT_EQ(rig.client(receiver).received.size(), 2U);
  ASSERT_FALSE(rig.client(receiver).gaps.empty());
  EXPECT_EQ(rig.client(receiver).gaps[0].through, kNumberMax);
}

}  // namespace
}  // namespace mpreg
