#include <gtest/gtest.h>

#include <map>

#include "unit/node/federation_rig.h"
#include "wire/body_codec.h"
#include "wire/cache_codec.h"
#include "wire/packet_codec.h"

namespace mpreg {
namespace {

// One broker, and client 5, whose packets are made by hand.
struct BareNode {
  BareNode() {
    Hello hello;
    hello.client = 5;
    give(hello, {});
  }
  void give(const Packet& packet, Frame body) {
    Turn turn{now, outbox};
    node.on_packet(turn, {Door::session, 1}, encode_packet(packet), std::move(body));
  }
  static NodeOptions options() {
    NodeOptions options;
    options.cluster = "east";
    return options;
  }

  MetricsRegistry metrics;
  Now now{Instant(std::chrono::seconds(1)), WallTime(std::chrono::seconds(1'700'000'000))};
  Node node{options(), now, 1, nullptr, metrics};
  Outbox outbox;
};

TEST(NodePublish, a_message_reaches_each_subscription_that_matches_once) {
  FederationRig rig;
  const auto broker = rig.add_broker("east");
  const auto sender = rig.add_client(broker);
  const auto receiver = rig.add_client(broker);
  rig.subscribe(receiver, {"orders.*", "orders.#"});
  rig.subscribe(receiver, {"payments.#"});
  ASSERT_TRUE(rig.publish(sender, "orders.new", "one"));
  ASSERT_TRUE(rig.publish(sender, "stock.new", "two"));
  ASSERT_TRUE(rig.publish(sender, "payments.done", "three"));
  rig.settle();
  ASSERT_EQ(rig.client(receiver).received.size(), 2U);
  EXPECT_EQ(rig.client(receiver).received[0].payload, "one");
  EXPECT_EQ(rig.client(receiver).received[1].payload, "three");
  EXPECT_EQ(rig.session(sender).accepted_through(), 3U);
}

TEST(NodePublish, a_thousand_messages_arrive_in_order) {
  FederationRig rig;
  const auto broker = rig.add_broker("east");
  const auto sender = rig.add_client(broker);
  const auto receiver = rig.add_client(broker);
  rig.subscribe(receiver, {"#"});
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(rig.publish(sender, "t." + std::to_string(i % 10), std::to_string(i)));
  }
  rig.settle();
  ASSERT_EQ(rig.client(receiver).received.size(), 1000U);
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(rig.client(receiver).received[static_cast<std::size_t>(i)].payload,
              std::to_string(i));
  }
  EXPECT_TRUE(rig.client(receiver).gaps.empty());
}

// Or a client could show others a topic that was never looked at.
TEST(NodePublish, a_record_with_two_topics_is_refused) {
  BareNode node;
  BatchHeader header;
  header.stream.lane = Lane::events;
  header.declarations = {{0, "a"}};
  BodyBuilder builder(Lane::events);
  builder.append(RecordKind::event, 0, 0, "b.c", {}, as_bytes("x"));
  builder.add_segment({5, 1, 1, 0});
  node.give(header, builder.finish());
  const auto refused = decode_packet(node.outbox.sendings.back().header.bytes());
  ASSERT_TRUE(refused);
  const auto* what = std::get_if<OperationRefused>(&*refused);
  ASSERT_NE(what, nullptr);
  EXPECT_EQ(what->operation, 1U);
  EXPECT_EQ(what->text, "the record has both an alias and an inline topic");
}

// What passed would be dropped by nobody and trusted by all.
TEST(NodePublish, pitfall_30_facts_that_cannot_be_read_and_claims_of_clients_are_refused) {
  BareNode node;
  CacheInvalidation forged;
  forged.address = {"users", "7"};
  forged.claim = ClaimGrant{"east", 5, 1, 1000, 1};
  ClaimRecord said;
  said.address = {"users", "7"};
  const Frame forged_bytes = encode_invalidation(forged);
  const Frame said_bytes = encode_claim(said);
  BatchHeader header;
  header.stream.lane = Lane::cache;
  header.declarations = {{0, "mpreg.cache.federation.invalidation.default.users"}};
  BodyBuilder builder(Lane::cache);
  builder.append(RecordKind::invalidation, 0, 0, {}, {}, as_bytes("no table"));
  builder.append(RecordKind::invalidation, 0, 0, {}, {}, forged_bytes.bytes());
  builder.append(RecordKind::claim, 0, 0, {}, {}, said_bytes.bytes());
  builder.add_segment({5, 1, 3, 0});
  node.give(header, builder.finish());
  std::map<std::uint64_t, std::string> refused;
  for (const Sending& sending : node.outbox.sendings) {
    const auto packet = decode_packet(sending.header.bytes());
    ASSERT_TRUE(packet);
    if (const auto* what = std::get_if<OperationRefused>(&*packet)) {
      refused[what->operation] = what->text;
    }
  }
  ASSERT_EQ(refused.size(), 3U);
  EXPECT_NE(refused[1].find("cache_invalidation"), std::string::npos) << refused[1];
  EXPECT_EQ(refused[2], "a claim is made by the home of the key, not by a client");
  EXPECT_EQ(refused[3], "this kind of record does not travel in the lane cache");
}

TEST(NodePublish, a_topic_under_the_prefix_of_the_cache_is_refused_for_events) {
  FederationRig rig;
  const auto broker = rig.add_broker("east");
  const auto sender = rig.add_client(broker);
  const auto receiver = rig.add_client(broker);
  rig.subscribe(receiver, {"#"});
  const auto refused = rig.publish(sender, "mpreg.cache.federation.invalidation.x.y", "no");
  const auto fine = rig.publish(sender, "a.b", "yes");
  ASSERT_TRUE(fine);
  rig.settle();
  // The client library may know the rule too; the broker must.
  if (refused) {
    ASSERT_EQ(rig.client(sender).refused.size(), 1U);
    EXPECT_EQ(rig.client(sender).refused[0].operation, *refused);
    EXPECT_NE(rig.client(sender).refused[0].text.find("mpreg.cache.federation"), std::string::npos);
  }
  ASSERT_EQ(rig.client(receiver).received.size(), 1U);
  EXPECT_EQ(rig.client(receiver).received[0].payload, "yes");
  EXPECT_EQ(rig.session(sender).accepted_through(), *fine);
}

TEST(NodePublish, what_is_sent_again_after_a_broken_connection_is_applied_once) {
  FederationRig rig;
  const auto broker = rig.add_broker("east");
  const auto sender = rig.add_client(broker);
  const auto receiver = rig.add_client(broker);
  rig.subscribe(receiver, {"#"});
  ASSERT_TRUE(rig.publish(sender, "a", "1"));
  // The batch reaches the broker; the acceptance does not reach the client.
  std::vector<Outgoing> out;
  rig.session(sender).take_output(out);
  for (const Outgoing& o : out) {
    rig.broker(broker).driver->on_packet({Door::session, rig.client(sender).peer},
                                         Frame::copy_of(o.header.bytes()),
                                         o.body.empty() ? Frame() : Frame::copy_of(o.body.bytes()));
  }
  rig.disconnect(sender);
  rig.connect(sender, broker);
  rig.settle();
  ASSERT_TRUE(rig.publish(sender, "a", "2"));
  rig.settle();
  ASSERT_EQ(rig.client(receiver).received.size(), 2U);
  EXPECT_EQ(rig.session(sender).accepted_through(), 2U);
}

TEST(NodePublish, bytes_that_are_no_packet_end_the_session_with_a_reason) {
  FederationRig rig;
  const auto broker = rig.add_broker("east");
  const auto sender = rig.add_client(broker);
  rig.broker(broker).driver->on_packet({Door::session, rig.client(sender).peer},
                                       Frame::copy_of(as_bytes("garbage, not a packet")), Frame());
  rig.settle();
  EXPECT_EQ(rig.counter(broker, "mpreg_packets_malformed_total"), 1U);
  EXPECT_EQ(rig.session(sender).state(), SessionState::refused);
}

TEST(NodePublish, the_broker_forgets_a_client_that_is_gone) {
  FederationRig rig;
  const auto broker = rig.add_broker("east");
  const auto receiver = rig.add_client(broker);
  rig.subscribe(receiver, {"a.#", "b.*"});
  rig.disconnect(receiver);
  const std::string stats = rig.broker(broker).node->report(rig.now(), "stats");
  EXPECT_NE(stats.find("\"patterns\":0"), std::string::npos) << stats;
  EXPECT_NE(stats.find("\"sessions\":0"), std::string::npos) << stats;
}

TEST(NodePublish, what_may_be_answered_later_is_answered_within_100_ms) {
  FederationRig rig;
  const auto broker = rig.add_broker("east");
  const auto sender = rig.add_client(broker, SessionOptions());
  rig.pass(std::chrono::milliseconds(1100));  // No probe, which is answered at once, comes soon.
  ASSERT_TRUE(rig.publish(sender, "a.b", "x"));
  rig.settle();
  EXPECT_EQ(rig.session(sender).accepted_through(), 0U);
  rig.pass(kAnswerLater);
  EXPECT_EQ(rig.session(sender).accepted_through(), 1U);
}

TEST(NodePublish, a_flush_is_answered_at_once) {
  FederationRig rig;
  const auto broker = rig.add_broker("east");
  const auto sender = rig.add_client(broker, SessionOptions());
  ASSERT_TRUE(rig.publish(sender, "a.b", "x"));
  rig.session(sender).flush(rig.now());
  rig.settle();
  EXPECT_EQ(rig.session(sender).accepted_through(), 1U);
}

}  // namespace
}  // namespace mpreg
