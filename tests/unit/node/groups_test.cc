#include <gtest/gtest.h>

#include <map>

#include "unit/node/federation_rig.h"

namespace mpreg {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A hub with two spokes; who publishes is at the hub.
struct Groups : testing::Test {
  FederationRig rig;
  std::size_t hub = rig.add_broker("hub");
  std::size_t east = rig.add_broker("east", {hub});
  std::size_t west = rig.add_broker("west", {hub});
  std::size_t sender = rig.add_client(hub);
  int sent = 0;

  Groups() { rig.pass(seconds(2)); }

  std::size_t member(std::size_t broker, const std::string& group = "workers",
                     const std::string& pattern = "order.#") {
    const std::size_t client = rig.add_client(broker);
    rig.settle();
    rig.join(client, group, {pattern});
    rig.pass(milliseconds(600));
    return client;
  }

  void publish(int count, std::string_view topic = "order.new") {
    for (int i = 0; i < count; ++i) {
      ASSERT_TRUE(rig.publish(sender, topic, std::to_string(sent++)));
      if (i % 10 == 9) rig.settle();
    }
    rig.settle();
  }

  // How often each payload came, over all of these clients.
  std::map<std::string, int> received(std::initializer_list<std::size_t> clients) {
    std::map<std::string, int> times;
    for (const std::size_t client : clients) {
      for (const auto& message : rig.client(client).received) ++times[message.payload];
    }
    return times;
  }
  std::size_t count(std::size_t client) { return rig.client(client).received.size(); }

  void expect_each_once(std::initializer_list<std::size_t> clients) {
    const auto times = received(clients);
    EXPECT_EQ(times.size(), static_cast<std::size_t>(sent));
    for (const auto& [payload, n] : times) EXPECT_EQ(n, 1) << payload;
  }
};

TEST_F(Groups, each_message_goes_to_one_member_in_turns) {
  const auto a = member(hub);
  const auto b = member(hub);
  const auto c = member(hub);
  publish(300);
  expect_each_once({a, b, c});
  EXPECT_EQ(count(a), 100U);
  EXPECT_EQ(count(b), 100U);
  EXPECT_EQ(rig.client(a).received[0].topic, "order.new");
  EXPECT_FALSE(rig.client(a).received[0].backlog);
  EXPECT_EQ(rig.counter(hub, "mpreg_group_messages_handed_over_total"), 300U);
}

TEST_F(Groups, every_group_and_every_subscriber_beside_them_gets_it) {
  const auto a = member(hub, "workers");
  const auto b = member(hub, "auditors");
  const auto c = rig.add_client(hub);
  rig.settle();
  rig.subscribe(c, {"order.#"});
  // The same client as a subscriber and as a member: once as each.
  rig.subscribe(a, {"order.*"});
  publish(20);
  EXPECT_EQ(count(a), 40U);
  EXPECT_EQ(count(b), 20U);
  EXPECT_EQ(count(c), 20U);
}

TEST_F(Groups, a_member_here_is_nearer_than_one_elsewhere) {
  const auto far = member(east);
  publish(50);
  EXPECT_EQ(count(far), 50U);
  EXPECT_EQ(rig.client(far).received[0].topic, "order.new");
  const auto near = member(hub);
  publish(50);
  EXPECT_EQ(count(far), 50U);
  EXPECT_EQ(count(near), 50U);
  expect_each_once({far, near});
}

// Its subscription begins when every cluster filters for it, and the nearest one picks it at once.
TEST_F(Groups, what_comes_for_a_member_before_its_subscription_has_begun_waits_for_it) {
  rig.mute(west, 0);
  const std::size_t far = rig.add_client(east);
  rig.settle();
  rig.join(far, "workers", {"order.#"});
  rig.pass(milliseconds(100));
  ASSERT_TRUE(rig.client(far).subscribed.empty());
  publish(20);
  EXPECT_EQ(rig.counter(hub, "mpreg_group_messages_passed_on_total"), 20U);
  EXPECT_EQ(count(far), 0U);
  rig.pass(seconds(10));
  ASSERT_FALSE(rig.client(far).subscribed.empty());
  expect_each_once({far});
}

TEST_F(Groups, clusters_that_are_equally_near_take_turns) {
  const auto a = member(east);
  const auto b = member(west);
  const auto c = member(west);
  publish(200);
  expect_each_once({a, b, c});
  EXPECT_EQ(count(a), 100U);
  EXPECT_EQ(count(b), 50U);
  // From a spoke, through the hub, to the other one.
  const auto other = rig.add_client(east);
  rig.disconnect(a);
  rig.pass(seconds(1));
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(rig.publish(other, "order.new", "e"));
  rig.settle();
  EXPECT_EQ(received({b, c})["e"], 10);
}

TEST_F(Groups, patterns_of_members_are_their_own) {
  const auto a = member(hub, "workers", "order.new");
  const auto b = member(east, "workers", "order.paid");
  publish(10, "order.new");
  publish(10, "order.paid");
  publish(10, "order.gone");
  EXPECT_EQ(count(a), 10U);
  EXPECT_EQ(count(b), 10U);
}

TEST_F(Groups, what_a_member_has_not_taken_in_comes_to_another) {
  const auto a = member(hub);
  const auto b = member(hub);
  rig.session(a).hold_credit(rig.now(), true);
  publish(100);
  rig.disconnect(a);  // Fifty came, and none is acknowledged.
  rig.pass(seconds(1));
  EXPECT_EQ(count(b), 100U);
  EXPECT_EQ(rig.counter(hub, "mpreg_group_messages_redelivered_total"), 50U);
}

TEST_F(Groups, what_waits_goes_on_though_the_limit_for_payloads_is_lowered) {
  const auto a = member(hub);
  rig.session(a).hold_credit(rig.now(), true);
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(rig.publish(sender, "order.new", std::string(500, 'x')));
  }
  rig.settle();
  NodeOptions options = rig.broker(hub).options;
  options.payload_bytes_max = 100;
  rig.broker(hub).node->take_on(options);
  const auto far = member(east);
  rig.disconnect(a);
  rig.pass(seconds(1));
  EXPECT_EQ(count(far), 10U);
}

