// What has to agree between brokers: settings and clocks.

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "coherence/merge_states.h"
#include "coherence/protocols.h"
#include "coherence/resolvers.h"
#include "unit/node/federation_rig.h"

namespace mpreg {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using Json = nlohmann::json;

const std::vector<std::string> kAll = {"*"};

struct Agreement : testing::Test {
  FederationRig rig;

  static CacheAddress address(const std::string& space, const std::string& key) {
    return {space, key, "", 1, "default"};
  }
  void put(std::size_t client, const std::string& space, const std::string& value,
           std::vector<std::string> targets = kAll, WaitLevel wait = WaitLevel::accepted) {
    CacheReplication fact;
    fact.address = address(space, "k");
    fact.targets = std::move(targets);
    fact.tracking.wait = wait;
    ASSERT_TRUE(rig.session(client).replicate(rig.now(), fact, value));
    rig.pass(milliseconds(100));
  }
  // Where a resolver decides.
  void put_resolved(std::size_t client, const std::string& space, const std::string& value,
                    std::vector<std::string> targets = kAll) {
    CacheReplication fact;
    fact.address = address(space, "k");
    fact.targets = std::move(targets);
    fact.resolved = true;
    ASSERT_TRUE(rig.session(client).replicate(rig.now(), fact, value));
    rig.pass(milliseconds(100));
  }
  // The value that the broker of the client holds; empty: none.
  std::string get(std::size_t client, const std::string& space) {
    EXPECT_TRUE(rig.session(client).get(rig.now(), address(space, "k")));
    rig.settle();
    EXPECT_FALSE(rig.client(client).gots.empty());
    const CacheGot& got = rig.client(client).gots.back();
    return has_value(got.state) ? got.value : std::string();
  }
  Json report(std::size_t broker, const char* question) {
    return Json::parse(rig.broker(broker).node->report(rig.now(), question));
  }
  std::string issues(std::size_t broker) { return report(broker, "health")["issues"].dump(); }
  bool is_healthy(std::size_t broker) { return report(broker, "health")["healthy"]; }
  std::string log_of(std::size_t broker) {
    std::string text;
    for (const std::string& line : rig.broker(broker).log) text += line + "\n";
    return text;
  }
};

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != text.npos;
}

// ---- Settings.

TEST_F(Agreement, another_topic_prefix_is_no_link_and_both_sides_name_both_values) {
  const auto hub = rig.add_broker("hub");
  NodeOptions other;
  other.topic_prefix = "other.caches";
  const auto east = rig.add_broker("east", {hub}, other);
  rig.pass(seconds(3));
  const std::string said =
      "topic-prefix is 'mpreg.cache.federation' at hub and 'other.caches' at east";
  EXPECT_TRUE(contains(log_of(hub), said)) << log_of(hub);
  EXPECT_TRUE(contains(log_of(east), said)) << log_of(east);
  EXPECT_TRUE(contains(issues(east), said));
  EXPECT_FALSE(is_healthy(east));
  EXPECT_TRUE(report(hub, "links").empty());
}

TEST_F(Agreement, of_claim_leases_the_longest_is_waited_for_also_beyond_the_neighbour) {
  NodeOptions longer;
  longer.claim_lease_max = seconds(90);
  const auto hub = rig.add_broker("hub");
  const auto east = rig.add_broker("east", {hub}, longer);
  const auto west = rig.add_broker("west", {hub});
  rig.pass(seconds(3));
  for (const auto broker : {hub, west}) {
    EXPECT_TRUE(contains(log_of(broker), "claim-lease-max is 30000 ms here and 90000 ms at"))
        << log_of(broker);
  }
  EXPECT_FALSE(contains(log_of(east), "claim-lease-max"));
  EXPECT_TRUE(is_healthy(west)) << issues(west);
}

struct OtherResolver : Agreement {
  std::size_t hub = 0, east = 0, west = 0;
  std::size_t at_hub = 0, at_east = 0, at_west = 0;

  // East decides otherwise than the rest who wins.
  OtherResolver() {
    NodeOptions other;
    other.protocols["notes"] = *make_protocol("moesi");
    hub = rig.add_broker("hub");
    east = rig.add_broker("east", {hub}, other);
    west = rig.add_broker("west", {hub});
    at_hub = rig.add_client(hub);
    at_east = rig.add_client(east);
    at_west = rig.add_client(west);
    rig.pass(seconds(3));
  }
};

TEST_F(OtherResolver, a_namespace_that_is_set_up_otherwise_exchanges_invalidations_alone) {
  put(at_hub, "notes", "of hub");
  EXPECT_EQ(get(at_hub, "notes"), "of hub");
  EXPECT_EQ(get(at_west, "notes"), "of hub") << "these two agree";
  EXPECT_EQ(get(at_east, "notes"), "");
  put(at_east, "notes", "of east");
  EXPECT_EQ(get(at_east, "notes"), "of east");
  EXPECT_EQ(get(at_hub, "notes"), "") << "what it had is gone, what east has is not taken";
  EXPECT_EQ(get(at_west, "notes"), "") << "whoever passed it on";
  put(at_east, "users", "of east");
  for (const auto client : {at_hub, at_west}) EXPECT_EQ(get(client, "users"), "of east");
}

