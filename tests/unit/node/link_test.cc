#include <gtest/gtest.h>

#include "unit/node/federation_rig.h"

namespace mpreg {
namespace {

struct Hub {
  FederationRig rig;
  std::size_t hub = rig.add_broker("hub");
  std::size_t a = rig.add_broker("a", {hub});
  std::size_t b = rig.add_broker("b", {hub});
  Hub() { rig.pass(std::chrono::seconds(1)); }
};

TEST(NodeLink, a_message_crosses_the_hub_to_the_other_spoke) {
  Hub f;
  EXPECT_TRUE(f.rig.broker(f.a).node->joined());
  const auto sender = f.rig.add_client(f.a);
  const auto at_hub = f.rig.add_client(f.hub);
  const auto at_b = f.rig.add_client(f.b);
  f.rig.subscribe(at_hub, {"#"});
  f.rig.subscribe(at_b, {"#"});
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(f.rig.publish(sender, "t", std::to_string(i)));
  f.rig.settle();
  EXPECT_EQ(f.rig.client(at_hub).received.size(), 100U);
  ASSERT_EQ(f.rig.client(at_b).received.size(), 100U);
  EXPECT_EQ(f.rig.client(at_b).received[99].payload, "99");
}

TEST(NodeLink, a_hub_sends_its_own_messages_to_both_spokes) {
  Hub f;
  const auto sender = f.rig.add_client(f.hub);
  const auto at_a = f.rig.add_client(f.a);
  const auto at_b = f.rig.add_client(f.b);
  f.rig.subscribe(at_a, {"#"});
  f.rig.subscribe(at_b, {"#"});
  ASSERT_TRUE(f.rig.publish(sender, "t", "1"));
  f.rig.settle();
  EXPECT_EQ(f.rig.client(at_a).received.size(), 1U);
  EXPECT_EQ(f.rig.client(at_b).received.size(), 1U);
}

TEST(NodeLink, a_link_that_breaks_and_heals_loses_nothing) {
  Hub f;
  const auto sender = f.rig.add_client(f.a);
  const auto at_a = f.rig.add_client(f.a);
  const auto at_b = f.rig.add_client(f.b);
  const auto sender_b = f.rig.add_client(f.b);
  f.rig.subscribe(at_b, {"#"});
  f.rig.subscribe(at_a, {"#"});
  ASSERT_TRUE(f.rig.publish(sender, "t", "1"));
  f.rig.settle();
  f.rig.cut(f.b, 0);
  ASSERT_TRUE(f.rig.publish(sender, "u.new", "2"));
  ASSERT_TRUE(f.rig.publish(sender_b, "t", "b1"));
  f.rig.pass(std::chrono::seconds(1));
  EXPECT_EQ(f.rig.client(at_b).received.size(), 2U);
  f.rig.heal(f.b, 0);
  f.rig.pass(std::chrono::seconds(1));
  ASSERT_TRUE(f.rig.publish(sender, "u.new", "3"));
  f.rig.pass(std::chrono::seconds(1));
  EXPECT_EQ(f.rig.client(at_b).received.size(), 4U);
  EXPECT_EQ(f.rig.client(at_a).received.size(), 4U);
  EXPECT_TRUE(f.rig.client(at_b).gaps.empty());
}

TEST(NodeLink, pitfall_13_a_killed_spoke_comes_back_in_a_new_incarnation_and_the_others_are_told) {
  Hub f;
  const auto sender = f.rig.add_client(f.a);
  const auto at_b = f.rig.add_client(f.b);
  f.rig.subscribe(at_b, {"#"});
  ASSERT_TRUE(f.rig.publish(sender, "t", "1"));
  f.rig.settle();
  const Incarnation before = f.rig.broker(f.a).node->incarnation();
  f.rig.restart(f.a);
  f.rig.connect(sender, f.a);
  f.rig.pass(std::chrono::seconds(4));
  EXPECT_GT(f.rig.broker(f.a).node->incarnation(), before);
  ASSERT_TRUE(f.rig.publish(sender, "t", "2"));
  f.rig.pass(std::chrono::seconds(1));
  EXPECT_EQ(f.rig.client(at_b).received.size(), 2U);
  // One notice a lane: what the old life had stamped last is not known.
  EXPECT_EQ(f.rig.client(at_b).gaps.size(), 3U);
}

TEST(NodeLink, an_orderly_goodbye_leaves_no_gap) {
  Hub f;
  const auto sender = f.rig.add_client(f.a);
  const auto at_b = f.rig.add_client(f.b);
  f.rig.subscribe(at_b, {"#"});
  ASSERT_TRUE(f.rig.publish(sender, "t", "1"));
  f.rig.settle();
  f.rig.broker(f.a).driver->leave();
  f.rig.settle();
  f.rig.restart(f.a);
  f.rig.connect(sender, f.a);
  f.rig.pass(std::chrono::seconds(4));
  ASSERT_TRUE(f.rig.publish(sender, "t", "2"));
  f.rig.pass(std::chrono::seconds(1));
  EXPECT_EQ(f.rig.client(at_b).received.size(), 2U);
  EXPECT_TRUE(f.rig.client(at_b).gaps.empty());
}

TEST(NodeLink, a_restarted_hub_is_repaired_by_its_spokes) {
  Hub f;
  const auto sender = f.rig.add_client(f.a);
  const auto at_b = f.rig.add_client(f.b);
  f.rig.subscribe(at_b, {"#"});
  ASSERT_TRUE(f.rig.publish(sender, "t", "1"));
  f.rig.settle();
  f.rig.kill(f.hub);
  ASSERT_TRUE(f.rig.publish(sender, "t", "2"));
  f.rig.pass(std::chrono::seconds(1));
  f.rig.restart(f.hub);
  f.rig.pass(std::chrono::seconds(4));
  ASSERT_TRUE(f.rig.publish(sender, "t", "3"));
  f.rig.pass(std::chrono::seconds(1));
  std::vector<std::string> payloads;
  for (const auto& message : f.rig.client(at_b).received) payloads.push_back(message.payload);
  EXPECT_EQ(payloads, (std::vector<std::string>{"1", "2", "3"}));
}

TEST(NodeLink, two_brokers_of_one_cluster_id_are_told_why_they_cannot_link) {
  FederationRig rig;
  const auto hub = rig.add_broker("hub");
  const auto clone = rig.add_broker("hub", {hub});
  rig.pass(std::chrono::seconds(1));
  EXPECT_FALSE(rig.broker(clone).node->joined());
  bool is_said = false;
  for (const std::string& line : rig.broker(clone).log) {
    is_said = is_said || line.find("every cluster needs an id of its own") != std::string::npos;
  }
  EXPECT_TRUE(is_said);
  EXPECT_EQ(rig.counter(hub, "mpreg_links_refused_total"), 1U);
}

TEST(NodeLink, a_barrier_waits_for_the_hub_and_names_it_when_it_does_not_come) {
  FederationRig rig;
  const auto hub = rig.add_broker("hub");
  const auto spoke = rig.add_broker("a", {hub});
  rig.kill(hub);
  const auto client = rig.add_client(spoke);
  ASSERT_TRUE(rig.session(client).barrier(rig.now(), std::chrono::milliseconds(500)));
  rig.pass(std::chrono::seconds(1));
  ASSERT_EQ(rig.client(client).answers.size(), 1U);
  EXPECT_FALSE(rig.client(client).answers[0].ok);
  EXPECT_EQ(rig.client(client).answers[0].code, ErrorCode::timed_out);
  rig.restart(hub);
  rig.pass(std::chrono::seconds(3));
  ASSERT_TRUE(rig.session(client).barrier(rig.now(), std::chrono::milliseconds(500)));
  rig.settle();
  ASSERT_EQ(rig.client(client).answers.size(), 2U);
  EXPECT_TRUE(rig.client(client).answers[1].ok);
}

// Each neighbour's heartbeat once made a hub look at each stream of everybody at each neighbour: a
// hub with a hundred idle spokes did nothing else.
TEST(NodeLink, an_idle_hub_looks_at_each_stream_once_a_heartbeat) {
  constexpr std::size_t kSpokes = 30;
  FederationRig rig;
  const std::size_t hub = rig.add_broker("hub");
  for (std::size_t i = 0; i < kSpokes; ++i) {
    rig.add_broker("spoke" + std::to_string(i), {hub});
  }
  rig.pass(std::chrono::seconds(3));
  const std::uint64_t before = rig.counter(hub, "mpreg_upstreams_considered_total");
  rig.pass(std::chrono::seconds(5));
  const std::uint64_t considered = rig.counter(hub, "mpreg_upstreams_considered_total") - before;
  constexpr std::uint64_t kHeartbeats = 5 * 2;
  EXPECT_LE(considered, (kHeartbeats + 1) * kSpokes * kLanes);
  EXPECT_GT(considered, 0U);
}

}  // namespace
}  // namespace mpreg
