// Members over restarts: clean shutdowns and crashes, and who may write after one.

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "unit/node/federation_rig.h"

namespace mpreg {
namespace {

using std::chrono::seconds;
using Names = std::vector<std::string>;
using Json = nlohmann::json;

class NodeRejoin : public ::testing::Test {
 protected:
  static NodeOptions kept() {
    NodeOptions options;
    options.is_memory_kept = true;
    return options;
  }
  NodeRejoin() { rig.pass(seconds(1)); }

  // Those whose silence a near cache at this broker would be told of.
  Names unheard_at(std::size_t broker) {
    const std::size_t client = rig.add_client(broker);
    rig.pass(seconds(2));
    Names names;
    for (const Vouch& vouch : rig.session(client).vouches()) {
      if (vouch.age_ms > 5000) names.push_back(vouch.origin);
    }
    rig.disconnect(client);
    return names;
  }
  // Of an invalidation for all members, with confirmation: empty, or why it is refused.
  std::string write_at(std::size_t broker, std::vector<std::string>* confirmed = nullptr) {
    const std::size_t client = rig.add_client(broker);
    CacheInvalidation invalidation;
    invalidation.address = {"users", "1", "", 1, "default"};
    invalidation.tracking.wait = WaitLevel::applied;
    EXPECT_TRUE(rig.session(client).invalidate(rig.now(), invalidation));
    rig.pass(seconds(5));
    if (!rig.client(client).refused.empty()) return rig.client(client).refused[0].text;
    if (rig.client(client).outcomes.size() != 1) return "nobody knows";
    if (confirmed != nullptr) *confirmed = rig.client(client).outcomes[0].confirmed;
    return rig.client(client).outcomes[0].outcome == Outcome::confirmed ? "" : "not confirmed";
  }
  std::string ask(std::size_t broker, const std::string& question) {
    const std::size_t client = rig.add_client(broker);
    EXPECT_TRUE(rig.session(client).query(rig.now(), question));
    rig.settle();
    const auto& answers = rig.client(client).answers;
    if (answers.size() != 1) return "no answer";
    return answers[0].ok ? "" : answers[0].text;
  }
  Json report(std::size_t broker, const std::string& question) {
    return Json::parse(rig.broker(broker).node->report(rig.now(), question));
  }
  std::string state_at(std::size_t broker, const std::string& cluster) {
    for (const Json& member : report(broker, "members")) {
      if (member["cluster_id"] == cluster) return member["state"];
    }
    return "no member";
  }
  bool complains(std::size_t broker, const std::string& text) {
    const Json health = report(broker, "health");
    EXPECT_FALSE(health["healthy"]) << health;
    return health["issues"].dump().find(text) != std::string::npos;
  }

