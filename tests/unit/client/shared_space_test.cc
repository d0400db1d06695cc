#include "mpreg/shared_space.h"

#include <thread>

#include "mpreg/near_cache.h"
#include "unit/client/client_rig.h"
#include "unit/disk/disk_fixture.h"

namespace mpreg {
namespace {

// Two clusters that write the same keys.
class SharedSpaces : public TwoClusters {
 protected:
  SharedSpaces() : TwoClusters(configure) { sync.wait = WaitLevel::applied; }
  static void configure(BrokerOptions& options) {
    options.resolvers = {"hits=counter", "carts=set", "profiles=map", "flags=register",
                         "pages=prefer_cluster:east=2,west=1"};
  }
  static void done(const Result<Operation>& operation) {
    ASSERT_TRUE(operation) << operation.error().text;
    const OperationResult result = operation->wait(kPatience);
    ASSERT_EQ(result.status, OperationStatus::done) << result.error.text;
  }
  // Until the question has this answer, or patience has ended.
  template <typename Ask, typename Answer>
  void expect_soon(Ask ask, const Answer& wanted) {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    auto got = ask();
    while (!(got && *got == wanted) && std::chrono::steady_clock::now() < end) {
      ASSERT_TRUE(east->barrier(kPatience));
      got = ask();
    }
    ASSERT_TRUE(got) << got.error().text;
    EXPECT_EQ(*got, wanted);
  }

