#include "mpreg/replication_strategy.h"

#include <stdexcept>

#include "mpreg/cache_federation.h"
#include "mpreg/near_cache.h"
#include "unit/client/client_rig.h"

namespace mpreg {
namespace {

using Names = std::vector<std::string>;
using Verdict = StrategyStep::Verdict;

CacheAddress address_of(const std::string& key) {
  CacheAddress address;
  address.namespace_name = "users";
  address.key = key;
  return address;
}

std::unique_ptr<Strategy> made(ReplicationStrategy strategy, const Names& targets,
                               std::uint32_t quorum = 0) {
  auto one = make_strategy(strategy, targets, quorum);
  EXPECT_TRUE(one) << one.error().text;
  return one ? std::move(*one) : nullptr;
}

// A hub and two spokes, a service at the hub.
class Strategies : public ::testing::Test {
 protected:
  Strategies() {
    hub = start_broker(broker_options("east"));
    west = start_spoke("west");
    north = start_spoke("north");
    client = start_client(*hub);
  }
  void SetUp() override {
    for (const Broker* spoke : {west.get(), north.get()}) {
      const auto at_spoke = start_client(*spoke);
      ASSERT_TRUE(at_spoke->barrier(kPatience));
      ASSERT_TRUE(values_arrive(*client, *at_spoke));
    }
  }
  std::unique_ptr<Broker> start_spoke(const std::string& cluster) {
    BrokerOptions options = broker_options(cluster);
    options.hubs = {to_string(hub->endpoints().link)};
    return start_broker(options);
  }
  OperationResult replicate(const std::string& key, const Names& targets,
                            std::unique_ptr<Strategy> strategy, std::uint32_t timeout_ms = 20'000) {
    CacheReplication fact;
    fact.address = address_of(key);
    fact.targets = targets;
    fact.tracking.timeout_ms = timeout_ms;
    const auto operation = client->replicate(fact, "value of " + key, std::move(strategy));
    EXPECT_TRUE(operation) << operation.error().text;
    return operation ? operation->wait(kPatience) : OperationResult();
  }
  static CacheGot stored(const Broker& broker, const std::string& key) {
    const auto got = start_client(broker)->get(address_of(key));
    EXPECT_TRUE(got) << got.error().text;
    return got.value_or(CacheGot());
  }

  std::unique_ptr<Broker> hub;
  std::unique_ptr<Broker> west;
  std::unique_ptr<Broker> north;
  std::unique_ptr<Client> client;
};

TEST_F(Strategies, sync_is_done_when_all_have_it) {
  const auto result =
      replicate("1", {"west", "north"}, made(ReplicationStrategy::sync, {"west", "north"}));
  EXPECT_EQ(result.status, OperationStatus::done) << result.error.text;
  EXPECT_EQ(result.confirmed, (Names{"north", "west"}));
  EXPECT_EQ(stored(*west, "1").value, "value of 1");
  EXPECT_EQ(stored(*north, "1").value, "value of 1");
}

TEST_F(Strategies, a_quorum_does_not_wait_for_a_cluster_that_is_gone) {
  north.reset();  // As a crash.
  const auto result =
      replicate("1", {"west", "north"}, made(ReplicationStrategy::quorum, {"west", "north"}, 1));
  EXPECT_EQ(result.status, OperationStatus::done) << result.error.text;
  EXPECT_EQ(result.confirmed, (Names{"west"}));
  EXPECT_EQ(stored(*west, "1").value, "value of 1");
}

TEST_F(Strategies, a_quorum_that_cannot_be_reached_fails_and_says_who_is_missing) {
  north.reset();
  const auto result =
      replicate("1", {"west", "north"}, made(ReplicationStrategy::quorum, {"west", "north"}), 500);
  EXPECT_EQ(result.status, OperationStatus::timed_out);
  EXPECT_EQ(result.missing, (Names{"north"}));
  EXPECT_EQ(result.confirmed, (Names{"west"}));
}

TEST_F(Strategies, a_quorum_of_all_members_counts_who_confirms) {
  const auto result = replicate("1", {"*"}, made(ReplicationStrategy::quorum, {"*"}, 2));
  EXPECT_EQ(result.status, OperationStatus::done) << result.error.text;
  EXPECT_EQ(result.confirmed.size(), 2U);
}

// Writes down what it is told, and does what another says.
class Recorded : public Strategy {
 public:
  Recorded(std::unique_ptr<Strategy> inner, Collected<std::string>& log)
      : inner_(std::move(inner)), log_(log) {}
  StrategyStep begin(const Names& targets) override { return noted(inner_->begin(targets)); }
  StrategyStep acknowledged(const std::string& cluster) override {
    log_.add(cluster + " has it");
    return noted(inner_->acknowledged(cluster));
  }
  StrategyStep failed(const std::string& cluster) override {
    log_.add(cluster + " failed");
    return noted(inner_->failed(cluster));
  }