TEST_F(OtherResolver, health_of_both_sides_names_the_option_and_both_values) {
  EXPECT_FALSE(is_healthy(hub));
  EXPECT_TRUE(contains(issues(hub),
                       "protocol of namespace 'notes' is the default at hub and 'moesi' at east"));
  EXPECT_FALSE(is_healthy(east));
  EXPECT_TRUE(contains(issues(east),
                       "protocol of namespace 'notes' is 'moesi' at east and the default at hub"));
  EXPECT_TRUE(contains(log_of(hub), "protocol of namespace 'notes' is the default at hub"));
  EXPECT_TRUE(contains(log_of(east), "protocol of namespace 'notes' is 'moesi' at east"));
}

TEST_F(OtherResolver, stores_that_are_not_compared_are_never_called_equal) {
  put(at_east, "notes", "of east");
  rig.pass(seconds(10));
  for (const auto broker : {hub, east}) {
    const Json stores = report(broker, "repair")["stores"];
    ASSERT_FALSE(stores.empty());
    for (const Json& row : stores) {
      if (row["cluster_id"] != "east" && broker != east) continue;
      EXPECT_EQ(row["result"], "settings differ: notes") << stores.dump();
    }
  }
  EXPECT_EQ(get(at_hub, "notes"), "") << "a comparison does not bring it either";
}

TEST_F(OtherResolver, who_waits_for_the_value_is_told_who_refuses_it) {
  put(at_east, "notes", "of east", {"hub", "west"}, WaitLevel::applied);
  const auto& outcomes = rig.client(at_east).outcomes;
  ASSERT_FALSE(outcomes.empty());
  EXPECT_EQ(outcomes.back().outcome, Outcome::failed);
  EXPECT_EQ(outcomes.back().failed.size(), 2U);
  for (const FailedAt& one : outcomes.back().failed) {
    EXPECT_EQ(one.reason, ApplyFailure::refused) << one.cluster;
  }
}

TEST_F(OtherResolver, once_the_settings_agree_values_are_taken_again) {
  rig.broker(east).options.protocols.clear();
  rig.restart(east);
  rig.pass(seconds(3));
  rig.connect(at_east, east);
  rig.pass(seconds(3));
  EXPECT_FALSE(contains(issues(hub), "protocol")) << issues(hub);
  put(at_east, "notes", "of east");
  for (const auto client : {at_hub, at_west}) EXPECT_EQ(get(client, "notes"), "of east");
}

TEST_F(Agreement, what_is_merged_here_is_not_thrown_away_for_a_write_that_follows_other_rules) {
  NodeOptions merging;
  merging.resolvers["hits"] = merge_counters();
  const auto hub = rig.add_broker("hub", {}, merging);
  const auto east = rig.add_broker("east", {hub});
  const auto at_hub = rig.add_client(hub);
  const auto at_east = rig.add_client(east);
  rig.pass(seconds(3));
  CounterState counter;
  counter.add(1, 7);
  CacheReplication fact;
  fact.address = address("hits", "k");
  fact.targets = {"hub"};
  fact.resolved = true;
  ASSERT_TRUE(rig.session(at_hub).replicate(rig.now(), fact, encode(counter)));
  rig.settle();
  const std::string held = get(at_hub, "hits");
  EXPECT_NE(held, "");
  put(at_east, "hits", "plain", {"east", "hub"});
  EXPECT_EQ(get(at_hub, "hits"), held);
  EXPECT_FALSE(is_healthy(hub));
}

// ---- Clocks.

struct WrongClock : Agreement {
  NodeOptions options;
  std::size_t hub = 0, east = 0;
  std::size_t at_hub = 0, at_east = 0;

  void start(milliseconds skew_of_east) {
    options.resolvers["accounts"] = last_writer_wins();
    hub = rig.add_broker("hub", {}, options);
    east = rig.add_broker("east", {hub}, options, LinkRole::hub, skew_of_east);
    at_hub = rig.add_client(hub);
    at_east = rig.add_client(east);
    rig.pass(seconds(3));
  }
};

TEST_F(WrongClock, a_cluster_whose_clock_is_ahead_does_not_keep_its_value_over_a_later_one) {
  start(minutes(10));
  rig.subscribe(at_east, {"mpreg.cache.federation.#"});
  put(at_east, "users", "older");
  EXPECT_EQ(get(at_east, "users"), "older");
  EXPECT_EQ(get(at_hub, "users"), "older");
  put(at_hub, "users", "later", {"east", "hub"}, WaitLevel::observed);
  rig.pass(seconds(6));
  ASSERT_FALSE(rig.client(at_hub).outcomes.empty()) << "it is over";
  EXPECT_EQ(get(at_east, "users"), "later") << "what its writer had seen decides, and no clock";
  EXPECT_EQ(get(at_hub, "users"), "later");
}

