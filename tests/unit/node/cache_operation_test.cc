#include <gtest/gtest.h>

#include <algorithm>

#include "unit/node/federation_rig.h"

namespace mpreg {
namespace {

struct Hub {
  FederationRig rig;
  std::size_t hub = rig.add_broker("hub");
  std::size_t a = rig.add_broker("a", {hub});
  std::size_t b = rig.add_broker("b", {hub});
  std::size_t sender = 0;
  Hub() {
    rig.pass(std::chrono::seconds(1));
    sender = rig.add_client(a);
  }

  Result<std::uint64_t> invalidate(const std::string& key, std::vector<std::string> targets = {},
                                   std::uint32_t timeout_ms = 0) {
    CacheInvalidation invalidation;
    invalidation.address.namespace_name = "users";
    invalidation.address.key = key;
    invalidation.targets = std::move(targets);
    invalidation.tracking = {WaitLevel::applied, timeout_ms};
    return rig.session(sender).invalidate(rig.now(), invalidation);
  }
};

TEST(NodeCache, an_invalidation_is_confirmed_by_every_other_cluster) {
  Hub f;
  const auto at_b = f.rig.add_client(f.b);
  f.rig.subscribe(at_b, {"mpreg.cache.federation.invalidation.#"});
  const auto id = f.invalidate("k1");
  ASSERT_TRUE(id);
  f.rig.pass(std::chrono::milliseconds(100));
  ASSERT_EQ(f.rig.client(f.sender).outcomes.size(), 1U);
  OperationOutcome outcome = f.rig.client(f.sender).outcomes[0];
  ASSERT_EQ(outcome.operations.size(), 1U);
  EXPECT_EQ(outcome.operations[0].operation, *id);
  EXPECT_EQ(outcome.outcome, Outcome::confirmed);
  std::sort(outcome.confirmed.begin(), outcome.confirmed.end());
  EXPECT_EQ(outcome.confirmed, (std::vector<std::string>{"b", "hub"}));
  EXPECT_EQ(f.rig.client(at_b).received.size(), 1U);
  EXPECT_EQ(f.rig.broker(f.b).applied.facts, std::vector<std::string>{"a/1"});
  EXPECT_EQ(f.rig.broker(f.a).applied.facts, std::vector<std::string>{"a/1"});
}

// A token that is made when the outcome is known covers the operation.
TEST(NodeCache, the_answer_to_a_single_tracked_operation_comes_with_its_outcome_and_before_it) {
  Hub f;
  f.sender = f.rig.add_client(f.a, SessionOptions());
  f.rig.settle();
  const auto id = f.invalidate("k1");
  ASSERT_TRUE(id);
  f.rig.settle();  // Takes no time: an answer that comes later has not come.
  EXPECT_EQ(f.rig.client(f.sender).outcomes.size(), 1U);
  EXPECT_EQ(f.rig.session(f.sender).accepted_through(), *id);
  EXPECT_EQ(f.rig.session(f.sender).written().size(), 1U);
  EXPECT_EQ(f.rig.client(f.sender).told, (std::vector<std::string>{"accepted", "outcome"}));
  // Told again to the next connection, the outcome has no answer with it: that was of the last one.
  f.rig.disconnect(f.sender);
  f.rig.settle();
  f.rig.connect(f.sender, f.a);
  f.rig.settle();
  EXPECT_EQ(f.rig.session(f.sender).counters().outcomes_repeated, 1U);
  EXPECT_EQ(f.rig.session(f.sender).counters().packets_refused, 0U);
}

TEST(NodeCache, pitfall_22_an_operation_whose_target_is_cut_off_times_out_and_names_it) {
  Hub f;
  f.rig.cut(f.b, 0);
  ASSERT_TRUE(f.invalidate("k", {}, 1000));
  f.rig.pass(std::chrono::milliseconds(800));
  EXPECT_TRUE(f.rig.client(f.sender).outcomes.empty());
  f.rig.pass(std::chrono::milliseconds(800));
  ASSERT_EQ(f.rig.client(f.sender).outcomes.size(), 1U);
  EXPECT_EQ(f.rig.client(f.sender).outcomes[0].outcome, Outcome::timed_out);
  EXPECT_EQ(f.rig.client(f.sender).outcomes[0].missing, std::vector<std::string>{"b"});
}

TEST(NodeCache, pitfall_23_an_operation_is_confirmed_after_its_target_was_killed_and_came_back) {
  Hub f;
  f.rig.kill(f.b);
  ASSERT_TRUE(f.invalidate("k"));
  f.rig.pass(std::chrono::seconds(1));
  f.rig.restart(f.b);
  f.rig.pass(std::chrono::seconds(3));
  ASSERT_EQ(f.rig.client(f.sender).outcomes.size(), 1U);
  EXPECT_EQ(f.rig.client(f.sender).outcomes[0].outcome, Outcome::confirmed);
  EXPECT_EQ(f.rig.broker(f.b).applied.facts, std::vector<std::string>{"a/1"});
}

TEST(NodeCache, a_target_that_nobody_knows_is_refused_by_name) {
  Hub f;
  ASSERT_TRUE(f.invalidate("k", {"nowhere"}));
  f.rig.pass(std::chrono::milliseconds(100));
  ASSERT_EQ(f.rig.client(f.sender).refused.size(), 1U);
  EXPECT_NE(f.rig.client(f.sender).refused[0].text.find("nowhere"), std::string::npos);
}

TEST(NodeCache, at_the_limit_of_pending_operations_the_next_is_overloaded) {
  FederationRig rig;
  NodeOptions options;
  options.pending_operations_max = 2;
  const auto hub = rig.add_broker("hub", {}, options);
  const auto spoke = rig.add_broker("a", {hub});
  rig.pass(std::chrono::seconds(1));
  rig.cut(spoke, 0);
  const auto sender = rig.add_client(hub);
  for (int i = 0; i < 3; ++i) {
    CacheInvalidation invalidation;
    invalidation.address.namespace_name = "users";
    invalidation.address.key = std::to_string(i);
    invalidation.tracking.wait = WaitLevel::applied;
    ASSERT_TRUE(rig.session(sender).invalidate(rig.now(), invalidation));
  }
  rig.settle();
  ASSERT_EQ(rig.client(sender).refused.size(), 1U);
  EXPECT_EQ(rig.client(sender).refused[0].code, ErrorCode::overloaded);
}

TEST(NodeCache, a_value_goes_to_its_targets_only_and_the_fact_to_all) {
  Hub f;
  const auto at_hub = f.rig.add_client(f.hub);
  const auto at_b = f.rig.add_client(f.b);
  f.rig.subscribe(at_hub, {"mpreg.cache.federation.#"});
  f.rig.subscribe(at_b, {"mpreg.cache.federation.#"});
  CacheReplication replication;
  replication.address.namespace_name = "users";
  replication.address.key = "k";
  replication.targets = {"b"};
  replication.strategy = ReplicationStrategy::sync;
  replication.tracking.wait = WaitLevel::applied;
  const auto id = f.rig.session(f.sender).replicate(f.rig.now(), replication, "the value");
  ASSERT_TRUE(id);
  f.rig.pass(std::chrono::milliseconds(200));
  ASSERT_EQ(f.rig.client(f.sender).outcomes.size(), 1U);
  EXPECT_EQ(f.rig.client(f.sender).outcomes[0].outcome, Outcome::confirmed);
  EXPECT_EQ(f.rig.client(f.sender).outcomes[0].confirmed, std::vector<std::string>{"b"});
  const auto values = [&](std::size_t client) {
    const auto& received = f.rig.client(client).received;
    return std::count_if(received.begin(), received.end(),
                         [](const auto& m) { return m.kind == RecordKind::value; });
  };
  EXPECT_EQ(values(at_b), 1);
  EXPECT_EQ(values(at_hub), 0);
  EXPECT_EQ(f.rig.client(at_b).received.size(), 2U);
  EXPECT_EQ(f.rig.client(at_hub).received.size(), 1U);
}

TEST(NodeCache, an_operation_ends_by_hand_once) {
  Hub f;
  f.rig.cut(f.b, 0);
  const auto id = f.invalidate("k");
  ASSERT_TRUE(id);
  f.rig.settle();
  ASSERT_TRUE(f.rig.session(f.sender).complete_operation(f.rig.now(), *id, true));
  ASSERT_TRUE(f.rig.session(f.sender).complete_operation(f.rig.now(), *id, true));
  f.rig.settle();
  ASSERT_EQ(f.rig.client(f.sender).answers.size(), 2U);
  EXPECT_TRUE(f.rig.client(f.sender).answers[0].ok);
  EXPECT_FALSE(f.rig.client(f.sender).answers[1].ok);
  EXPECT_EQ(f.rig.client(f.sender).outcomes.size(), 1U);
}

// Its writer gave it to a, which was held up, and then to b. Who comes between has nothing to hold
// the late one against.
TEST(NodeCache,
     a_client_that_came_between_two_numberings_of_a_fact_is_not_given_the_second_to_use) {
  Hub f;
  SessionOptions same = FederationRig::prompt();
  same.client = 77;
  const auto at_a = f.rig.add_client(f.a, same);
  const auto at_b = f.rig.add_client(f.b, same);
  CacheReplication fact;
  fact.address = {"users", "k", "", 1, "default"};
  fact.targets = {"*"};
  f.rig.settle();
  f.rig.cut(f.a, 0);
  ASSERT_TRUE(f.rig.session(at_a).replicate(f.rig.now(), fact, "v"));
  ASSERT_TRUE(f.rig.session(at_b).replicate(f.rig.now(), fact, "v"));
  f.rig.pass(std::chrono::milliseconds(100));
  const auto between = f.rig.add_client(f.hub);
  f.rig.subscribe(between, {"mpreg.cache.federation.#"});
  f.rig.heal(f.a, 0);
  f.rig.pass(std::chrono::seconds(1));
  EXPECT_EQ(f.rig.counter(f.hub, "mpreg_cache_facts_duplicate_total"), 1U);
  const auto& received = f.rig.client(between).received;
  const auto repeated = std::find_if(received.begin(), received.end(), [](const auto& one) {
    return one.kind == RecordKind::replication;
  });
  ASSERT_NE(repeated, received.end());
  EXPECT_TRUE(repeated->unusable);
}

}  // namespace
}  // namespace mpreg
