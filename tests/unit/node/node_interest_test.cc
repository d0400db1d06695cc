#include <gtest/gtest.h>

#include "unit/node/federation_rig.h"

namespace mpreg {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Texts = std::vector<std::string>;

Texts payloads_of(FederationRig& rig, std::size_t client) {
  Texts payloads;
  for (const auto& message : rig.client(client).received) payloads.push_back(message.payload);
  return payloads;
}

// left - middle - right, with a publisher at the left and a receiver at the right.
struct Chain {
  FederationRig rig;
  std::size_t left = rig.add_broker("left");
  std::size_t middle = rig.add_broker("middle", {left});
  std::size_t right = rig.add_broker("right", {middle});
  std::size_t sender = rig.add_client(left);
  std::size_t receiver = rig.add_client(right);
  Chain() { rig.pass(seconds(2)); }

  void publish(std::string_view topic, std::string_view payload) {
    ASSERT_TRUE(rig.publish(sender, topic, payload));
    rig.settle();
  }
  std::uint64_t served(std::size_t broker) {
    return rig.counter(broker, "mpreg_bodies_served_total");
  }
};

TEST(NodeInterest, without_interest_nothing_crosses_a_link) {
  Chain f;
  const auto local = f.rig.add_client(f.left);
  f.rig.subscribe(local, {"#"});
  f.rig.subscribe(f.receiver, {"other.#"});
  for (int i = 0; i < 10'000; ++i) {
    ASSERT_TRUE(f.rig.publish(f.sender, "user.1", "x"));
    if (i % 50 == 0) f.rig.settle();
  }
  f.rig.pass(seconds(1));
  EXPECT_EQ(f.rig.client(local).received.size(), 10'000U);
  EXPECT_EQ(f.served(f.left), 0U);
  EXPECT_EQ(f.served(f.middle), 0U);
  EXPECT_TRUE(f.rig.client(f.receiver).received.empty());
  EXPECT_TRUE(f.rig.client(f.receiver).gaps.empty());
}

TEST(NodeInterest, of_a_batch_only_what_is_wanted_crosses) {
  Chain f;
  f.rig.subscribe(f.receiver, {"user.*"});
  f.rig.pass(seconds(1));
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(f.rig.publish(f.sender, i % 10 == 0 ? "user.1" : "noise", std::to_string(i)));
  }
  f.rig.pass(seconds(1));
  EXPECT_EQ(payloads_of(f.rig, f.receiver),
            (Texts{"0", "10", "20", "30", "40", "50", "60", "70", "80", "90"}));
  EXPECT_TRUE(f.rig.client(f.receiver).gaps.empty());
}

TEST(NodeInterest, pitfall_29_a_subscription_that_is_answered_misses_nothing_from_anywhere) {
  Chain f;
  f.rig.subscribe(f.receiver, {"user.*"});
  ASSERT_EQ(f.rig.client(f.receiver).subscribed.size(), 1U);
  f.publish("user.1", "1");  // At once, three brokers away.
  EXPECT_EQ(payloads_of(f.rig, f.receiver), (Texts{"1"}));
}

TEST(NodeInterest, a_subscription_that_a_mute_broker_cannot_learn_of_is_answered_all_the_same) {
  Chain f;
  f.publish("user.1", "before");
  f.rig.pass(seconds(1));
  f.rig.mute(f.right, 0);
  f.rig.subscribe(f.receiver, {"user.*"});
  EXPECT_TRUE(f.rig.client(f.receiver).subscribed.empty());
  f.rig.pass(seconds(3));
  ASSERT_EQ(f.rig.client(f.receiver).subscribed.size(), 1U);
  // What was published since then is fetched as soon as the link speaks again.
  f.publish("user.1", "meanwhile");
  f.rig.unmute(f.right, 0);
  f.rig.pass(seconds(4));
  EXPECT_EQ(payloads_of(f.rig, f.receiver), (Texts{"meanwhile"}));
  EXPECT_TRUE(f.rig.client(f.receiver).gaps.empty());
}

TEST(NodeInterest, a_barrier_covers_interest_across_the_federation) {
  Chain f;
  Subscription one;
  one.id = 1;
  one.patterns = {"user.*"};
  ASSERT_TRUE(f.rig.session(f.receiver).subscribe(f.rig.now(), one));
  ASSERT_TRUE(f.rig.session(f.receiver).barrier(f.rig.now(), seconds(2)));
  f.rig.settle();
  ASSERT_EQ(f.rig.client(f.receiver).answers.size(), 1U);
  EXPECT_TRUE(f.rig.client(f.receiver).answers[0].ok);
  f.publish("user.1", "1");
  EXPECT_EQ(payloads_of(f.rig, f.receiver), (Texts{"1"}));
}

TEST(NodeInterest, is_taken_back_a_while_after_the_last_subscription_went) {
  Chain f;
  const std::uint32_t subscription = f.rig.subscribe(f.receiver, {"user.*"});
  f.publish("user.1", "1");
  EXPECT_EQ(f.served(f.left), 1U);
  ASSERT_TRUE(f.rig.session(f.receiver).unsubscribe(f.rig.now(), subscription));
  f.rig.pass(seconds(5));
  f.publish("user.1", "2");
  f.rig.pass(seconds(1));
  EXPECT_EQ(f.served(f.left), 1U);
}

TEST(NodeInterest, a_restart_in_the_middle_of_a_chain_restores_it_end_to_end) {
  Chain f;
  f.rig.subscribe(f.receiver, {"user.*"});
  f.publish("user.1", "1");
  f.rig.restart(f.middle);
  f.publish("user.1", "2");
  f.publish("noise", "3");
  f.rig.pass(seconds(4));
  f.publish("user.1", "4");
  EXPECT_EQ(payloads_of(f.rig, f.receiver), (Texts{"1", "2", "4"}));
  for (const Gap& gap : f.rig.client(f.receiver).gaps) {
    EXPECT_EQ(gap.stream.origin, "middle") << gap.reason;
  }
}

TEST(NodeInterest, a_storm_over_a_flapping_link_leaves_nothing_over_and_nothing_missing) {
  Chain f;
  constexpr int kSubscriptions = 1000;
  std::vector<std::size_t> clients;
  for (int i = 0; i < 4; ++i) clients.push_back(f.rig.add_client(f.right));
  const auto topic = [](int i) {
    return "storm." + std::to_string(i % 7) + "." + std::to_string(i);
  };
  std::vector<std::uint32_t> subscriptions;
  for (int i = 0; i < kSubscriptions; ++i) {
    subscriptions.push_back(f.rig.subscribe(clients[i % 4], {topic(i)}));
    if (i % 100 == 30) f.rig.cut(f.right, 0);
    if (i % 100 == 60) f.rig.heal(f.right, 0);
    if (i % 3 == 0) {
      ASSERT_TRUE(f.rig.session(clients[i % 4]).unsubscribe(f.rig.now(), subscriptions.back()));
    }
    if (i % 10 == 0) f.rig.pass(milliseconds(50));
  }
  f.rig.pass(seconds(10));
  for (int i = 0; i < kSubscriptions; ++i) f.publish(topic(i), std::to_string(i));
  f.rig.pass(seconds(1));
  Texts expected;
  Texts received;
  for (int i = 0; i < kSubscriptions; ++i) {
    if (i % 3 != 0) expected.push_back(std::to_string(i));
  }
  for (const std::size_t client : clients) {
    for (std::string& payload : payloads_of(f.rig, client)) received.push_back(std::move(payload));
    EXPECT_TRUE(f.rig.client(client).gaps.empty());
  }
  std::sort(expected.begin(), expected.end());
  std::sort(received.begin(), received.end());
  EXPECT_EQ(received, expected);
  EXPECT_EQ(f.served(f.left), expected.size()) << "what nobody wants does not cross";
  for (int i = 0; i < kSubscriptions; ++i) {
    if (i % 3 == 0) continue;
    ASSERT_TRUE(f.rig.session(clients[i % 4]).unsubscribe(f.rig.now(), subscriptions[i]));
  }
  f.rig.pass(seconds(5));
  const std::uint64_t before = f.served(f.left);
  for (int i = 0; i < kSubscriptions; ++i) f.publish(topic(i), "x");
  f.rig.pass(seconds(1));
  EXPECT_EQ(f.served(f.left), before);
}

TEST(NodeInterest, what_was_left_out_for_a_session_that_comes_from_elsewhere_is_fetched) {
  Chain f;
  const auto traveller = f.rig.add_client(f.left);
  f.rig.subscribe(traveller, {"user.*"});
  f.publish("user.1", "1");
  f.rig.disconnect(traveller);
  f.publish("user.1", "2");  // Nobody at the right wants it yet.
  f.publish("noise", "3");
  f.rig.pass(seconds(5));
  EXPECT_EQ(f.served(f.left), 0U);
  f.rig.connect(traveller, f.right);
  f.rig.pass(seconds(1));
  f.publish("user.1", "4");
  f.rig.pass(seconds(1));
  EXPECT_EQ(payloads_of(f.rig, traveller), (Texts{"1", "2", "4"}));
  EXPECT_TRUE(f.rig.client(traveller).gaps.empty());
  EXPECT_GE(f.rig.counter(f.right, "mpreg_refills_sent_total"), 1U);
}

TEST(NodeInterest, what_was_left_out_and_is_held_nowhere_any_more_is_a_gap) {
  FederationRig rig;
  NodeOptions small;
  small.retained_bytes_max = 100 << 10;
  const auto left = rig.add_broker("left", {}, small);
  const auto right = rig.add_broker("right", {left});
  const auto sender = rig.add_client(left);
  const auto traveller = rig.add_client(left);
  rig.subscribe(traveller, {"user.*"});
  rig.pass(seconds(2));
  rig.disconnect(traveller);
  const std::string large(2000, 'x');
  for (int i = 0; i < 500; ++i) {
    ASSERT_TRUE(rig.publish(sender, "user.1", large));
    rig.settle();
  }
  rig.connect(traveller, right);
  rig.pass(seconds(20));
  EXPECT_LT(rig.client(traveller).received.size(), 500U);
  EXPECT_FALSE(rig.client(traveller).gaps.empty());
}

TEST(NodeInterest, a_neighbour_that_knows_other_interest_is_told_by_the_audit) {
  Chain f;
  f.rig.subscribe(f.receiver, {"user.*"});
  f.rig.mute(f.right, 0);
  f.rig.subscribe(f.receiver, {"order.*"});  // The middle does not hear of it.
  f.rig.pass(milliseconds(300));
  f.rig.unmute(f.right, 0);
  f.rig.pass(seconds(3));
  f.publish("order.1", "1");
  EXPECT_EQ(payloads_of(f.rig, f.receiver), (Texts{"1"}));
  EXPECT_GE(f.rig.counter(f.right, "mpreg_interest_audits_failed_total") +
                f.rig.counter(f.middle, "mpreg_interest_audits_failed_total"),
            1U);
}

}  // namespace
}  // namespace mpreg
