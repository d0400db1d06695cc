#include "mpreg/near_cache.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>

#include "client_rig.h"

namespace mpreg {
namespace {

// Two services of two clusters, each with a near cache.
struct NearCaches : testing::Test {
  std::unique_ptr<Broker> hub = start_broker(broker_options("hub"));
  std::unique_ptr<Broker> east = start_spoke("east");
  std::unique_ptr<Client> at_hub = start_client(*hub);
  std::unique_ptr<Client> at_east = start_client(*east);
  std::unique_ptr<NearCache> there;
  std::unique_ptr<NearCache> here;

  NearCaches() {
    // What was written before the clusters have met takes everything from near caches.
    EXPECT_TRUE(values_arrive(*at_hub, *at_east));
    EXPECT_TRUE(values_arrive(*at_east, *at_hub));
    there = cache_of(*at_hub);
    here = cache_of(*at_east);
    EXPECT_TRUE(there->wait_coherent("users", kPatience));
    EXPECT_TRUE(here->wait_coherent("users", kPatience));
    EXPECT_TRUE(wait_until([&] { return knows(*at_hub, "east") && knows(*at_east, "hub"); }));
  }

  std::unique_ptr<Broker> start_spoke(const std::string& cluster) {
    BrokerOptions options = broker_options(cluster);
    options.hubs = {to_string(hub->endpoints().link)};
    return start_broker(options);
  }
  static NearCacheOptions replicating() {
    NearCacheOptions options;
    options.defaults.writes = WriteMode::replicate;
    options.defaults.ask_cluster = true;
    return options;
  }
  static std::unique_ptr<NearCache> cache_of(Client& client, NearCacheOptions options = {}) {
    auto cache = NearCache::create(client, std::move(options));
    EXPECT_TRUE(cache.has_value()) << cache.error().text;
    return cache ? std::move(*cache) : nullptr;
  }
  template <typename Condition>
  static bool wait_until(Condition&& condition) {
    const auto until = std::chrono::steady_clock::now() + kPatience;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > until) return false;
      pause();
    }
    return true;
  }
  static void pause() {
    static std::mutex mutex;
    static std::condition_variable never;
    std::unique_lock lock(mutex);
    never.wait_for(lock, milliseconds(2));
  }
  static bool knows(Client& client, const std::string& cluster) {
    const auto members = client.query("members");
    return members && members->find('"' + cluster + '"') != std::string::npos;
  }
  static std::string text_of(const std::optional<CachedValue>& value) {
    if (!value) return "-";
    return value->exists ? value->value : "absent";
  }
  // It may have to renew its lease first, when the machine has stalled.
  static bool comes_to_serve(CacheSpace& space, std::string_view key, std::string_view wanted) {
    return wait_until([&] { return text_of(space.get(key)) == wanted; });
  }
  static bool done(const Result<Operation>& operation) {
    return operation && operation->wait(kPatience).status == OperationStatus::done;
  }
};

TEST_F(NearCaches, WhatIsLoadedIsServedUntilSomebodyChangesIt) {
  CacheSpace& users = here->space("users");
  std::string source = "v1";
  const auto load = [&] { return Loaded(source); };
  EXPECT_EQ(text_of(users.get("7")), "-");
  EXPECT_EQ(users.get_or_load("7", load)->value, "v1");
  EXPECT_EQ(users.get_or_load("7", [] { return Loaded("not asked"); })->value, "v1");
  source = "v2";
  ASSERT_TRUE(done(there->space("users").put("7", "v2", {.wait = WaitLevel::observed})));
  EXPECT_EQ(text_of(users.get("7")), "-");
  EXPECT_EQ(users.get_or_load("7", load)->value, "v2");
  EXPECT_TRUE(comes_to_serve(there->space("users"), "7", "v2"));
  const auto statistics = here->statistics();
  EXPECT_EQ(statistics.loads, 2U);
  EXPECT_EQ(statistics.hits, 1U);
  EXPECT_EQ(statistics.invalidations, 1U);
}

