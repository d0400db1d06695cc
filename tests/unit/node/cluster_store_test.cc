#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "unit/node/federation_rig.h"

namespace mpreg {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A hub with two spokes, and a client at each.
struct ClusterStores : testing::Test {
  FederationRig rig;
  std::size_t hub = rig.add_broker("hub");
  std::size_t east = rig.add_broker("east", {hub});
  std::size_t west = rig.add_broker("west", {hub});
  std::size_t at_hub = rig.add_client(hub);
  std::size_t at_east = rig.add_client(east);
  std::size_t at_west = rig.add_client(west);

  ClusterStores() { rig.pass(seconds(2)); }

  static CacheAddress address(const std::string& key) { return {"users", key, "", 1, "default"}; }

  void replicate(std::size_t client, const std::string& key, const std::string& value,
                 std::vector<std::string> targets, std::uint64_t ttl_ms = 0) {
    CacheReplication fact;
    fact.address = address(key);
    fact.targets = std::move(targets);
    fact.ttl_ms = ttl_ms;
    ASSERT_TRUE(rig.session(client).replicate(rig.now(), fact, value));
    rig.settle();
  }
  void invalidate(std::size_t client, const std::string& key,
                  InvalidationType type = InvalidationType::single_key,
                  std::vector<std::string> targets = {}) {
    CacheInvalidation fact;
    fact.address = address(key);
    fact.type = type;
    fact.targets = std::move(targets);
    ASSERT_TRUE(rig.session(client).invalidate(rig.now(), fact));
    rig.settle();
  }
  // The value, or the state in brackets.
  std::string get(std::size_t client, const std::string& key) {
    EXPECT_TRUE(rig.session(client).get(rig.now(), address(key)));
    rig.settle();
    EXPECT_FALSE(rig.client(client).gots.empty());
    if (rig.client(client).gots.empty()) return "no answer";
    const CacheGot got = rig.client(client).gots.back();
    constexpr const char* kStates[] = {"(missing)", "", "(syncing)", "(invalid)"};
    return has_value(got.state) ? got.value : kStates[static_cast<int>(got.state)];
  }
};

const std::vector<std::string> kAll = {"east", "hub", "west"};

TEST_F(ClusterStores, a_replicated_value_is_at_its_targets) {
  replicate(at_east, "u1", "Ann", kAll);
  for (const auto client : {at_hub, at_east, at_west}) EXPECT_EQ(get(client, "u1"), "Ann");
  replicate(at_west, "u1", "Bob", kAll);
  for (const auto client : {at_hub, at_east, at_west}) EXPECT_EQ(get(client, "u1"), "Bob");
  EXPECT_EQ(get(at_hub, "u2"), "(missing)");
}

// ---- Of another cluster, by way of the brokers between.

// What was answered: a value, a state in brackets, or why not.
struct Elsewhere : ClusterStores {
  std::string get_at(const std::string& cluster, const std::string& key, bool with_value = true) {
    FederationRig::Client& asker = rig.client(at_east);
    const std::size_t answers = asker.answers.size();
    const std::size_t gots = asker.gots.size();
    const auto request =
        rig.session(at_east).get_elsewhere(rig.now(), address(key), cluster, with_value);
    EXPECT_TRUE(request);
    rig.settle();
    if (asker.answers.size() == answers && asker.gots.size() == gots) rig.pass(milliseconds(2500));
    if (asker.answers.size() > answers) return asker.answers.back().text;
    if (asker.gots.size() == gots) return "nothing";
    EXPECT_EQ(asker.gots.back().request, *request);
    EXPECT_TRUE(asker.gots.back().asker.empty());
    got = asker.gots.back();
    return has_value(got.state) && with_value ? got.value
                                              : "(" + std::string(name_of(got.state)) + ")";
  }
  CacheGot got;
};

TEST_F(Elsewhere, what_another_cluster_holds_is_asked_by_way_of_the_brokers_between) {
  replicate(at_west, "u1", "Ann", {"west"});
  EXPECT_EQ(get(at_east, "u1"), "(missing)");
  EXPECT_EQ(get_at("west", "u1"), "Ann");
  EXPECT_EQ(get_at("hub", "u1"), "(missing)");
  EXPECT_EQ(get_at("east", "u1"), "(missing)") << "its own cluster may be named too";
  EXPECT_EQ(get_at("west", "u2"), "(missing)");
}

TEST_F(Elsewhere, without_the_value_its_state_and_version_are_told) {
  replicate(at_west, "u1", "Ann", {"west"});
  EXPECT_EQ(get_at("west", "u1", false), "(modified)");
  EXPECT_EQ(got.value, "");
  EXPECT_EQ(got.origin, "west");
  EXPECT_NE(got.version, 0U);
}

TEST_F(Elsewhere, who_is_no_member_or_cannot_be_reached_is_named) {
  EXPECT_EQ(get_at("north", "u1"), "cluster 'north' is no member that is known");
  rig.mute(west, 0);
  EXPECT_EQ(get_at("west", "u1"), "cluster 'west' has not answered within 2000 ms");
  rig.pass(seconds(5));
  EXPECT_EQ(get_at("west", "u1"), "cluster 'west' is not reached");
  rig.unmute(west, 0);
  rig.pass(seconds(5));
  EXPECT_EQ(get_at("west", "u1"), "(missing)");
}

TEST_F(Elsewhere, the_answer_for_a_client_that_has_gone_is_nobodys) {
  ASSERT_TRUE(rig.session(at_east).get_elsewhere(rig.now(), address("u1"), "west", true));
  rig.disconnect(at_east);
  rig.settle();
  EXPECT_TRUE(rig.client(at_east).gots.empty());
  rig.connect(at_east, east);
  rig.pass(seconds(3));
  EXPECT_EQ(get_at("west", "u1"), "(missing)");
}

TEST_F(ClusterStores, where_it_is_no_target_a_replication_invalidates) {
  replicate(at_east, "u1", "Ann", kAll);
  replicate(at_east, "u1", "Bob", {"west"});
  EXPECT_EQ(get(at_west, "u1"), "Bob");
  EXPECT_EQ(get(at_hub, "u1"), "(invalid)");
  EXPECT_EQ(get(at_east, "u1"), "(invalid)");
}

TEST_F(ClusterStores, an_invalidation_reaches_every_cluster_and_its_own) {
  replicate(at_east, "u1", "Ann", kAll);
  invalidate(at_west, "u1");
  for (const auto client : {at_hub, at_east, at_west}) EXPECT_EQ(get(client, "u1"), "(invalid)");
  replicate(at_hub, "u1", "anew", kAll);
  for (const auto client : {at_hub, at_east, at_west}) EXPECT_EQ(get(client, "u1"), "anew");
  // Named clusters only.
  invalidate(at_hub, "u1", InvalidationType::single_key, {"east"});
  EXPECT_EQ(get(at_east, "u1"), "(invalid)");
  EXPECT_EQ(get(at_west, "u1"), "anew");
}

TEST_F(ClusterStores, scopes_drop_what_they_cover) {
  for (const std::string key : {"a.1", "a.2", "b.1"}) replicate(at_east, key, "v", kAll);
  invalidate(at_west, "a.#", InvalidationType::pattern);
  EXPECT_EQ(get(at_hub, "a.1"), "(invalid)");
  EXPECT_EQ(get(at_hub, "b.1"), "v");
  invalidate(at_west, "", InvalidationType::namespace_all);
  EXPECT_EQ(get(at_hub, "b.1"), "(invalid)");
  replicate(at_east, "b.1", "from east", kAll);
  replicate(at_hub, "b.2", "from the hub", kAll);
  invalidate(at_east, "", InvalidationType::cluster_sync);
  EXPECT_EQ(get(at_west, "b.1"), "(invalid)");
  EXPECT_EQ(get(at_west, "b.2"), "from the hub");
}

TEST_F(ClusterStores, an_entry_lives_as_long_as_its_ttl) {
  replicate(at_east, "u1", "Ann", kAll, 2000);
  rig.pass(milliseconds(1500));
  EXPECT_EQ(get(at_west, "u1"), "Ann");
  EXPECT_LE(rig.client(at_west).gots.back().ttl_ms, 510U);
  rig.pass(milliseconds(1000));
  EXPECT_EQ(get(at_west, "u1"), "(missing)");
}

// What was missed while the link was cut is repaired, and what cannot be is not served.
TEST_F(ClusterStores, after_a_cut_link_nothing_older_is_served) {
  replicate(at_east, "u1", "Ann", kAll);
  rig.cut(west, 0);
  rig.pass(seconds(1));
  replicate(at_east, "u1", "Bob", kAll);
  invalidate(at_hub, "u9");
  rig.heal(west, 0);
  rig.pass(seconds(3));
  EXPECT_EQ(get(at_west, "u1"), "Bob");
}

TEST_F(ClusterStores, pitfall_24_what_a_gap_may_have_hidden_is_dropped) {
  NodeOptions small;
  small.retained_bytes_max = 4096;
  const auto tiny = rig.add_broker("tiny", {hub}, small);
  const auto north = rig.add_broker("north", {tiny});
  const auto at_tiny = rig.add_client(tiny);
  const auto at_north = rig.add_client(north);
  rig.pass(seconds(3));
  replicate(at_tiny, "u1", "Ann", {"north", "tiny"});
  ASSERT_EQ(get(at_north, "u1"), "Ann");
  rig.cut(north, 0);
  rig.pass(seconds(1));
  for (int i = 0; i < 200; ++i) invalidate(at_tiny, "k" + std::to_string(i));
  rig.heal(north, 0);
  rig.pass(seconds(5));
  EXPECT_GT(rig.counter(north, "mpreg_gaps_applied_total"), 0U);
  EXPECT_EQ(get(at_north, "u1"), "(invalid)");
}

TEST_F(ClusterStores, a_fact_from_a_clock_far_ahead_does_not_outlive_a_later_one) {
  replicate(at_east, "u1", "Ann", kAll);
  rig.skip_wall(std::chrono::hours(2));  // For everybody, and for those who stamp.
  rig.pass(seconds(2));                  // Clocks are measured anew.
  replicate(at_east, "u2", "later", kAll);
  EXPECT_EQ(get(at_west, "u2"), "later");
  rig.skip_wall(-std::chrono::hours(2));  // Now the hybrid clock of east is two hours ahead.
  rig.restart(west);
  rig.connect(at_west, west);
  rig.pass(seconds(6));
  replicate(at_east, "u3", "from the future", kAll);
  EXPECT_EQ(get(at_west, "u3"), "from the future");
  rig.pass(seconds(1));
  replicate(at_hub, "u3", "later", kAll);
  EXPECT_EQ(get(at_west, "u3"), "later");
  EXPECT_EQ(get(at_east, "u3"), "later");
  EXPECT_GT(rig.counter(west, "mpreg_clock_readings_refused_total"), 0U);
}

TEST_F(ClusterStores, an_operator_sees_the_state_of_an_entry) {
  replicate(at_east, "u1", "Ann", kAll);
  const auto& node = *rig.broker(west).node;
  auto seen = nlohmann::json::parse(node.report(rig.now(), "explain users u1"));
  EXPECT_EQ(seen["state"], "shared");
  EXPECT_EQ(seen["written_by"], "east");
  seen = nlohmann::json::parse(node.report(rig.now(), "explain users nobody"));
  EXPECT_EQ(seen["state"], "missing");
  EXPECT_EQ(node.report(rig.now(), "explain us/ers u1"), "");
  const auto stats = nlohmann::json::parse(node.report(rig.now(), "stats"));
  EXPECT_EQ(stats["cache"]["puts"], 1);
}

}  // namespace
}  // namespace mpreg
