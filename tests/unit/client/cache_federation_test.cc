#include "mpreg/cache_federation.h"

#include <map>
#include <stdexcept>

#include "unit/client/client_rig.h"

namespace mpreg {
namespace {

FederatedCacheKey key_of(const std::string& key) {
  FederatedCacheKey cache_key;
  cache_key.namespace_name = "users";
  cache_key.key = key;
  cache_key.cluster_id = "east";
  return cache_key;
}

// Two clusters: a hub and a spoke, one service in each.
class CacheFederation : public ::testing::Test {
 protected:
  CacheFederation() {
    hub = start_broker(broker_options("east"));
    BrokerOptions options = broker_options("west");
    options.hubs = {to_string(hub->endpoints().link)};
    spoke = start_broker(options);
    east = start_client(*hub);
    west = start_client(*spoke);
  }
  void SetUp() override {
    ASSERT_TRUE(west->barrier(kPatience));
    ASSERT_TRUE(values_arrive(*east, *west));
  }

  std::unique_ptr<CacheFederationBridge> bridge(Client& client, const std::string& cluster,
                                                CacheFederationCallbacks callbacks = {}) {
    CacheFederationConfiguration configuration;
    configuration.cluster_id = cluster;
    configuration.max_pending_operations = 2;
    auto made = CacheFederationBridge::create(client, configuration, std::move(callbacks));
    EXPECT_TRUE(made.has_value()) << made.error().text;
    return made ? std::move(*made) : nullptr;
  }