TEST_F(NearCaches, AReplicatedValueIsServedEverywhere) {
  there = cache_of(*at_hub, replicating());
  here = cache_of(*at_east, replicating());
  ASSERT_TRUE(here->wait_coherent("users", kPatience));
  ASSERT_TRUE(done(there->space("users").put("7", "v1", {.wait = WaitLevel::applied})));
  EXPECT_TRUE(wait_until([&] { return text_of(here->space("users").get("7")) == "v1"; }));
  // And a cache that comes later finds it in its cluster's store.
  const auto other = start_client(*east);
  const auto late = cache_of(*other, replicating());
  ASSERT_TRUE(late->wait_coherent("users", kPatience));
  const auto got = late->space("users").get_or_load("7", [] { return Loaded("not asked"); });
  EXPECT_EQ(got->value, "v1");
  EXPECT_EQ(got->freshness, Freshness::coherent);
  EXPECT_EQ(late->statistics().cluster_hits, 1U);
  EXPECT_TRUE(comes_to_serve(late->space("users"), "7", "v1"));
}

TEST_F(NearCaches, WhatDoesNotExistIsKnownUntilItDoes) {
  CacheSpace& users = here->space("users");
  EXPECT_FALSE(users.get_or_load("7", [] { return Loaded(std::nullopt); })->exists);
  EXPECT_TRUE(comes_to_serve(users, "7", "absent"));
  ASSERT_TRUE(done(there->space("users").put("7", "v", {.wait = WaitLevel::observed})));
  EXPECT_EQ(text_of(users.get("7")), "-");
}

TEST_F(NearCaches, WhatIsErasedDoesNotExist) {
  CacheSpace& users = here->space("users");
  ASSERT_TRUE(users.get_or_load("7", [] { return Loaded("v"); }).has_value());
  ASSERT_TRUE(done(there->space("users").erase("7", {.wait = WaitLevel::observed})));
  EXPECT_EQ(text_of(users.get("7")), "-");
  EXPECT_TRUE(comes_to_serve(there->space("users"), "7", "absent"));
}

TEST_F(NearCaches, PatternsTagsAndNamespaces) {
  CacheSpace& users = here->space("users");
  Loaded tagged("v");
  tagged.tags = {"team"};
  ASSERT_TRUE(users.get_or_load("a.1", [] { return Loaded("v"); }).has_value());
  ASSERT_TRUE(users.get_or_load("b.1", [&] { return tagged; }).has_value());
  ASSERT_TRUE(users.get_or_load("c.1", [] { return Loaded("v"); }).has_value());
  CacheSpace& others = there->space("users");
  ASSERT_TRUE(done(others.invalidate_pattern("a.#", WaitLevel::observed)));
  EXPECT_EQ(text_of(users.get("a.1")), "-");
  EXPECT_TRUE(comes_to_serve(users, "b.1", "v"));
  ASSERT_TRUE(done(others.invalidate_tag("team", WaitLevel::observed)));
  EXPECT_EQ(text_of(users.get("b.1")), "-");
  EXPECT_TRUE(comes_to_serve(users, "c.1", "v"));
  ASSERT_TRUE(done(others.invalidate_all(WaitLevel::observed)));
  EXPECT_EQ(text_of(users.get("c.1")), "-");
}

// Pitfall 20: one load, whoever asks.
TEST_F(NearCaches, Pitfall20OneLoadPerKey) {
  CacheSpace& users = here->space("users");
  std::atomic<int> loads{0};
  std::vector<std::thread> readers;
  for (int i = 0; i < 8; ++i) {
    readers.emplace_back([&] {
      const auto got = users.get_or_load("7", [&] {
        ++loads;
        (void)wait_until([&] { return here->statistics().loads_shared >= 3; });
        return Loaded("v");
      });
      EXPECT_EQ(got->value, "v");
    });
  }
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(loads, 1);
}

// Pitfall 1, over everything: the value changes while it is loaded.
TEST_F(NearCaches, Pitfall01WhatChangesWhileItIsLoadedIsLoadedAgain) {
  CacheSpace& users = here->space("users");
  int loads = 0;
  const auto got = users.get_or_load("7", [&] {
    if (++loads > 1) return Loaded("v2");
    EXPECT_TRUE(done(there->space("users").invalidate("7", WaitLevel::observed)));
    return Loaded("v1");
  });
  EXPECT_EQ(got->value, "v2");
  EXPECT_EQ(got->freshness, Freshness::coherent);
  EXPECT_TRUE(comes_to_serve(users, "7", "v2"));
}

// Pitfall 21: what is loaded is no change, and nobody is told of it.
TEST_F(NearCaches, Pitfall21FillsAreNotChanges) {
  const auto before = at_east->statistics().published;
  ASSERT_TRUE(here->space("users").get_or_load("7", [] { return Loaded("v"); }).has_value());
  EXPECT_EQ(at_east->statistics().published, before);
}

