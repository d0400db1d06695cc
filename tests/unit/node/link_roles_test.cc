#include <gtest/gtest.h>

#include "unit/node/federation_rig.h"

namespace mpreg {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

NodeOptions in_region(const std::string& region) {
  NodeOptions options;
  options.region = region;
  return options;
}

bool has_logged(FederationRig& rig, std::size_t broker, std::string_view text) {
  for (const std::string& line : rig.broker(broker).log) {
    if (line.find(text) != std::string::npos) return true;
  }
  return false;
}

std::vector<std::string> payloads_of(FederationRig& rig, std::size_t client) {
  std::vector<std::string> payloads;
  for (const auto& message : rig.client(client).received) payloads.push_back(message.payload);
  return payloads;
}

// Three peers, each linked to the others.
struct Triangle {
  FederationRig rig;
  std::size_t a = rig.add_broker("a", {}, {}, LinkRole::peer);
  std::size_t b = rig.add_broker("b", {a}, {}, LinkRole::peer);
  std::size_t c = rig.add_broker("c", {a, b}, {}, LinkRole::peer);
  Triangle() { rig.pass(seconds(2)); }
};

TEST(LinkRoles, in_a_triangle_of_peers_each_message_crosses_each_link_at_most_once) {
  Triangle f;
  const std::size_t sender = f.rig.add_client(f.a);
  const std::size_t at_b = f.rig.add_client(f.b);
  const std::size_t at_c = f.rig.add_client(f.c);
  f.rig.subscribe(at_b, {"#"});
  f.rig.subscribe(at_c, {"#"});
  f.rig.pass(seconds(1));
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(f.rig.publish(sender, "t", std::to_string(i)));
    f.rig.settle();
  }
  EXPECT_EQ(f.rig.client(at_b).received.size(), 50U);
  EXPECT_EQ(f.rig.client(at_c).received.size(), 50U);
  for (const std::size_t broker : {f.a, f.b, f.c}) {
    EXPECT_EQ(f.rig.counter(broker, "mpreg_link_batches_duplicate_total"), 0U);
  }
}

TEST(LinkRoles, a_silent_link_in_a_mesh_is_routed_around_and_taken_up_again) {
  Triangle f;
  const std::size_t sender = f.rig.add_client(f.a);
  const std::size_t at_c = f.rig.add_client(f.c);
  f.rig.subscribe(at_c, {"#"});
  f.rig.pass(seconds(1));
  ASSERT_TRUE(f.rig.publish(sender, "t", "1"));
  f.rig.settle();
  f.rig.mute(f.c, 0);
  ASSERT_TRUE(f.rig.publish(sender, "t", "2"));
  f.rig.pass(milliseconds(1900));
  EXPECT_EQ(payloads_of(f.rig, at_c), (std::vector<std::string>{"1", "2"}));
  ASSERT_TRUE(f.rig.publish(sender, "t", "3"));
  f.rig.settle();
  EXPECT_EQ(payloads_of(f.rig, at_c).size(), 3U);
  f.rig.unmute(f.c, 0);
  f.rig.pass(seconds(4));
  // By the direct link again.
  f.rig.mute(f.c, 1);
  ASSERT_TRUE(f.rig.publish(sender, "t", "4"));
  f.rig.settle();
  EXPECT_EQ(payloads_of(f.rig, at_c), (std::vector<std::string>{"1", "2", "3", "4"}));
  EXPECT_TRUE(f.rig.client(at_c).gaps.empty());
}

TEST(LinkRoles, a_peer_of_another_region_is_refused_on_both_sides) {
  FederationRig rig;
  const std::size_t a = rig.add_broker("a", {}, in_region("eu"));
  const std::size_t b = rig.add_broker("b", {a}, in_region("us"), LinkRole::peer);
  rig.pass(seconds(1));
  EXPECT_FALSE(rig.broker(b).node->joined());
  const char* reason = "a peer must be in the same region: 'b' is in region 'us' and 'a' in 'eu'";
  EXPECT_TRUE(has_logged(rig, a, reason));
  EXPECT_TRUE(has_logged(rig, b, reason));
}