  SharedSpaceOptions sync;
};

TEST_F(SharedSpaces, no_increment_is_lost_whoever_adds_where) {
  SharedSpace here(*east, "hits");
  SharedSpace there(*west, "hits");
  SharedSpace also_there(*west, "hits");
  std::vector<std::thread> writers;
  for (SharedSpace* space : {&here, &there, &also_there}) {
    writers.emplace_back([space] {
      for (int i = 0; i < 50; ++i) EXPECT_TRUE(space->add("home", i % 5 == 0 ? -1 : 2));
    });
  }
  for (std::thread& writer : writers) writer.join();
  expect_soon([&] { return here.count("home"); }, std::int64_t{3 * (40 * 2 - 10)});
  expect_soon([&] { return there.count("home"); }, std::int64_t{3 * (40 * 2 - 10)});
}

TEST_F(SharedSpaces, an_erased_counter_begins_anew_for_everybody) {
  SharedSpace here(*east, "hits", sync);
  SharedSpace there(*west, "hits", sync);
  done(here.add("home", 5));
  done(there.add("home", 7));
  done(here.erase("home"));
  expect_soon([&] { return there.count("home"); }, std::int64_t{0});
  done(there.add("home", 1));
  expect_soon([&] { return here.count("home"); }, std::int64_t{1});
}

TEST_F(SharedSpaces, sets_keep_what_any_cluster_has_inserted) {
  SharedSpace here(*east, "carts", sync);
  SharedSpace there(*west, "carts", sync);
  done(here.insert("ann", "milk"));
  done(there.insert("ann", "bread"));
  using Members = std::set<std::string>;
  expect_soon([&] { return here.members("ann"); }, Members{"bread", "milk"});
  done(here.remove("ann", "bread"));
  expect_soon([&] { return there.members("ann"); }, Members{"milk"});
}

TEST_F(SharedSpaces, maps_and_registers_take_the_later_of_what_is_not_at_the_same_time) {
  SharedSpace here(*east, "profiles", sync);
  SharedSpace there(*west, "profiles", sync);
  done(here.set_field("7", "name", "Ann"));
  done(there.set_field("7", "town", "Ulm"));
  using Fields = std::map<std::string, std::string>;
  expect_soon([&] { return here.fields("7"); }, Fields{{"name", "Ann"}, {"town", "Ulm"}});
  done(here.set_field("7", "town", "Bonn"));
  expect_soon([&] { return there.fields("7"); }, Fields{{"name", "Ann"}, {"town", "Bonn"}});
  SharedSpace flags(*west, "flags", sync);
  done(flags.assign("dark", "on"));
  done(flags.assign("dark", "off"));
  EXPECT_EQ(flags.value("dark").value(), "off");
}

TEST_F(SharedSpaces, a_write_that_has_seen_another_replaces_it_and_a_blind_one_meets_the_resolver) {
  SharedSpace here(*east, "pages", sync);
  SharedSpace there(*west, "pages", sync);
  done(there.put("home", "of west"));
  done(here.put("home", "of east"));  // Has not seen it.
  const auto read = there.get("home");
  ASSERT_TRUE(read) << read.error().text;
  EXPECT_EQ(read->value, "of east");
  done(there.put("home", "blind"));
  EXPECT_EQ(there.get("home")->value, "of east");  // East weighs more.
  done(there.put("home", "of both", there.get("home")->seen));
  EXPECT_EQ(there.get("home")->value, "of both");
  EXPECT_EQ(here.get("home")->value, "of both");
  done(here.erase("home", here.get("home")->seen));
  EXPECT_EQ(there.get("home")->value, std::nullopt);
}

TEST_F(SharedSpaces, what_does_not_fit_is_refused_with_its_reason) {
  const auto plain = SharedSpace(*east, "users").get("1");
  ASSERT_FALSE(plain);
  EXPECT_EQ(plain.error().text,
            "namespace 'users' has no resolver at the broker: it needs --resolver users=...");
  EXPECT_EQ(SharedSpace(*east, "users").put("1", "v")->wait(kPatience).status,
            OperationStatus::refused);
  EXPECT_EQ(SharedSpace(*east, "hits").put("1", "no state")->wait(kPatience).status,
            OperationStatus::refused);
  CacheReplication fact;
  fact.address.namespace_name = "hits";
  fact.address.key = "1";
  fact.targets = {"*"};
  const auto refused = east->replicate(fact, "v")->wait(kPatience);
  EXPECT_EQ(refused.status, OperationStatus::refused);
  EXPECT_EQ(refused.error.text,
            "namespace 'hits' has a resolver here: its values are written by a shared space");
  SharedSpace carts(*east, "carts", sync);
  done(carts.insert("ann", "milk"));
  EXPECT_EQ(carts.count("ann").error().code, ErrorCode::malformed);
}

TEST_F(SharedSpaces, a_near_cache_keeps_what_was_read_until_somebody_writes) {
  NearCacheOptions options;
  options.defaults.ask_cluster = true;
  auto cache = NearCache::create(*west, options);
  ASSERT_TRUE(cache) << cache.error().text;
  CacheSpace& pages = (*cache)->space("pages");
  ASSERT_TRUE((*cache)->wait_coherent("pages", kPatience));
  SharedSpaceOptions observed;
  observed.wait = WaitLevel::observed;
  SharedSpace here(*east, "pages", observed);
  done(here.put("home", "1"));
  const Loader never = []() -> Result<Loaded> { return fail(ErrorCode::refused, "not loaded"); };
  EXPECT_EQ(pages.get_or_load("home", never)->value, "1");
  EXPECT_TRUE(pages.get("home"));  // Held.
  done(here.put("home", "2", here.get("home")->seen));
  EXPECT_FALSE(pages.get("home"));
  EXPECT_EQ(pages.get_or_load("home", never)->value, "2");
}

// ---- One load per cluster.

TEST_F(SharedSpaces, many_services_that_miss_a_key_load_it_once_in_their_cluster) {
  NearCacheOptions options;
  options.defaults.load_once_in_cluster = true;
  std::vector<std::unique_ptr<Client>> clients;
  std::vector<std::unique_ptr<NearCache>> caches;
  for (int i = 0; i < 4; ++i) {
    clients.push_back(start_client(*spoke));
    auto cache = NearCache::create(*clients.back(), options);
    ASSERT_TRUE(cache) << cache.error().text;
    ASSERT_TRUE((*cache)->wait_coherent("users", kPatience));
    caches.push_back(std::move(*cache));
  }
  std::atomic<int> loads{0};
  std::vector<std::thread> readers;
  for (const auto& cache : caches) {
    readers.emplace_back([&] {
      const auto value = cache->space("users").get_or_load("7", [&]() -> Result<Loaded> {
        ++loads;
        (void)east->barrier(kPatience);  // It takes a moment.
        return Loaded("Ann");
      });
      ASSERT_TRUE(value) << value.error().text;
      EXPECT_EQ(value->value, "Ann");
    });
  }
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(loads, 1);
  // What was loaded is dropped in the broker, too.
  CacheInvalidation changed;
  changed.address.namespace_name = "users";
  changed.address.key = "7";
  changed.tracking.wait = WaitLevel::observed;
  ASSERT_EQ(east->invalidate(changed)->wait(kPatience).status, OperationStatus::done);
  const auto again =
      caches[0]->space("users").get_or_load("7", []() -> Result<Loaded> { return Loaded("Eve"); });
  EXPECT_EQ(again->value, "Eve");
}

TEST_F(SharedSpaces, what_is_invalidated_while_it_is_loaded_is_not_kept_for_the_cluster) {
  NearCacheOptions options;
  options.defaults.load_once_in_cluster = true;
  auto cache = NearCache::create(*west, options);
  ASSERT_TRUE(cache);
  ASSERT_TRUE((*cache)->wait_coherent("users", kPatience));
  int loads = 0;
  const auto value = (*cache)->space("users").get_or_load("7", [&]() -> Result<Loaded> {
    if (++loads > 1) return Loaded("new");
    CacheInvalidation changed;
    changed.address.namespace_name = "users";
    changed.address.key = "7";
    changed.tracking.wait = WaitLevel::applied;
    EXPECT_EQ(east->invalidate(changed)->wait(kPatience).status, OperationStatus::done);
    EXPECT_TRUE(west->barrier(kPatience));
    return Loaded("old");
  });
  ASSERT_TRUE(value) << value.error().text;
  EXPECT_EQ(value->value, "new");
  CacheAddress address;
  address.namespace_name = "users";
  address.key = "7";
  EXPECT_NE(west->get(address)->value, "old");
}

// ---- Stores that are compared.

// With a data directory, as brokers have by default: without one nobody knows what it may have
// written before, and whoever meets it for the first time drops what is cached.
TEST_F(SharedSpaces, a_cluster_that_joins_late_is_warmed_by_its_neighbour) {
  const TemporaryDirectory directory;
  SharedSpace hits(*east, "hits", sync);
  for (int i = 0; i < 30; ++i) {
    CacheReplication fact;
    fact.address.namespace_name = "users";
    fact.address.key = "k" + std::to_string(i);
    fact.targets = {"*"};
    fact.tracking.wait = WaitLevel::applied;
    ASSERT_EQ(east->replicate(fact, "v")->wait(kPatience).status, OperationStatus::done);
    done(hits.add("page" + std::to_string(i % 3), 1));
  }
  BrokerOptions options = broker_options("north");
  configure(options);
  options.data_dir = directory.file("north");
  options.hubs = {to_string(hub->endpoints().link)};
  const auto north = start_broker(options);
  const auto late = start_client(*north);
  SharedSpace late_hits(*late, "hits");
  expect_soon([&] { return late_hits.count("page2"); }, std::int64_t{10});
  expect_soon(
      [&]() -> Result<std::string> {
        CacheAddress address;
        address.namespace_name = "users";
        address.key = "k29";
        return late->get(address)->value;
      },
      std::string("v"));
  const auto report = late->query("repair");
  ASSERT_TRUE(report) << report.error().text;
  EXPECT_NE(report->find("\"cluster_id\":\"east\""), std::string::npos) << *report;
}

}  // namespace
}  // namespace mpreg
