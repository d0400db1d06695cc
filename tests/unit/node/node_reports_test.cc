#include "node/node_reports.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace mpreg {
namespace {

using Json = nlohmann::ordered_json;

constexpr Now kNow{Instant{std::chrono::hours(1)}, WallTime{std::chrono::hours(500'000)}};

NodeOptions options_of(const std::string& cluster) {
  NodeOptions options;
  options.cluster = cluster;
  options.region = "europe";
  return options;
}

struct Sources : ReportSources {
  std::uint32_t age_of(Instant /*now*/, const std::string& /*origin*/) const override { return 10; }
  std::vector<std::string> disagreements() const override { return differences; }
  std::vector<std::uint32_t> slots_wanting(std::string_view /*topic*/) const override {
    return slots;
  }
  std::vector<Way> ways_of(const std::string& /*origin*/,
                           std::string_view /*topic*/) const override {
    return {};
  }
  Json report_repair(const Now& /*now*/) const override { return {{"asked", "for repair"}}; }

  std::vector<std::string> differences;
  std::vector<std::uint32_t> slots;
};

// What a broker knows, without a broker.
struct Known {
  MetricsRegistry registry;
  NodeState node{options_of("east"), kNow, 1, nullptr, registry};
  Sources sources;

  Known() {
    node.streams_.resize(kLanes);
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      node.own_[lane] = node.stream_ids_.intern({"east", {1, 1}, static_cast<Lane>(lane)});
      node.streams_[node.own_[lane]].own = node.streams_[node.own_[lane]].started = true;
    }
  }
  Json ask(std::string_view question) const {
    const std::string answer = NodeReports(node, sources).answer(kNow, question);
    return answer.empty() ? Json() : Json::parse(answer);
  }
  void meet(const std::string& cluster, LinkId link) {
    Member member;
    member.cluster = cluster;
    member.hops = 1;
    node.members_.report(member, link, kNow.instant);
  }
};

TEST(NodeReports, what_is_no_question_has_no_answer) {
  const Known f;
  EXPECT_TRUE(f.ask("nonsense").is_null());
  EXPECT_TRUE(f.ask("explain nothing").is_null());
  EXPECT_TRUE(f.ask("who a..b").is_null());
}

TEST(NodeReports, statistics_count_what_is_there) {
  Known f;
  f.node.sessions_.open(1, 10);
  f.meet("west", 0);
  const Json stats = f.ask("stats");
  EXPECT_EQ(stats["cluster_id"], "east");
  EXPECT_EQ(stats["sessions"], 1);
  EXPECT_EQ(stats["members"], 2);
  EXPECT_EQ(stats["joined"], true);
}

TEST(NodeReports, a_link_says_why_it_was_refused) {
  Known f;
  f.node.links_.dial(LinkRole::hub, "tcp://hub:1").refusal = "not here";
  const Json links = f.ask("links");
  ASSERT_EQ(links.size(), 1U);
  EXPECT_EQ(links[0]["phase"], "down");
  EXPECT_EQ(links[0]["refusal"], "not here");
}

TEST(NodeReports, of_a_session_is_told_how_much_is_under_way) {
  Known f;
  Session& session = f.node.sessions_.open(1, 10);
  session.name = "reader";
  session.sent_bytes = 100;
  session.consumed_bytes = 60;
  const Json sessions = f.ask("sessions");
  ASSERT_EQ(sessions.size(), 1U);
  EXPECT_EQ(sessions[0]["name"], "reader");
  EXPECT_EQ(sessions[0]["unacknowledged_bytes"], 40);
}

TEST(NodeReports, what_does_not_agree_is_unhealthy_and_named) {
  Known f;
  EXPECT_EQ(f.ask("health")["healthy"], true);
  f.sources.differences = {"resolvers differ"};
  const Json health = f.ask("health");
  EXPECT_EQ(health["healthy"], false);
  EXPECT_EQ(health["issues"].back(), "resolvers differ");
}

TEST(NodeReports, who_wants_a_topic_is_named) {
  Known f;
  f.sources.slots = {f.node.sessions_.open(1, 10).slot, 77};
  f.node.sessions_.of_peer(1)->name = "reader";
  const Json who = f.ask("who a.b");
  ASSERT_EQ(who["sessions"].size(), 1U) << "the other has gone";
  EXPECT_EQ(who["sessions"][0]["name"], "reader");
}

TEST(NodeReports, an_entry_that_nobody_wrote_is_explained_all_the_same) {
  const Known f;
  const Json entry = f.ask("explain orders 1");
  EXPECT_EQ(entry["namespace"], "orders");
  EXPECT_EQ(entry["home"], "east");
  EXPECT_FALSE(entry.contains("written_by"));
}

TEST(NodeReports, a_comparison_of_stores_is_asked_for_where_it_is_known) {
  EXPECT_EQ(Known().ask("repair")["asked"], "for repair");
}

}  // namespace
}  // namespace mpreg