 private:
  StrategyStep noted(StrategyStep step) {
    for (const std::string& cluster : step.send_to) log_.add("to " + cluster);
    return step;
  }
  std::unique_ptr<Strategy> inner_;
  Collected<std::string>& log_;
};

TEST_F(Strategies, a_chain_goes_to_the_next_when_the_one_before_has_it) {
  Collected<std::string> log;
  const auto result = replicate(
      "1", {"west", "north"},
      std::make_unique<Recorded>(made(ReplicationStrategy::chain, {"west", "north"}), log));
  EXPECT_EQ(result.status, OperationStatus::done) << result.error.text;
  EXPECT_EQ(log.all(), (Names{"to west", "west has it", "to north", "north has it"}));
  EXPECT_EQ(stored(*north, "1").value, "value of 1");
}

TEST_F(Strategies, a_chain_stops_at_one_that_fails_and_a_ring_passes_over_it) {
  west.reset();
  const auto chain =
      replicate("1", {"west", "north"}, made(ReplicationStrategy::chain, {"west", "north"}), 400);
  EXPECT_EQ(chain.status, OperationStatus::timed_out);
  EXPECT_EQ(chain.missing, (Names{"west"}));
  EXPECT_EQ(stored(*north, "1").state, EntryState::syncing);  // Nothing older is served.
  const auto ring =
      replicate("2", {"west", "north"}, made(ReplicationStrategy::ring, {"west", "north"}), 400);
  EXPECT_EQ(ring.status, OperationStatus::timed_out);
  EXPECT_EQ(ring.missing, (Names{"west"}));
  EXPECT_EQ(ring.confirmed, (Names{"north"}));
  EXPECT_EQ(stored(*north, "2").value, "value of 2");
}

class FirstOnly : public Strategy {
 public:
  StrategyStep begin(const Names& targets) override { return StrategyStep::send({targets[0]}); }
  StrategyStep acknowledged(const std::string& /*cluster*/) override {
    return StrategyStep::done();
  }
  StrategyStep failed(const std::string& /*cluster*/) override { return StrategyStep::failed(); }
};

TEST_F(Strategies, an_own_strategy_decides_who_gets_the_value_and_when_it_is_done) {
  const auto result = replicate("1", {"west", "north"}, std::make_unique<FirstOnly>());
  EXPECT_EQ(result.status, OperationStatus::done) << result.error.text;
  EXPECT_EQ(result.confirmed, (Names{"west"}));
  EXPECT_EQ(stored(*west, "1").value, "value of 1");
  EXPECT_EQ(stored(*north, "1").state, EntryState::syncing);
}

class Thrower : public FirstOnly {
 public:
  StrategyStep acknowledged(const std::string& /*cluster*/) override {
    throw std::runtime_error("no idea");
  }
};

TEST_F(Strategies, one_that_throws_ends_its_operation_alone) {
  EXPECT_EQ(replicate("1", {"west"}, std::make_unique<Thrower>()).status,
            OperationStatus::timed_out);
  EXPECT_EQ(replicate("1", {"west"}, std::make_unique<FirstOnly>()).status, OperationStatus::done);
}

TEST_F(Strategies, tags_and_values_that_come_later_belong_together) {
  CacheReplication fact;
  fact.address = address_of("1");
  fact.targets = {"west", "north"};
  fact.tags = {"team 7"};
  const auto operation =
      client->replicate(fact, "v", made(ReplicationStrategy::chain, fact.targets));
  ASSERT_TRUE(operation) << operation.error().text;
  ASSERT_EQ(operation->wait(kPatience).status, OperationStatus::done);
  CacheInvalidation team;
  team.address = address_of("team 7");
  team.type = InvalidationType::tag;
  team.tracking.wait = WaitLevel::applied;
  const auto dropped = client->invalidate(team);
  ASSERT_TRUE(dropped) << dropped.error().text;
  ASSERT_EQ(dropped->wait(kPatience).status, OperationStatus::done);
  EXPECT_NE(stored(*west, "1").state, EntryState::shared);
  EXPECT_NE(stored(*north, "1").state, EntryState::shared);
}

TEST_F(Strategies, a_namespace_of_a_near_cache_has_its_strategy_and_its_routes) {
  auto routes = std::make_shared<RouteTable>();
  ASSERT_TRUE(routes->add("users", "eu.#", {"north"}));
  ASSERT_TRUE(routes->add("users", "none.#", {}));
  NearCacheOptions options;
  options.defaults.writes = WriteMode::replicate;
  options.defaults.strategy = ReplicationStrategy::quorum;
  options.defaults.quorum = 1;
  options.defaults.router = routes;
  auto cache = NearCache::create(*client, options);
  ASSERT_TRUE(cache) << cache.error().text;
  CacheSpace& users = (*cache)->space("users");
  const auto put = [&](const std::string& key) {
    const auto operation = users.put(key, "v");
    EXPECT_TRUE(operation) << operation.error().text;
    return operation->wait(kPatience);
  };
  EXPECT_EQ(put("eu.1").confirmed, (Names{"north"}));
  EXPECT_EQ(stored(*north, "eu.1").value, "v");
  EXPECT_NE(stored(*west, "eu.1").state, EntryState::shared);
  EXPECT_EQ(put("none.1").status, OperationStatus::done);
  EXPECT_EQ(put("us.1").status, OperationStatus::done);
}

TEST_F(Strategies, what_a_bridge_is_configured_with_per_namespace_holds) {
  CacheFederationConfiguration configuration;
  configuration.cluster_id = "east";
  configuration.namespaces["users"].strategy = ReplicationStrategy::chain;
  auto bridge = CacheFederationBridge::create(*client, configuration);
  ASSERT_TRUE(bridge) << bridge.error().text;
  FederatedCacheKey key;
  key.namespace_name = "users";
  key.key = "1";
  key.cluster_id = "east";
  const auto operation = (*bridge)->send_cache_replication(key, "v", {"west", "north"});
  ASSERT_TRUE(operation) << operation.error().text;
  EXPECT_EQ(operation->wait(kPatience).confirmed, (Names{"north", "west"}));
  configuration.enable_sync_replication = false;
  const auto refused = CacheFederationBridge::create(*client, configuration);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().text,
            "namespaces['users']: strategy chain is switched off: enable_sync_replication is "
            "false");
}

TEST(MakeStrategy, names_what_it_cannot_do) {
  const auto text = [](ReplicationStrategy strategy, const Names& targets, std::uint32_t quorum) {
    const auto one = make_strategy(strategy, targets, quorum);
    return one ? std::string("made") : one.error().text;
  };
  EXPECT_EQ(text(ReplicationStrategy::quorum, {"a", "b"}, 3), "quorum is 3, of 2 targets");
  EXPECT_EQ(text(ReplicationStrategy::quorum, {"*"}, 0),
            "quorum is 0, more than half of the targets: name each of them, or say how many");
  EXPECT_EQ(text(ReplicationStrategy::ring, {"a", "@eu"}, 0),
            "targets name @eu: the strategy ring needs each cluster by its name, in order");
  EXPECT_EQ(text(ReplicationStrategy::quorum, {"a", "b"}, 0), "made");
}

TEST(RouteTable, the_first_route_that_fits_decides) {
  RouteTable routes;
  ASSERT_TRUE(routes.add("users", "eu.*", {"@eu"}));
  ASSERT_TRUE(routes.add("users", "#", {"east", "west"}));
  EXPECT_EQ(routes.targets("users", "eu.1"), (Names{"@eu"}));
  EXPECT_EQ(routes.targets("users", "eu.1.2"), (Names{"east", "west"}));
  EXPECT_EQ(routes.targets("pages", "eu.1"), (Names{"*"}));
  EXPECT_FALSE(routes.add("us ers", "#", {}));
  EXPECT_FALSE(routes.add("users", "a..b", {}));
}

}  // namespace
}  // namespace mpreg