  std::unique_ptr<Broker> hub;
  std::unique_ptr<Broker> spoke;
  std::unique_ptr<Client> east;
  std::unique_ptr<Client> west;
};

TEST_F(CacheFederation, an_invalidation_is_applied_elsewhere_and_counted_at_both_ends) {
  Collected<std::string> dropped;
  CacheFederationCallbacks callbacks;
  callbacks.on_invalidation = [&](const CacheInvalidation& invalidation,
                                  const CacheSource& source) {
    dropped.add(source.cluster + " " + invalidation.address.key + " " + invalidation.reason);
  };
  const auto there = bridge(*west, "west", callbacks);
  const auto here = bridge(*east, "east");
  ASSERT_TRUE(there && here);
  ASSERT_TRUE(west->barrier(kPatience));
  InvalidationOptions options;
  options.reason = "profile changed";
  const auto operation = here->send_cache_invalidation(key_of("1"), options);
  ASSERT_TRUE(operation) << operation.error().text;
  const OperationResult result = operation->wait(kPatience);
  EXPECT_EQ(result.status, OperationStatus::done);
  EXPECT_EQ(result.confirmed, (Texts{"west"}));
  EXPECT_EQ(dropped.wait_for(1), (Texts{"east 1 profile changed"}));
  const BridgeStatistics sent = here->federation_statistics();
  EXPECT_EQ(sent.invalidations_sent, 1U);
  EXPECT_EQ(sent.pending_operations_count, 0U);
  EXPECT_EQ(sent.success_rate(), 1.0);
  EXPECT_EQ(sent.invalidations_received, 0U);  // Not its own echo.
  EXPECT_EQ(here->cluster_statistics("west")->invalidations_sent, 1U);
  EXPECT_EQ(there->cluster_statistics("east")->invalidations_received, 1U);
  EXPECT_EQ(here->cluster_statistics("north").error().code, ErrorCode::refused);
}

TEST_F(CacheFederation, a_replication_brings_its_value_to_the_target) {
  Collected<std::string> values;
  CacheFederationCallbacks callbacks;
  callbacks.on_replication = [&](const CacheValue& value, const CacheSource& source) {
    values.add(source.cluster + " " + value.address.key + "=" + value.value);
  };
  const auto there = bridge(*west, "west", callbacks);
  const auto here = bridge(*east, "east");
  ASSERT_TRUE(there && here);
  ASSERT_TRUE(west->barrier(kPatience));
  ReplicationOptions options;
  options.strategy = ReplicationStrategy::sync;
  const auto operation = here->send_cache_replication(key_of("1"), "the value", {"west"}, options);
  ASSERT_TRUE(operation) << operation.error().text;
  EXPECT_EQ(operation->wait(kPatience).status, OperationStatus::done);
  EXPECT_EQ(values.wait_for(1), (Texts{"east 1=the value"}));
  EXPECT_EQ(here->federation_statistics().replications_sent, 1U);
  EXPECT_EQ(there->cluster_statistics("east")->replications_received, 1U);
}

TEST_F(CacheFederation, a_cache_that_is_written_as_the_callbacks_say_keeps_every_value) {
  constexpr int kKeys = 200;
  std::map<std::string, std::string> cache;  // The receiving thread, until everything has come.
  std::map<std::string, HybridTime> syncing;
  Collected<std::string> facts;
  Collected<std::string> values;
  Collected<std::string> out_of_order;
  CacheFederationCallbacks callbacks;
  callbacks.on_syncing = [&](const CacheReplication& fact, const CacheSource& source) {
    cache.erase(fact.address.key);
    syncing[fact.address.key] = source.version;
    facts.add(fact.address.key);
  };
  callbacks.on_replication = [&](const CacheValue& value, const CacheSource& source) {
    cache[value.address.key] = value.value;
    if (syncing[value.address.key] != source.version) out_of_order.add(value.address.key);
    values.add(value.address.key);
  };
  const auto there = bridge(*west, "west", callbacks);
  const auto here = bridge(*east, "east");
  ASSERT_TRUE(there && here);
  ASSERT_TRUE(west->barrier(kPatience));
  for (int i = 0; i < kKeys; ++i) {
    const std::string key = std::to_string(i);
    ASSERT_TRUE(here->send_cache_replication(key_of(key), "value " + key, {"west"}));
  }
  EXPECT_EQ(facts.wait_for(kKeys).size(), std::size_t{kKeys});
  EXPECT_EQ(values.wait_for(kKeys).size(), std::size_t{kKeys});
  EXPECT_EQ(out_of_order.all(), Texts{});
  EXPECT_EQ(cache.size(), std::size_t{kKeys});
}

TEST_F(CacheFederation, operations_that_nobody_confirms_hold_the_slots_until_they_end) {
  const auto here = bridge(*east, "east");
  ASSERT_TRUE(here);
  spoke.reset();  // Still a member, and confirms nothing.
  InvalidationOptions options;
  options.targets = {"west"};
  options.timeout = seconds(60);
  const auto first = here->send_cache_invalidation(key_of("1"), options);
  const auto second = here->send_cache_invalidation(key_of("2"), options);
  ASSERT_TRUE(first && second);
  const auto third = here->send_cache_invalidation(key_of("3"), options);
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().code, ErrorCode::overloaded);
  EXPECT_EQ(here->federation_statistics().pending_operations_count, 2U);
  // Untracked ones go on.
  InvalidationOptions untracked;
  untracked.wait = WaitLevel::accepted;
  const auto fourth = here->send_cache_invalidation(key_of("4"), untracked);
  ASSERT_TRUE(fourth) << fourth.error().text;
  EXPECT_EQ(fourth->wait(kPatience).status, OperationStatus::done);
  ASSERT_TRUE(east->flush());
  EXPECT_EQ(here->complete_operation(first->id(), true), true);
  EXPECT_EQ(first->wait(kPatience).status, OperationStatus::done);
  EXPECT_EQ(here->complete_operation(first->id(), true), false);
  EXPECT_EQ(here->complete_operation(second->id(), false), true);
  EXPECT_EQ(second->wait(kPatience).status, OperationStatus::failed);
  const BridgeStatistics statistics = here->federation_statistics();
  EXPECT_EQ(statistics.pending_operations_count, 0U);
  EXPECT_EQ(statistics.failed_operations, 1U);
  EXPECT_EQ(statistics.invalidations_sent, 3U);
}

TEST_F(CacheFederation, a_deadline_names_who_is_missing) {
  const auto here = bridge(*east, "east");
  ASSERT_TRUE(here);
  spoke.reset();
  InvalidationOptions options;
  options.targets = {"west"};
  options.timeout = milliseconds(50);
  const auto operation = here->send_cache_invalidation(key_of("1"), options);
  ASSERT_TRUE(operation);
  const OperationResult result = operation->wait(kPatience);
  EXPECT_EQ(result.status, OperationStatus::timed_out);
  EXPECT_EQ(result.missing, (Texts{"west"}));
  EXPECT_EQ(here->federation_statistics().timeout_operations, 1U);
}

TEST_F(CacheFederation, what_breaks_a_rule_is_refused_before_anything_is_sent) {
  CacheFederationConfiguration configuration;
  configuration.cluster_id = "east";
  configuration.enable_sync_replication = false;
  auto made = CacheFederationBridge::create(*east, configuration);
  ASSERT_TRUE(made);
  CacheFederationBridge& here = **made;
  const std::uint64_t published = east->statistics().published;
  EXPECT_EQ(here.send_cache_invalidation(key_of("")).error().code, ErrorCode::malformed);
  EXPECT_EQ(here.send_cache_replication(key_of("1"), "v", {}).error().code, ErrorCode::malformed);
  ReplicationOptions options;
  options.strategy = ReplicationStrategy::sync;
  const auto off = here.send_cache_replication(key_of("1"), "v", {"west"}, options);
  ASSERT_FALSE(off);
  EXPECT_EQ(off.error().code, ErrorCode::refused);
  EXPECT_NE(off.error().text.find("enable_sync_replication"), std::string::npos);
  options.strategy = ReplicationStrategy::chain;
  EXPECT_EQ(here.send_cache_replication(key_of("1"), "v", {"west"}, options).error().code,
            ErrorCode::refused);
  EXPECT_EQ(here.federation_statistics(), BridgeStatistics{});
  EXPECT_EQ(east->statistics().published, published);
  configuration.cluster_id = "north";
  const auto elsewhere = CacheFederationBridge::create(*east, configuration);
  ASSERT_FALSE(elsewhere);
  EXPECT_NE(elsewhere.error().text.find("cluster_id"), std::string::npos);
}

TEST_F(CacheFederation, what_a_callback_throws_is_a_receive_failure) {
  CacheFederationCallbacks callbacks;
  callbacks.on_invalidation = [](const CacheInvalidation&, const CacheSource&) {
    throw std::runtime_error("the cache is on fire");
  };
  const auto there = bridge(*west, "west", callbacks);
  const auto here = bridge(*east, "east");
  ASSERT_TRUE(there && here);
  ASSERT_TRUE(west->barrier(kPatience));
  Collected<std::string> texts;
  ASSERT_TRUE(west->subscribe({"mpreg.cache.federation.#"}, collect_into(texts)));
  ASSERT_TRUE(here->send_cache_invalidation(key_of("1")));
  texts.wait_for(1);  // The later subscription is served after the bridge's.
  const BridgeStatistics statistics = there->federation_statistics();
  EXPECT_EQ(statistics.invalidations_received, 1U);
  EXPECT_EQ(statistics.invalidations_processed, 0U);
  EXPECT_EQ(statistics.receive_failures, 1U);
}

TEST_F(CacheFederation, health_is_told_at_the_configured_interval) {
  Collected<HealthReport> reports;
  CacheFederationConfiguration configuration;
  configuration.cluster_id = "east";
  configuration.coherence_check_interval_seconds = 0.02;
  CacheFederationCallbacks callbacks;
  callbacks.on_health = [&](const HealthReport& report) { reports.add(report); };
  auto made = CacheFederationBridge::create(*east, configuration, callbacks);
  ASSERT_TRUE(made);
  const auto told = reports.wait_for(2);
  ASSERT_GE(told.size(), 2U);
  EXPECT_TRUE(told[0].healthy);
  made->reset();  // No report comes after this has returned.
  const std::size_t count = reports.all().size();
  ASSERT_TRUE(east->barrier());
  EXPECT_EQ(reports.all().size(), count);
}

}  // namespace
}  // namespace mpreg