TEST_F(Groups, who_says_that_it_leaves_has_had_what_came) {
  const auto a = member(hub);
  const auto b = rig.add_client(hub);
  rig.settle();
  const auto id = rig.join(b, "workers", {"order.#"});
  publish(100);
  ASSERT_TRUE(rig.session(b).unsubscribe(rig.now(), id));
  rig.settle();
  publish(10);
  expect_each_once({a, b});
  EXPECT_EQ(rig.counter(hub, "mpreg_group_messages_redelivered_total"), 0U);
}

TEST_F(Groups, a_slow_member_gathers_no_more_than_its_share_and_the_rest_waits) {
  const auto a = member(hub);
  rig.session(a).hold_credit(rig.now(), true);
  publish(3000);
  EXPECT_EQ(count(a), 1024U);
  const auto b = member(hub);
  EXPECT_EQ(count(b), 3000U - 1024U);
  rig.session(a).hold_credit(rig.now(), false);
  rig.settle();
  publish(10);
  expect_each_once({a, b});
}

TEST_F(Groups, the_last_member_gone_what_was_picked_waits_for_the_next) {
  const auto a = member(hub);
  rig.session(a).hold_credit(rig.now(), true);
  publish(40);
  rig.disconnect(a);
  rig.pass(seconds(1));
  publish(10);  // Nobody is a member: for nobody.
  const auto b = member(hub, "workers", "order.new");
  EXPECT_EQ(count(b), 40U);
  // Another pattern's leftovers do not stand in the way.
  rig.session(b).hold_credit(rig.now(), true);
  publish(5);
  rig.disconnect(b);
  rig.pass(seconds(1));
  const auto c = member(hub, "workers", "invoice.#");
  publish(10, "invoice.1");
  EXPECT_EQ(count(c), 10U);
  const auto d = member(hub);
  EXPECT_EQ(count(d), 5U);
}