TEST(LinkRoles, a_gateway_of_the_same_region_is_refused_on_both_sides) {
  FederationRig rig;
  const std::size_t a = rig.add_broker("a", {}, in_region("eu"));
  const std::size_t b = rig.add_broker("b", {a}, in_region("eu"), LinkRole::gateway);
  rig.pass(seconds(1));
  EXPECT_FALSE(rig.broker(b).node->joined());
  EXPECT_TRUE(has_logged(rig, a, "a gateway must be in another region"));
  EXPECT_TRUE(has_logged(rig, b, "a gateway must be in another region"));
}

TEST(LinkRoles, brokers_that_dial_each_other_use_one_link_and_have_the_other_in_reserve) {
  FederationRig rig;
  const std::size_t a = rig.add_broker("a", {1}, {}, LinkRole::peer);
  const std::size_t b = rig.add_broker("b", {a}, {}, LinkRole::peer);
  rig.pass(seconds(2));
  EXPECT_TRUE(rig.broker(a).node->joined());
  EXPECT_TRUE(rig.broker(b).node->joined());
  const std::size_t sender = rig.add_client(a);
  const std::size_t at_b = rig.add_client(b);
  rig.subscribe(at_b, {"#"});
  rig.pass(seconds(1));
  ASSERT_TRUE(rig.publish(sender, "t", "1"));
  rig.settle();
  rig.mute(a, 0);  // Dialled by the smaller id: nothing is sent on it.
  ASSERT_TRUE(rig.publish(sender, "t", "2"));
  rig.settle();
  EXPECT_EQ(payloads_of(rig, at_b), (std::vector<std::string>{"1", "2"}));
  rig.unmute(a, 0);
  rig.pass(seconds(4));
  rig.cut(b, 0);
  rig.pass(milliseconds(200));
  ASSERT_TRUE(rig.publish(sender, "t", "3"));
  rig.pass(milliseconds(200));
  EXPECT_EQ(payloads_of(rig, at_b), (std::vector<std::string>{"1", "2", "3"}));
  EXPECT_EQ(rig.counter(b, "mpreg_link_batches_duplicate_total"), 0U);
}

TEST(LinkRoles, a_broker_that_is_dialled_twice_keeps_both_links_and_uses_one) {
  FederationRig rig;
  const std::size_t hub = rig.add_broker("hub");
  const std::size_t spoke = rig.add_broker("spoke", {hub, hub});
  rig.pass(seconds(10));
  EXPECT_TRUE(rig.broker(spoke).node->joined());
  EXPECT_EQ(rig.counter(hub, "mpreg_links_joined_total"), 2U);
  const std::size_t sender = rig.add_client(hub);
  const std::size_t at_spoke = rig.add_client(spoke);
  rig.subscribe(at_spoke, {"#"});
  rig.pass(seconds(1));
  ASSERT_TRUE(rig.publish(sender, "t", "1"));
  rig.settle();
  EXPECT_EQ(rig.client(at_spoke).received.size(), 1U);
  EXPECT_EQ(rig.counter(spoke, "mpreg_link_batches_duplicate_total"), 0U);
}

// A site of two hubs is nearer between them than the hubs above, and still not asked to carry their
// traffic, unless nobody else can.
TEST(LinkRoles, a_spoke_of_two_hubs_carries_their_traffic_only_when_nobody_else_does) {
  FederationRig rig;
  const std::size_t top1 = rig.add_broker("top1");
  const std::size_t top2 = rig.add_broker("top2", {top1}, {}, LinkRole::peer);
  const std::size_t east = rig.add_broker("east", {top1});
  const std::size_t west = rig.add_broker("west", {top2});
  const std::size_t spoke = rig.add_broker("spoke", {east, west});
  rig.pass(seconds(3));
  const std::size_t sender = rig.add_client(east);
  const std::size_t at_west = rig.add_client(west);
  rig.subscribe(at_west, {"#"});
  rig.pass(seconds(1));
  const auto carried = [&] { return rig.counter(spoke, "mpreg_bodies_served_total"); };
  ASSERT_TRUE(rig.publish(sender, "t", "1"));
  rig.settle();
  EXPECT_EQ(payloads_of(rig, at_west), (std::vector<std::string>{"1"}));
  EXPECT_EQ(carried(), 0U);
  rig.cut(top2, 0);
  rig.pass(seconds(1));
  ASSERT_TRUE(rig.publish(sender, "t", "2"));
  rig.pass(seconds(1));
  EXPECT_EQ(payloads_of(rig, at_west), (std::vector<std::string>{"1", "2"}));
  EXPECT_GT(carried(), 0U);
}

}  // namespace
}  // namespace mpreg