  FederationRig rig;
  std::size_t hub = rig.add_broker("hub", {}, kept());
  std::size_t east = rig.add_broker("east", {hub}, kept());
  std::size_t west = rig.add_broker("west", {hub}, kept());
};

TEST_F(NodeRejoin, a_member_that_has_left_is_neither_silent_nor_waited_for) {
  rig.stop(west);
  rig.pass(seconds(40));
  EXPECT_EQ(unheard_at(hub), Names{});
  EXPECT_EQ(unheard_at(east), Names{});
  EXPECT_EQ(state_at(east, "west"), "left");
  EXPECT_EQ(report(east, "health")["healthy"], true) << report(east, "health");
  Names confirmed;
  EXPECT_EQ(write_at(east, &confirmed), "");
  EXPECT_EQ(confirmed, Names{"hub"});
  rig.restart(west);
  rig.pass(seconds(2));
  EXPECT_EQ(state_at(east, "west"), "running");
  EXPECT_EQ(write_at(east, &confirmed), "");
  EXPECT_EQ(confirmed.size(), 2U);
  EXPECT_EQ(write_at(west), "");
  EXPECT_EQ(unheard_at(west), Names{});
}

TEST_F(NodeRejoin, an_operation_under_way_is_not_held_up_by_one_that_leaves) {
  rig.mute(west, 0);
  const std::size_t client = rig.add_client(east);
  CacheInvalidation invalidation;
  invalidation.address = {"users", "1", "", 1, "default"};
  invalidation.tracking.wait = WaitLevel::applied;
  ASSERT_TRUE(rig.session(client).invalidate(rig.now(), invalidation));
  rig.settle();
  EXPECT_TRUE(rig.client(client).outcomes.empty());
  rig.broker(west).driver->leave();
  rig.unmute(west, 0);
  rig.pass(seconds(2));
  ASSERT_EQ(rig.client(client).outcomes.size(), 1U);
  EXPECT_EQ(rig.client(client).outcomes[0].outcome, Outcome::confirmed);
}

TEST_F(NodeRejoin, a_crash_is_silence) {
  rig.kill(west);
  rig.pass(seconds(10));
  EXPECT_EQ(unheard_at(east), Names{"west"});
  EXPECT_EQ(state_at(east, "west"), "silent");
  EXPECT_TRUE(complains(east, "'west' is silent"));
}

// Its near caches would say "coherent" for as long as the others are out of reach.
TEST_F(NodeRejoin, a_broker_that_restarts_while_it_is_cut_off_vouches_for_nobody_that_it_knew) {
  rig.mute(west, 0);
  rig.restart(west);
  rig.pass(seconds(10));
  EXPECT_EQ(unheard_at(west), (Names{"east", "hub"}));
  EXPECT_EQ(state_at(west, "east"), "never met");
  EXPECT_TRUE(complains(west, "'east' is a member, and was not met"));
  EXPECT_EQ(write_at(west), "nobody knows");  // It did not leave, so it may write.
  rig.unmute(west, 0);
  rig.pass(seconds(5));
  EXPECT_EQ(unheard_at(west), Names{});
}

TEST_F(NodeRejoin, after_a_clean_shutdown_nothing_is_written_before_it_has_rejoined) {
  rig.stop(west);
  rig.mute(west, 0);
  rig.restart(west);
  rig.pass(seconds(4));
  const std::string why = write_at(west);
  EXPECT_NE(why.find("this cluster has left"), std::string::npos) << why;
  EXPECT_NE(why.find("east, hub"), std::string::npos) << why;
  EXPECT_NE(why.find("mpreg alone"), std::string::npos) << why;
  EXPECT_EQ(unheard_at(west), (Names{"west", "east", "hub"}));
  EXPECT_TRUE(complains(west, "this cluster has left"));
  // Everybody else may go on relying on it.
  EXPECT_EQ(unheard_at(east), Names{});
  rig.unmute(west, 0);
  rig.pass(seconds(5));
  EXPECT_EQ(write_at(west), "");
  EXPECT_EQ(report(west, "health")["healthy"], true) << report(west, "health");
}

// With its neighbours there a broker has rejoined in a moment: what is written until then waits.
TEST_F(NodeRejoin, what_is_written_at_a_start_waits_a_moment) {
  rig.stop(west);
  rig.mute(west, 0);
  rig.restart(west);
  const std::size_t client = rig.add_client(west);
  CacheInvalidation invalidation;
  invalidation.address = {"users", "1", "", 1, "default"};
  invalidation.tracking.wait = WaitLevel::applied;
  ASSERT_TRUE(rig.session(client).invalidate(rig.now(), invalidation));
  ASSERT_TRUE(rig.publish(client, "orders.new", "behind it"));
  rig.pass(seconds(1));
  EXPECT_TRUE(rig.client(client).refused.empty());
  EXPECT_TRUE(rig.client(client).outcomes.empty());
  rig.unmute(west, 0);
  rig.pass(seconds(5));
  EXPECT_TRUE(rig.client(client).connected);
  ASSERT_EQ(rig.client(client).outcomes.size(), 1U);
  EXPECT_EQ(rig.client(client).outcomes[0].outcome, Outcome::confirmed);
}

// It left, started cut off, and crashed: the promise still holds.
TEST_F(NodeRejoin, a_crash_while_it_waits_changes_nothing) {
  rig.stop(west);
  rig.mute(west, 0);
  rig.restart(west);
  rig.restart(west);
  rig.pass(seconds(4));
  EXPECT_NE(write_at(west).find("this cluster has left"), std::string::npos);
}

TEST_F(NodeRejoin, the_last_to_leave_starts_alone_and_lets_the_others_rejoin) {
  rig.stop(west);
  rig.stop(east);
  rig.stop(hub);
  rig.restart(east);
  rig.pass(seconds(2));
  EXPECT_NE(write_at(east), "");
  rig.restart(hub);
  rig.pass(seconds(5));
  EXPECT_EQ(write_at(hub), "");
  EXPECT_EQ(write_at(east), "");
  EXPECT_EQ(unheard_at(east), Names{});
}

// Nobody of them heard that the others left: each has to be met.
TEST_F(NodeRejoin, those_who_left_at_once_start_together) {
  for (const std::size_t broker : {hub, east, west}) rig.broker(broker).driver->leave();
  rig.settle();
  for (const std::size_t broker : {hub, east, west}) rig.kill(broker);
  rig.restart(hub);
  rig.restart(east);
  rig.pass(seconds(5));
  EXPECT_NE(write_at(east).find("west"), std::string::npos);
  EXPECT_NE(write_at(hub).find("west"), std::string::npos);
  rig.restart(west);
  rig.pass(seconds(5));
  for (const std::size_t broker : {hub, east, west}) {
    EXPECT_EQ(write_at(broker), "") << broker;
    EXPECT_EQ(unheard_at(broker), Names{}) << broker;
  }
}

TEST_F(NodeRejoin, goodbye_is_not_said_before_the_promise_is_saved) {
  rig.broker(west).disk_answers = false;
  rig.broker(west).driver->leave();
  rig.pass(seconds(1));
  EXPECT_NE(state_at(east, "west"), "left");
  EXPECT_FALSE(rig.broker(west).node->drained());
  rig.save(west);
  EXPECT_EQ(state_at(east, "west"), "left");
  rig.kill(west);
}

TEST_F(NodeRejoin, a_welcome_is_not_given_before_it_is_saved) {
  rig.stop(west);
  rig.broker(hub).disk_answers = false;
  rig.broker(east).disk_answers = false;
  rig.restart(west);
  rig.pass(seconds(4));
  EXPECT_NE(write_at(west), "");
  rig.save(hub);
  rig.pass(seconds(1));
  EXPECT_EQ(write_at(west), "");
}

TEST_F(NodeRejoin, without_a_data_directory_the_end_is_silence) {
  rig.add_broker("north", {hub});
  const std::size_t north = 3;
  rig.pass(seconds(2));
  EXPECT_EQ(write_at(north), "");
  EXPECT_NE(report(north, "health")["warnings"].dump().find("data-dir is none"), std::string::npos);
  rig.stop(north);
  rig.pass(seconds(10));
  EXPECT_EQ(unheard_at(east), Names{"north"});
  EXPECT_EQ(state_at(east, "north"), "silent");
}

TEST_F(NodeRejoin, a_lost_directory_counts_as_having_left) {
  rig.kill(west);
  rig.lose_memory(west);
  rig.mute(west, 0);
  rig.restart(west);
  rig.pass(seconds(4));
  const std::string why = write_at(west);
  EXPECT_NE(why.find("remembers no member"), std::string::npos) << why;
  EXPECT_NE(why.find("hub broker 0"), std::string::npos) << why;
  EXPECT_EQ(unheard_at(west), (Names{"west", "broker 0"}));
  EXPECT_TRUE(complains(west, "the hub at broker 0 was never reached"));
  rig.unmute(west, 0);
  rig.pass(seconds(5));
  EXPECT_EQ(write_at(west), "");
}

// It may have let in others, and has forgotten whom.
TEST_F(NodeRejoin, a_lost_directory_makes_those_who_left_doubtful_until_they_are_met) {
  rig.stop(east);
  rig.kill(west);
  rig.lose_memory(west);
  rig.restart(west);
  rig.pass(seconds(5));
  EXPECT_EQ(state_at(hub, "east"), "doubted");
  EXPECT_EQ(unheard_at(hub), Names{"east"});
  EXPECT_TRUE(complains(hub, "'east' has left, but"));
  rig.restart(east);
  rig.pass(seconds(5));
  EXPECT_EQ(state_at(hub, "east"), "running");
  EXPECT_EQ(unheard_at(hub), Names{});
}

TEST_F(NodeRejoin, alone_is_said_knowingly_and_everybody_shows_it) {
  EXPECT_NE(ask(west, "alone"), "");  // It waits for nobody.
  rig.stop(west);
  rig.mute(west, 0);
  rig.restart(west);
  rig.pass(seconds(2));
  EXPECT_EQ(ask(west, "alone"), "");
  EXPECT_EQ(write_at(west), "nobody knows");  // It is numbered, and nobody confirms.
  EXPECT_EQ(state_at(west, "west"), "alone");
}

TEST_F(NodeRejoin, forgetting_survives_brokers_that_were_down) {
  rig.kill(west);
  rig.kill(east);
  rig.pass(seconds(5));
  EXPECT_EQ(ask(hub, "forget west"), "");
  rig.pass(seconds(100));
  rig.restart(hub);
  rig.restart(east);
  rig.pass(seconds(5));
  EXPECT_EQ(state_at(hub, "west"), "no member");
  EXPECT_EQ(state_at(east, "west"), "no member");
  EXPECT_EQ(unheard_at(east), Names{});
  rig.restart(west);
  rig.pass(seconds(5));
  EXPECT_EQ(state_at(east, "west"), "running");
  EXPECT_EQ(write_at(west), "");
}

TEST_F(NodeRejoin, a_neighbour_that_is_configured_counts_until_it_was_reached_once) {
  NodeOptions options = kept();
  options.dials = {{LinkRole::peer, "tcp://10.9.9.9:7101"}};
  const std::size_t north = rig.add_broker("north", {hub}, options);
  rig.pass(seconds(5));
  EXPECT_EQ(unheard_at(north), Names{"tcp://10.9.9.9:7101"});
  EXPECT_TRUE(complains(north, "the peer at tcp://10.9.9.9:7101 was never reached"));
}

TEST_F(NodeRejoin, in_majorities_one_that_has_left_counts) {
  rig.stop(west);
  rig.stop(east);
  rig.pass(seconds(60));
  const std::size_t client = rig.add_client(hub);
  ClaimAsk ask;
  ask.address = {"users", "1", "", 1, "default"};
  ask.lease_ms = 1000;
  ask.wait_ms = 2000;
  ASSERT_TRUE(rig.session(client).ask_claim(rig.now(), ask));
  rig.pass(seconds(10));
  ASSERT_FALSE(rig.client(client).answers.empty());
  EXPECT_FALSE(rig.client(client).answers[0].ok);
}

}  // namespace
}  // namespace mpreg