TEST_F(Groups, picked_for_a_cluster_whose_member_has_gone_it_is_passed_on) {
  const auto a = member(east);
  rig.mute(east, 0);  // The hub does not hear that the member goes.
  rig.disconnect(a);
  rig.settle();
  publish(20);
  const auto b = member(west);
  rig.unmute(east, 0);
  rig.pass(seconds(8));
  EXPECT_EQ(count(b), 20U);
}

TEST_F(Groups, a_broker_that_stops_passes_on_what_waits_and_is_not_picked_any_more) {
  const auto a = member(hub);
  const auto b = member(east);
  rig.session(a).hold_credit(rig.now(), true);
  publish(1100);
  rig.broker(hub).driver->leave();
  rig.settle();
  EXPECT_EQ(count(a), 1024U);
  EXPECT_EQ(count(b), 1100U - 1024U);
  // Of what was handed over, nobody knows whether it was taken in.
  EXPECT_EQ(rig.counter(hub, "mpreg_group_messages_dropped_total"), 1024U);
}

TEST_F(Groups, a_broker_that_restarts_is_picked_again) {
  const auto a = member(east);
  publish(10);
  rig.restart(hub);
  rig.connect(sender, hub);
  rig.pass(seconds(5));
  publish(10);
  expect_each_once({a});
}

TEST_F(Groups, when_the_queue_is_full_it_goes_elsewhere_and_is_counted_when_there_is_no_elsewhere) {
  NodeOptions small;
  small.group_queues_bytes_max = 1U << 20U;
  const auto tiny = rig.add_broker("tiny", {hub}, small);
  const auto publisher = rig.add_client(tiny);
  rig.pass(seconds(2));
  const auto a = member(tiny);
  rig.session(a).hold_credit(rig.now(), true);
  const std::string large(60'000, 'x');
  const auto flood = [&](int count) {
    for (int i = 0; i < count; ++i) {
      ASSERT_TRUE(rig.publish(publisher, "order.new", large));
      rig.settle();
    }
  };
  flood(200);  // 12 MB: 8 are under way to the member, one waits, the rest is lost, and counted.
  const auto dropped = rig.counter(tiny, "mpreg_group_messages_dropped_total");
  EXPECT_GT(dropped, 0U);
  EXPECT_LT(count(a) + dropped, 200U);
  const auto b = member(west);
  flood(20);
  EXPECT_EQ(rig.counter(tiny, "mpreg_group_messages_dropped_total"), dropped);
  rig.session(a).hold_credit(rig.now(), false);
  rig.pass(seconds(1));
  EXPECT_EQ(count(a) + count(b) + dropped, 220U);
}

TEST_F(Groups, what_is_no_group_is_refused) {
  const auto client = rig.add_client(hub);
  rig.settle();
  const auto refusal = [&](const Subscription& subscription) {
    const auto asked = rig.session(client).subscribe(rig.now(), subscription);
    if (!asked) return asked.error().text;
    rig.settle();
    const auto& answers = rig.client(client).answers;
    return answers.empty() ? std::string("none") : answers.back().text;
  };
  EXPECT_EQ(refusal({1, {"a"}, 0, 0, "two.words"}),
            "group is 'two.words': one word of a topic, of 1 to 64 bytes, is allowed");
  EXPECT_EQ(refusal({1, {"a"}, 0, 0, "$x"}),
            "group is '$x': one word of a topic, of 1 to 64 bytes, is allowed");
  EXPECT_EQ(refusal({1, {"a"}, 5, 0, "g"}),
            "a member of group 'g' asks for a backlog, and groups have none");
  EXPECT_EQ(refusal({1, {"$group.#"}, 0, 0, ""}),
            "pattern '$group.#' is of the names by which brokers know groups");
  EXPECT_NE(refusal({1, {std::string(250, 'a')}, 0, 0, "g"}).find("at most 255"),
            std::string::npos);
}

}  // namespace
}  // namespace mpreg
