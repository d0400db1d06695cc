// Clusters that an operator says are gone for good.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "unit/node/federation_rig.h"

namespace mpreg {
namespace {

using std::chrono::seconds;

class NodeForget : public ::testing::Test {
 protected:
  NodeForget() { rig.pass(seconds(1)); }

  // "" when it was done, else why not.
  std::string forget(std::size_t broker, const std::string& cluster) {
    const std::size_t operator_client = rig.add_client(broker);
    rig.settle();
    const auto asked = rig.session(operator_client).query(rig.now(), "forget " + cluster);
    EXPECT_TRUE(asked);
    rig.settle();
    const auto& answers = rig.client(operator_client).answers;
    EXPECT_EQ(answers.size(), 1U);
    if (answers.empty()) return "no answer";
    return answers[0].ok ? "" : answers[0].text;
  }
  [[nodiscard]] std::vector<std::string> members_of(std::size_t broker) const {
    std::vector<std::string> names;
    const auto members = nlohmann::json::parse(
        const_cast<FederationRig&>(rig).broker(broker).node->report(rig.now(), "members"));
    for (const auto& member : members) names.push_back(member["cluster_id"]);
    return names;
  }

  using Names = std::vector<std::string>;
  FederationRig rig;
  std::size_t hub = rig.add_broker("hub");
  std::size_t a = rig.add_broker("a", {hub});
  std::size_t b = rig.add_broker("b", {hub});
};

TEST_F(NodeForget, a_cluster_that_is_gone_is_forgotten_by_all) {
  rig.kill(b);
  rig.pass(seconds(5));
  ASSERT_EQ(members_of(a), (Names{"a", "b", "hub"}));
  EXPECT_EQ(forget(a, "b"), "");
  rig.pass(seconds(2));
  EXPECT_EQ(members_of(a), (Names{"a", "hub"}));
  EXPECT_EQ(members_of(hub), (Names{"hub", "a"}));
  // Nobody brings it back by telling of it.
  rig.pass(seconds(90));
  EXPECT_EQ(members_of(a), (Names{"a", "hub"}));
  EXPECT_EQ(members_of(hub), (Names{"hub", "a"}));
}

TEST_F(NodeForget, an_operation_for_all_does_not_wait_for_it) {
  rig.kill(b);
  rig.pass(seconds(5));
  EXPECT_EQ(forget(a, "b"), "");
  rig.pass(seconds(2));
  const auto sender = rig.add_client(a);
  rig.settle();
  CacheInvalidation invalidation;
  invalidation.address = {"users", "1", "", 1, "default"};
  invalidation.tracking.wait = WaitLevel::applied;
  ASSERT_TRUE(rig.session(sender).invalidate(rig.now(), invalidation));
  rig.pass(seconds(1));
  ASSERT_EQ(rig.client(sender).outcomes.size(), 1U);
  EXPECT_EQ(rig.client(sender).outcomes[0].outcome, Outcome::confirmed);
  EXPECT_EQ(rig.client(sender).outcomes[0].confirmed, (Names{"hub"}));
}

TEST_F(NodeForget, one_that_comes_back_is_a_member_again) {
  rig.kill(b);
  rig.pass(seconds(5));
  EXPECT_EQ(forget(hub, "b"), "");
  rig.pass(seconds(2));
  rig.restart(b);
  rig.pass(seconds(3));
  EXPECT_EQ(members_of(a), (Names{"a", "b", "hub"}));
  const auto receiver = rig.add_client(a);
  const auto sender = rig.add_client(b);
  rig.subscribe(receiver, {"#"});
  ASSERT_TRUE(rig.publish(sender, "t", "after"));
  rig.settle();
  ASSERT_FALSE(rig.client(receiver).received.empty());
  EXPECT_EQ(rig.client(receiver).received.back().payload, "after");
}

// Its last messages may be lost, and only its streams' end says so.
TEST_F(NodeForget, what_it_numbered_last_is_reported_as_lost) {
  const auto receiver = rig.add_client(a);
  rig.subscribe(receiver, {"#"});
  const auto sender = rig.add_client(b);
  CacheInvalidation invalidation;
  invalidation.address = {"users", "1", "", 1, "default"};
  ASSERT_TRUE(rig.session(sender).invalidate(rig.now(), invalidation));
  rig.settle();
  rig.kill(b);
  rig.pass(seconds(5));
  ASSERT_TRUE(rig.client(receiver).gaps.empty());
  EXPECT_EQ(forget(a, "b"), "");
  rig.pass(seconds(3));
  EXPECT_FALSE(rig.client(receiver).gaps.empty());
}

// Stores that a forgotten cluster has written to are compared all the same, also with one that
// never knew it.
TEST_F(NodeForget, the_others_go_on_comparing_their_stores) {
  const auto sender = rig.add_client(b);
  const auto reader = rig.add_client(a);
  CacheReplication fact;
  fact.address = {"users", "1", "", 1, "default"};
  fact.targets = {"*"};
  ASSERT_TRUE(rig.session(sender).replicate(rig.now(), fact, "Ann"));
  rig.settle();
  rig.kill(b);
  rig.pass(seconds(5));
  EXPECT_EQ(forget(hub, "b"), "");
  rig.pass(seconds(3));
  fact.address.key = "2";
  ASSERT_TRUE(rig.session(reader).replicate(rig.now(), fact, "Bob"));
  rig.settle();
  rig.restart(a);
  rig.connect(reader, a);
  rig.pass(seconds(10));
  ASSERT_TRUE(rig.session(reader).get(rig.now(), {"users", "2", "", 1, "default"}));
  rig.settle();
  ASSERT_EQ(rig.client(reader).gots.size(), 1U);
  EXPECT_GT(rig.counter(a, "mpreg_store_comparisons_total"), 0U);
  const auto report = nlohmann::json::parse(rig.broker(a).node->report(rig.now(), "repair"));
  for (const auto& store : report["stores"]) {
    EXPECT_EQ(std::string(store["result"]).find("no answer"), std::string::npos) << store;
  }
}

// It was only out of reach, and went on: nobody who has closed its streams may miss what it says.
TEST_F(NodeForget, one_that_was_not_gone_begins_a_new_incarnation_and_is_heard) {
  const auto receiver = rig.add_client(a);
  rig.subscribe(receiver, {"#"});
  const auto sender = rig.add_client(b);
  rig.cut(b, 0);
  rig.pass(seconds(5));
  EXPECT_EQ(forget(a, "b"), "");
  rig.pass(seconds(90));  // The word has gone round, and is told no more.
  const Incarnation before = rig.broker(b).node->incarnation();
  rig.heal(b, 0);
  rig.pass(seconds(5));
  EXPECT_GT(rig.broker(b).node->incarnation(), before);
  EXPECT_EQ(members_of(a), (Names{"a", "b", "hub"}));
  rig.client(receiver).received.clear();
  ASSERT_TRUE(rig.publish(sender, "t", "again"));
  rig.pass(seconds(1));
  ASSERT_FALSE(rig.client(receiver).received.empty());
  EXPECT_EQ(rig.client(receiver).received.back().payload, "again");
}

TEST_F(NodeForget, what_cannot_be_forgotten_is_refused_by_name) {
  EXPECT_NE(forget(a, "b").find("'b' is reached"), std::string::npos);
  EXPECT_NE(forget(a, "a").find("'a' is that of this broker"), std::string::npos);
  EXPECT_NE(forget(a, "nobody").find("'nobody' is not a member"), std::string::npos);
}

}  // namespace
}  // namespace mpreg