TEST_F(WrongClock, what_time_decides_invalidates_where_the_clocks_differ) {
  start(minutes(10));
  rig.subscribe(at_east, {"mpreg.cache.federation.#"});
  put_resolved(at_east, "accounts", "older");
  EXPECT_EQ(get(at_east, "accounts"), "older");
  EXPECT_EQ(get(at_hub, "accounts"), "");
  put_resolved(at_hub, "accounts", "later", {"east", "hub"});
  EXPECT_NE(get(at_east, "accounts"), "older");
  EXPECT_EQ(get(at_hub, "accounts"), "later");
  const auto& received = rig.client(at_east).received;
  const auto fact = std::find_if(received.rbegin(), received.rend(), [](const auto& one) {
    return one.kind == RecordKind::replication;
  });
  ASSERT_NE(fact, received.rend());
  EXPECT_TRUE(fact->unusable) << "near caches must drop what they have, too";
}

TEST_F(WrongClock, both_sides_say_whose_clock_is_off_and_by_how_much) {
  start(minutes(10));
  EXPECT_FALSE(is_healthy(hub));
  EXPECT_FALSE(is_healthy(east));
  EXPECT_TRUE(contains(issues(hub), "the clock of east is 600.0 s ahead of that of hub"))
      << issues(hub);
  EXPECT_TRUE(contains(issues(east), "the clock of hub is 600.0 s behind that of east"))
      << issues(east);
  EXPECT_TRUE(contains(log_of(hub), "the clock of east is 600.0 s ahead"));
  EXPECT_TRUE(contains(log_of(east), "the clock of hub is 600.0 s behind"));
}

TEST_F(WrongClock, the_link_stays_and_invalidations_go_both_ways) {
  start(minutes(10));
  put(at_hub, "users", "y", {"hub"});
  put(at_east, "users", "x", {"east"});
  ASSERT_EQ(get(at_east, "users"), "x");
  CacheInvalidation fact;
  fact.address = address("users", "k");
  ASSERT_TRUE(rig.session(at_hub).invalidate(rig.now(), fact));
  rig.settle();
  EXPECT_EQ(get(at_east, "users"), "");
  put(at_hub, "users", "y", {"hub"});
  ASSERT_EQ(get(at_hub, "users"), "y");
  ASSERT_TRUE(rig.session(at_east).invalidate(rig.now(), fact));
  rig.settle();
  EXPECT_EQ(get(at_hub, "users"), "");
  EXPECT_EQ(report(hub, "links")[0]["phase"], "joined");
}

TEST_F(WrongClock, beyond_a_broker_whose_clock_is_right_a_wrong_one_is_known_as_wrong) {
  start(-minutes(10));
  const auto west = rig.add_broker("west", {hub}, options);
  const auto at_west = rig.add_client(west);
  rig.pass(seconds(3));
  put_resolved(at_west, "accounts", "older", {"west"});
  put_resolved(at_east, "accounts", "later");
  EXPECT_NE(get(at_west, "accounts"), "older");
}

TEST_F(WrongClock, clocks_that_differ_by_less_than_the_limit_are_no_matter) {
  start(seconds(50));
  EXPECT_TRUE(is_healthy(hub)) << issues(hub);
  put_resolved(at_east, "accounts", "x");
  EXPECT_EQ(get(at_hub, "accounts"), "x");
}

// With one neighbour nobody knows whose clock is wrong; with two that agree, it is known.
TEST_F(WrongClock, a_broker_that_two_neighbours_contradict_takes_no_writes_that_time_decides) {
  start(minutes(10));
  const auto write = [this] { put_resolved(at_east, "accounts", "v"); };
  write();
  EXPECT_TRUE(rig.client(at_east).refused.empty());
  rig.add_broker("west", {east}, options);
  rig.pass(seconds(3));
  write();
  ASSERT_EQ(rig.client(at_east).refused.size(), 1U);
  const OperationRefused& error = rig.client(at_east).refused.front();
  EXPECT_EQ(error.code, ErrorCode::overloaded) << "it may be tried again";
  EXPECT_TRUE(contains(error.text, "600.0 s behind")) << error.text;
  EXPECT_TRUE(contains(error.text, "west")) << error.text;
  put(at_east, "users", "v");
  EXPECT_EQ(rig.client(at_east).refused.size(), 1U) << "nothing decides by time there";
  rig.set_skew(east, milliseconds(0));
  rig.pass(seconds(5));
  write();
  EXPECT_EQ(rig.client(at_east).refused.size(), 1U);
  EXPECT_EQ(get(at_east, "accounts"), "v");
}

TEST_F(WrongClock, from_the_moment_at_which_the_own_clock_is_set_nothing_is_decided_by_clocks) {
  start(milliseconds(0));
  rig.set_skew(east, minutes(10));
  put_resolved(at_east, "accounts", "older", {"east"});
  put_resolved(at_hub, "accounts", "later", {"east", "hub"});
  EXPECT_NE(get(at_east, "accounts"), "older");
  rig.pass(seconds(3));
  EXPECT_FALSE(is_healthy(hub));
  rig.set_skew(east, milliseconds(0));
  rig.pass(seconds(5));
  EXPECT_TRUE(is_healthy(east)) << issues(east);
  EXPECT_TRUE(is_healthy(hub)) << issues(hub);
}

}  // namespace
}  // namespace mpreg
