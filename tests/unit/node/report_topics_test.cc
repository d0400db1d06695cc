#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "unit/node/federation_rig.h"

namespace mpreg {
namespace {

using Json = nlohmann::json;
using std::chrono::seconds;

// left - middle - right; a receiver of user.* at the right.
struct Chain {
  FederationRig rig;
  std::size_t left = rig.add_broker("left");
  std::size_t middle = rig.add_broker("middle", {left});
  std::size_t right = rig.add_broker("right", {middle});
  std::size_t asker = rig.add_client(left);
  std::size_t receiver = rig.add_client(right);
  Chain() {
    rig.pass(seconds(2));
    rig.subscribe(receiver, {"user.*"});
    rig.pass(seconds(1));
  }
  Answer ask(const std::string& question) {
    EXPECT_TRUE(rig.session(asker).query(rig.now(), question));
    rig.pass(seconds(2));
    return rig.client(asker).answers.back();
  }
  Json read(const std::string& question) { return Json::parse(ask(question).text); }
};

TEST(NodeReport, who_names_sessions_and_links_that_would_get_a_message) {
  Chain f;
  const Json who = f.read("who user.1");
  EXPECT_TRUE(who["sessions"].empty());
  ASSERT_EQ(who["links"].size(), 1U);
  EXPECT_EQ(who["links"][0]["cluster_id"], "middle");
  EXPECT_EQ(who["links"][0]["behind"], Json::array({"right"}));
  EXPECT_TRUE(f.read("who order.1")["links"].empty());
  EXPECT_FALSE(f.ask("who user.*").ok);
}

TEST(NodeReport, a_trace_goes_the_way_of_a_message_and_is_delivered_to_nobody) {
  Chain f;
  const Json trace = f.read("trace user.1");
  ASSERT_EQ(trace["hops"].size(), 3U);
  EXPECT_EQ(trace["hops"][2]["path"], Json::array({"left", "middle", "right"}));
  EXPECT_EQ(trace["hops"][2]["sessions"], 1);
  EXPECT_TRUE(trace["missing"].empty());
  EXPECT_EQ(f.read("trace order.1")["hops"].size(), 1U) << "nobody wants it";
  EXPECT_TRUE(f.rig.client(f.receiver).received.empty());
}

TEST(NodeReport, a_trace_says_who_did_not_answer) {
  Chain f;
  f.rig.mute(f.right, 0);
  const Json trace = f.read("trace user.1");
  EXPECT_EQ(trace["hops"].size(), 2U);
  EXPECT_EQ(trace["missing"], Json::array({"right"}));
}

TEST(NodeReport, subscriptions_are_those_of_sessions_and_of_other_clusters) {
  Chain f;
  f.rig.subscribe(f.asker, {"order.#"});
  const Json subs = f.read("subs");
  ASSERT_EQ(subs["patterns"].size(), 1U);
  EXPECT_EQ(subs["patterns"][0]["pattern"], "order.#");
  bool has_right = false;
  for (const Json& cluster : subs["interest"]) {
    if (cluster["cluster_id"] == "right") has_right = cluster["patterns"][0] == "user.*";
  }
  EXPECT_TRUE(has_right);
}

TEST(NodeReport, health_names_a_cluster_that_is_not_reachable) {
  Chain f;
  EXPECT_TRUE(f.read("health")["issues"].empty());
  f.rig.kill(f.right);
  f.rig.pass(seconds(5));
  const Json issues = f.read("health")["issues"];
  ASSERT_EQ(issues.size(), 1U);
  EXPECT_EQ(issues[0], "cluster 'right' is silent for 5 s: what it writes is not known here");
}

TEST(NodeReport, statistics_count_by_cluster) {
  Chain f;
  CacheInvalidation invalidation;
  invalidation.address.namespace_name = "users";
  invalidation.address.key = "7";
  ASSERT_TRUE(f.rig.session(f.asker).invalidate(f.rig.now(), invalidation));
  f.rig.pass(seconds(1));
  const Json federation = f.read("federation");
  EXPECT_EQ(federation["total"]["invalidations_sent"], 1);
  EXPECT_EQ(federation["clusters"]["right"]["invalidations_sent"], 1);
  EXPECT_EQ(federation["clusters"]["middle"]["invalidations_sent"], 1);
  EXPECT_EQ(federation["total"]["success_rate"], 1.0);
}

TEST(NodeReport, a_question_that_it_does_not_know_is_answered_with_those_that_it_does) {
  Chain f;
  const Answer answer = f.ask("weather");
  EXPECT_EQ(answer.code, ErrorCode::unsupported);
  EXPECT_NE(answer.text.find("'weather'; there are stats, health"), std::string::npos);
}

}  // namespace
}  // namespace mpreg