TEST_F(NearCaches, ALoadThatFailsIsTheCallersToHandle) {
  CacheSpace& users = here->space("users");
  const auto got = users.get_or_load(
      "7", []() -> Result<Loaded> { return fail(ErrorCode::internal, "the database is down"); });
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().text, "the database is down");
  EXPECT_THROW((void)users.get_or_load("7", []() -> Result<Loaded> { throw 1; }), int);
  EXPECT_EQ(users.get_or_load("7", [] { return Loaded("v"); })->value, "v");
  EXPECT_EQ(here->statistics().loads_running, 0U);
}

TEST_F(NearCaches, ATokenMakesAReaderElsewhereSeeTheWrite) {
  CacheSpace& users = here->space("users");
  ASSERT_TRUE(users.get_or_load("7", [] { return Loaded("v1"); }).has_value());
  ASSERT_TRUE(done(there->space("users").put("7", "v2")));
  const std::string text = there->token().text();
  EXPECT_LE(text.size(), 64U);
  const auto token = ConsistencyToken::parse(text);
  ASSERT_TRUE(token) << token.error().text;
  const auto got = users.get("7", *token, kPatience);
  ASSERT_TRUE(got) << got.error().text;
  EXPECT_EQ(text_of(*got), "-");
  const auto unheard = ConsistencyToken::parse("nowhere:1:1:1");
  ASSERT_TRUE(unheard) << unheard.error().text;
  EXPECT_EQ(users.get("7", *unheard, milliseconds(1)).error().code, ErrorCode::timed_out);
}

// A broker that dies: its services stop serving by their own clock.
TEST_F(NearCaches, Pitfall09ALostBrokerEndsTheRightToServe) {
  NearCacheOptions options;
  CacheSpaceOptions stale;
  stale.when_lost = StalePolicy::serve_stale(std::chrono::hours(1));
  options.spaces["stale"] = stale;
  here = cache_of(*at_east, options);
  ASSERT_TRUE(here->wait_coherent("users", kPatience));
  for (const char* space : {"users", "stale"}) {
    ASSERT_TRUE(here->space(space).get_or_load("7", [] { return Loaded("v"); }).has_value());
  }
  east.reset();
  ASSERT_TRUE(wait_until([&] { return here->state("users") == "suspect"; }));
  EXPECT_EQ(text_of(here->space("users").get("7")), "-");
  const auto stale_read = here->space("stale").get("7");
  ASSERT_TRUE(stale_read);
  EXPECT_EQ(stale_read->freshness, Freshness::stale);
  EXPECT_GT(here->statistics().misses_suspect, 0U);
  // What is loaded now is not promised.
  const auto loaded = here->space("users").get_or_load("8", [] { return Loaded("v"); });
  EXPECT_EQ(loaded->freshness, Freshness::degraded);
}

// A cluster that falls silent: served for a while, and said so.
TEST_F(NearCaches, Pitfall07ASilentClusterDegradesWhatItMayWrite) {
  NearCacheOptions options;
  CacheSpaceOptions own;
  own.writers = {"east"};
  options.spaces["own"] = own;
  here = cache_of(*at_east, options);
  ASSERT_TRUE(here->wait_coherent("users", kPatience));
  ASSERT_TRUE(here->wait_coherent("own", kPatience));
  for (const char* space : {"users", "own"}) {
    ASSERT_TRUE(here->space(space).get_or_load("7", [] { return Loaded("v"); }).has_value());
  }
  hub.reset();
  ASSERT_TRUE(wait_until([&] { return here->state("users") == "degraded"; }));
  EXPECT_EQ(here->space("users").get("7")->freshness, Freshness::degraded);
  EXPECT_EQ(here->space("own").get("7")->freshness, Freshness::coherent);
}

TEST_F(NearCaches, WhatIsWrongIsNamed) {
  CacheSpace& users = here->space("users");
  EXPECT_EQ(users.put("", "v").error().code, ErrorCode::malformed);
  EXPECT_EQ(here->space("no such:name").put("7", "v").error().code, ErrorCode::malformed);
  EXPECT_FALSE(here->space("no such:name").get("7"));
  EXPECT_EQ(users.put("7", "v", {.tags = std::vector<std::string>(65, "t")}).error().code,
            ErrorCode::malformed);
  NearCacheOptions options;
  options.defaults.ttl_jitter = 2.0;
  const auto cache = NearCache::create(*at_east, options);
  ASSERT_FALSE(cache);
  EXPECT_NE(cache.error().text.find("ttl_jitter is 2"), std::string::npos);
  options.defaults.ttl_jitter = 0.0;
  options.bytes_max = 1;
  EXPECT_NE(NearCache::create(*at_east, options).error().text.find("bytes_max"), std::string::npos);
}

TEST(Tokens, AreReadBackAsTheyWereWritten) {
  Frontier frontier({{{"east", {12, 1'764'000'000'000}, Lane::cache}, 12'345'678},
                     {{"west.eu", {7, 35}, Lane::cache}, 1}});
  const ConsistencyToken token(frontier);
  EXPECT_EQ(token.text(), "east:c:midc1z40:7clzi:west.eu:7:z:1");
  EXPECT_EQ(*ConsistencyToken::parse(token.text()), token);
  EXPECT_TRUE(ConsistencyToken::parse("")->empty());
  for (const char* wrong : {"east", "east:1:2", "east:1:2:3:", ":1:2:3", "east:1:2:-3",
                            "east:1:2:3:west:3:4:", "east:zzzzzzzzzzzzzzzz:1:1"}) {
    EXPECT_FALSE(ConsistencyToken::parse(wrong)) << wrong;
  }
}

TEST_F(NearCaches, misses_are_not_held_up_by_a_broker_that_has_gone) {
  NearCacheOptions options;
  options.defaults.ask_cluster = true;
  options.defaults.load_once_in_cluster = true;
  const auto cache = cache_of(*at_east, options);
  ASSERT_TRUE(cache->wait_coherent("users", kPatience));
  east.reset();
  const auto began = std::chrono::steady_clock::now();
  for (const std::string key : {"1", "2", "3"}) {
    const auto loaded = cache->space("users").get_or_load(key, [] { return Loaded("Ada"); });
    ASSERT_TRUE(loaded) << loaded.error().text;
    EXPECT_EQ(loaded->value, "Ada");
  }
  // Without a broker every call waits for as long as ClientOptions::call_timeout: 10 s.
  EXPECT_LT(std::chrono::steady_clock::now() - began, seconds(5));
}

TEST_F(NearCaches, who_joins_a_load_without_the_right_to_serve_gets_nothing_that_was_read_before) {
  CacheSpace& users = here->space("users");
  std::atomic<bool> is_loading{false};
  std::promise<void> change;
  Result<CachedValue> of_first = fail(ErrorCode::internal, "not loaded");
  std::thread first([&, changed = change.get_future()] {
    of_first = users.get_or_load("7", [&] {
      is_loading = true;
      changed.wait();
      return Loaded("old");
    });
  });
  EXPECT_TRUE(wait_until([&] { return is_loading.load(); }));
  east.reset();
  EXPECT_TRUE(wait_until([&] { return here->state("users") == "suspect"; }));
  Result<CachedValue> of_second = fail(ErrorCode::internal, "not loaded");
  std::thread second([&] { of_second = users.get_or_load("7", [] { return Loaded("new"); }); });
  EXPECT_TRUE(wait_until([&] { return here->statistics().loads_shared == 1; }));
  change.set_value();
  first.join();
  second.join();
  ASSERT_TRUE(of_first && of_second);
  EXPECT_EQ(of_first->value, "old");
  EXPECT_NE(of_first->freshness, Freshness::coherent);
  EXPECT_EQ(of_second->value, "new");
  EXPECT_NE(of_second->freshness, Freshness::coherent);
}

TEST_F(NearCaches, an_absence_that_is_not_kept_is_none_after_an_observed_invalidation) {
  NearCacheOptions options;
  options.defaults.absent_ttl = milliseconds(0);
  const auto cache = cache_of(*at_east, options);
  ASSERT_TRUE(cache->wait_coherent("users", kPatience));
  int loads = 0;
  const auto loaded = cache->space("users").get_or_load("7", [&]() -> Result<Loaded> {
    if (++loads > 1) return Loaded("Ada");
    // It is made while this reads, and whoever made it waits until nobody misses it any more.
    EXPECT_TRUE(done(there->space("users").invalidate("7", WaitLevel::observed)));
    return Loaded(std::nullopt);
  });
  ASSERT_TRUE(loaded);
  EXPECT_EQ(text_of(*loaded), "Ada");
  EXPECT_EQ(loads, 2);
}

}  // namespace
}  // namespace mpreg
