#include <gtest/gtest.h>

#include <algorithm>

#include "coherence/merge_states.h"
#include "coherence/resolvers.h"
#include "store/replica_store.h"

namespace mpreg {
namespace {

using namespace std::chrono_literals;

constexpr Instant kNow{1000s};
constexpr std::uint64_t kBytes = 4U << 20U;

CacheAddress address_of(const std::string& key, const std::string& space = "users") {
  CacheAddress address;
  address.namespace_name = space;
  address.key = key;
  return address;
}

// A store and what it is told, without a broker.
struct Cluster {
  explicit Cluster(const std::string& name) : store(name, "default", kBytes, true) {}

  void put(const std::string& key, const std::string& value, const std::string& origin,
           HybridTime version, const std::vector<std::string>& targets = {"*"},
           const std::string& space = "users", bool resolved = false) {
    CacheReplication fact;
    fact.address = address_of(key, space);
    fact.targets = targets;
    fact.resolved = resolved;
    CacheValue content;
    content.address = fact.address;
    content.targets = targets;
    content.fact_operation = version;
    content.value = value;
    store.take(kNow, fact, origin, version, OperationId{1, version});
    store.take(kNow, content, 1);
  }
  // By west, made from these keys.
  void put_from(const std::string& key, std::vector<std::string> from, HybridTime version) {
    CacheReplication fact;
    fact.address = address_of(key);
    fact.targets = {"*"};
    fact.depends_on = std::move(from);
    CacheValue value;
    value.address = fact.address;
    value.targets = fact.targets;
    value.fact_operation = version;
    value.value = "v";
    value.depends_on = fact.depends_on;
    store.take(kNow, fact, "west", version, OperationId{1, version});
    store.take(kNow, value, 1);
  }
  void invalidate(CacheInvalidation fact, const std::string& key, const std::string& origin,
                  HybridTime version) {
    fact.address = address_of(key);
    store.take(kNow, fact, origin, version);
  }
  [[nodiscard]] CacheGot get(const std::string& key, const std::string& space = "users") {
    return store.get(kNow, {.address = address_of(key, space)});
  }

  ReplicaStore store;
};

// Everything that `to` lacks of `from`, level by level. Returns how many entries were repaired.
std::size_t repair(Cluster& to, Cluster& from, std::size_t bytes_max = 1U << 20U) {
  std::size_t repaired = 0;
  const ReplicaStore::Memory memory = to.store.memory();
  const auto own = to.store.digests_of(StoreLevel::groups, 0);
  const auto theirs = from.store.digests_of(StoreLevel::groups, 0);
  for (std::uint32_t group = 0; group < kStoreGroups; ++group) {
    if (own[group] == theirs[group]) continue;
    const auto mine = to.store.digests_of(StoreLevel::buckets, group);
    const auto others = from.store.digests_of(StoreLevel::buckets, group);
    for (std::uint32_t i = 0; i < kGroupBuckets; ++i) {
      for (bool is_all = mine[i] == others[i]; !is_all;) {
        const std::uint32_t bucket = group * kGroupBuckets + i;
        auto known = to.store.known_in(kNow, bucket);
        std::sort(known.begin(), known.end());
        std::vector<StoredEntry> entries;
        is_all = from.store.collect(kNow, bucket, known, bytes_max, entries);
        for (const StoredEntry& entry : entries) {
          repaired += to.store.repair(kNow, entry, memory) ? 1 : 0;
        }
      }
    }
  }
  return repaired;
}

bool are_equal(const Cluster& one, const Cluster& other) {
  return one.store.digests_of(StoreLevel::groups, 0) ==
         other.store.digests_of(StoreLevel::groups, 0);
}

TEST(ReplicaCompare, equal_stores_have_equal_digests_whatever_the_order) {
  Cluster east("east");
  Cluster west("west");
  for (HybridTime i = 1; i <= 200; ++i) east.put("k" + std::to_string(i % 50), "v", "east", i);
  for (HybridTime i = 200; i >= 1; --i) west.put("k" + std::to_string(i % 50), "v", "east", i);
  EXPECT_TRUE(are_equal(east, west));
  west.put("k1", "newer", "west", 1000);
  EXPECT_FALSE(are_equal(east, west));
}

TEST(ReplicaCompare, only_what_differs_is_told_and_an_empty_store_gets_all) {
  Cluster east("east");
  Cluster west("west");
  for (HybridTime i = 1; i <= 300; ++i) east.put("k" + std::to_string(i), "v", "east", i);
  EXPECT_EQ(repair(west, east, 100), 300U);  // In small parts.
  EXPECT_TRUE(are_equal(east, west));
  EXPECT_EQ(west.get("k7").value, "v");
  east.put("k7", "changed", "east", 900);
  EXPECT_EQ(repair(west, east), 1U);
  EXPECT_EQ(west.get("k7").value, "changed");
  EXPECT_EQ(repair(west, east), 0U);
}

TEST(ReplicaCompare, pitfall_15_what_was_erased_does_not_come_back_and_erasures_travel) {
  Cluster east("east");
  Cluster west("west");
  for (Cluster* one : {&east, &west}) one->put("k", "v", "east", 10);
  CacheInvalidation erased;
  erased.erased = true;
  east.invalidate(erased, "k", "east", 20);  // West was away.
  EXPECT_EQ(repair(east, west), 0U);
  EXPECT_NE(east.get("k").state, EntryState::shared);
  EXPECT_EQ(repair(west, east), 1U);
  EXPECT_NE(west.get("k").state, EntryState::shared);
  EXPECT_TRUE(are_equal(east, west));
}

TEST(ReplicaCompare, pitfall_16_a_mark_that_everybody_has_passed_goes_and_nothing_older_follows) {
  Cluster east("east");
  Cluster west("west");
  west.put("k", "v", "east", 10);
  CacheInvalidation erased;
  erased.erased = true;
  east.put("k", "v", "east", 10);
  east.invalidate(erased, "k", "east", 20);
  const std::size_t marks = east.store.store().marks();
  for (std::uint32_t i = 0; i < kStoreGroups; ++i) east.store.forget_marks(19);
  EXPECT_EQ(east.store.store().marks(), marks);
  for (std::uint32_t i = 0; i < kStoreGroups; ++i) east.store.forget_marks(20);
  EXPECT_EQ(east.store.store().marks(), marks - 1);
  east.put("k", "v", "east", 10);  // Once more, late.
  EXPECT_NE(east.get("k").state, EntryState::shared);
  east.put("k", "w", "east", 30);
  EXPECT_EQ(east.get("k").value, "w");
}

TEST(ReplicaCompare, pitfall_25_what_is_told_while_it_is_asked_for_counts) {
  Cluster east("east");
  Cluster west("west");
  east.put("k", "v", "east", 10);
  const ReplicaStore::Memory memory = west.store.memory();
  CacheInvalidation all;
  all.type = InvalidationType::namespace_all;
  west.invalidate(all, "", "east", 20);  // After it was asked for.
  StoredEntry entry{address_of("k"), 10, "east", false, false, 0, {}, 0, "v"};
  EXPECT_FALSE(west.store.repair(kNow, entry, memory));
  // Known to the one who tells, and it has the entry all the same: it was not what it named.
  EXPECT_TRUE(west.store.repair(kNow, entry, west.store.memory()));
}

TEST(ReplicaCompare, what_was_invalidated_for_some_clusters_alone_is_not_brought_back_by_others) {
  Cluster east("east");
  Cluster west("west");
  for (Cluster* one : {&east, &west}) one->put("k", "v", "east", 10);
  CacheInvalidation here;
  here.type = InvalidationType::namespace_all;
  here.targets = {"west"};
  for (Cluster* one : {&east, &west}) one->invalidate(here, "", "north", 20);
  EXPECT_EQ(west.get("k").state, EntryState::invalid);
  EXPECT_EQ(east.get("k").value, "v");
  EXPECT_EQ(repair(west, east), 0U);
  EXPECT_NE(west.get("k").state, EntryState::shared);
}

TEST(ReplicaStore, a_cascade_follows_what_writers_have_declared) {
  Cluster east("east");
  east.put_from("row", {}, 1);
  east.put_from("page", {"row"}, 2);
  east.put_from("site", {"page"}, 3);
  east.put_from("other", {}, 4);
  CacheInvalidation cascade;
  cascade.type = InvalidationType::cascade;
  east.invalidate(cascade, "row", "north", 9);
  for (const char* gone : {"row", "page", "site"})
    EXPECT_NE(east.get(gone).state, EntryState::shared);
  EXPECT_EQ(east.get("other").value, "v");
}

TEST(ReplicaStore, a_cascade_reaches_what_came_from_another_store) {
  Cluster east("east");
  Cluster west("west");
  east.put_from("page", {"row"}, 2);
  east.put_from("site", {"page"}, 3);
  ASSERT_EQ(repair(west, east), 2U);
  ASSERT_EQ(west.get("site").value, "v");
  CacheInvalidation cascade;
  cascade.type = InvalidationType::cascade;
  west.invalidate(cascade, "row", "north", 9);
  for (const char* gone : {"page", "site"}) EXPECT_NE(west.get(gone).state, EntryState::shared);
}

TEST(ReplicaCompare, what_is_meant_for_some_clusters_is_not_compared) {
  Cluster east("east");
  Cluster west("west");
  east.put("k", "v", "east", 10, {"east"});
  EXPECT_TRUE(are_equal(east, west));
  EXPECT_EQ(repair(west, east), 0U);
}

TEST(ReplicaCompare, what_a_resolver_decides_is_joined) {
  Cluster east("east");
  Cluster west("west");
  for (Cluster* one : {&east, &west}) {
    one->store.resolved().set_resolver("hits", merge_counters());
  }
  CounterState five;
  five.add(1, 5);
  CounterState two;
  two.add(2, 2);
  east.put("home", encode(five), "east", 10, {"*"}, "hits", true);
  west.put("home", encode(two), "west", 11, {"*"}, "hits", true);
  EXPECT_EQ(text_of_state(east.get("home", "hits").value), "5");
  EXPECT_EQ(repair(east, west), 1U);
  EXPECT_EQ(repair(west, east), 1U);
  EXPECT_TRUE(are_equal(east, west));
  EXPECT_EQ(text_of_state(east.get("home", "hits").value), "7");
  EXPECT_EQ(east.get("home", "hits").value, west.get("home", "hits").value);
}

TEST(ReplicaStore, what_an_origin_wrote_before_its_time_went_back_is_dropped_where_time_decides) {
  Cluster east("east");
  for (const char* name : {"pages", "others"}) {
    east.store.resolved().set_resolver(name, last_writer_wins());
  }
  east.put("home", "before", "west", 10, {"*"}, "pages", true);
  east.put("home", "kept", "north", 11, {"*"}, "others", true);
  east.store.note_version("west", 10);
  east.store.note_version("west", 12);
  EXPECT_EQ(east.get("home", "pages").value, "before");
  east.store.note_version("west", 9);
  EXPECT_FALSE(has_value(east.get("home", "pages").state));
  EXPECT_EQ(east.get("home", "others").value, "kept");
}

TEST(ReplicaCompare, a_value_that_was_lost_is_waited_for_no_longer_and_what_is_known_stays) {
  Cluster east("east");
  Cluster west("west");
  for (Cluster* one : {&east, &west}) {
    one->store.resolved().set_resolver("carts", last_writer_wins());
    one->put("c", "one", "east", 10, {"*"}, "carts", true);
  }
  CacheReplication fact;
  fact.address = address_of("c", "carts");
  fact.targets = {"*"};
  fact.resolved = true;
  west.store.take(kNow, fact, "north", 20, OperationId{1, 20});  // Its value never comes.
  EXPECT_EQ(west.get("c", "carts").state, EntryState::syncing);
  EXPECT_EQ(repair(west, east), 0U);  // It may yet come.
  west.store.drop_overdue(kNow + ResolvedStore::kValueLateMax - 1ms);
  EXPECT_EQ(west.get("c", "carts").state, EntryState::syncing);
  west.store.drop_overdue(kNow + ResolvedStore::kValueLateMax);
  EXPECT_EQ(west.get("c", "carts").value, "one");
  EXPECT_EQ(west.store.resolved().values_overdue(), 1U);
  east.put("c", "two", "north", 20, {"*"}, "carts", true);  // Somebody has it.
  EXPECT_EQ(repair(west, east), 1U);
  EXPECT_EQ(west.get("c", "carts").value, "two");
  EXPECT_TRUE(are_equal(east, west));
}

// Of a broker, which knows positions: nobody's clock says what is newer.
TEST(ReplicaCompare, an_entry_is_taken_unless_its_key_has_changed_since_it_was_asked_for) {
  SeenTable seen;
  ReplicaStore west("west", "default", kBytes, true, std::make_shared<DependencyGraph>(), &seen);
  StoredEntry entry;
  entry.address = address_of("k");
  entry.origin = "east";
  entry.value = "v";
  entry.position = {{"east", {1, 7}, Lane::cache}, 7};
  entry.writer = 5;
  const auto order = [](std::uint64_t applied) { return apply_order(applied); };
  const ReplicaStore::Memory asked_at = west.memory(order(10));
  CacheInvalidation changed;
  changed.address = address_of("k");
  const Placed placed{apply_order(11, 0), {{seen.intern({"north", {1, 7}, Lane::cache}), 1}}};
  west.take(kNow, changed, "north", 1, placed);
  EXPECT_FALSE(west.repair(kNow, entry, asked_at, order(11)));
  EXPECT_TRUE(west.repair(kNow, entry, west.memory(order(11)), order(11)));
  const CacheGot got = west.get(kNow, {.address = address_of("k")});
  EXPECT_EQ(got.value, "v");
  EXPECT_EQ(got.position, entry.position);
  std::vector<StoredEntry> told;
  for (std::uint32_t bucket = 0; bucket < kStoreBuckets; ++bucket) {
    (void)west.collect(kNow, bucket, {}, 1U << 20U, told);
  }
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].position, entry.position);
  EXPECT_EQ(told[0].writer, entry.writer);
  changed.address = address_of("unknown");
  west.take(kNow, changed, "north", 1, {apply_order(12, 0), placed.written});
  entry.address = address_of("unknown");
  EXPECT_FALSE(west.repair(kNow, entry, asked_at, order(12)));
}

TEST(ReplicaCompare, what_a_resolver_decides_survives_a_gap) {
  Cluster east("east");
  Cluster west("west");
  for (Cluster* one : {&east, &west}) {
    one->store.resolved().set_resolver("carts", last_writer_wins());
    one->put("c", "one", "east", 10, {"*"}, "carts", true);
    one->put("plain", "1", "east", 11);
  }
  east.put("c", "two", "north", 20, {"*"}, "carts", true);
  west.store.lose({}, 30);  // Of north, and nobody knows what.
  EXPECT_FALSE(has_value(west.get("plain").state));
  EXPECT_EQ(west.get("c", "carts").value, "one");
  west.store.lose({ScopeKind::namespaces, {"carts"}}, 31);
  EXPECT_EQ(west.get("c", "carts").value, "one");
  EXPECT_GE(repair(west, east), 1U);
  EXPECT_EQ(west.get("c", "carts").value, "two");
}

TEST(ReplicaCompare, a_value_that_comes_late_or_is_replaced_is_waited_for_no_more) {
  Cluster west("west");
  west.store.resolved().set_resolver("carts", last_writer_wins());
  CacheReplication fact;
  fact.address = address_of("c", "carts");
  fact.targets = {"*"};
  fact.resolved = true;
  west.store.take(kNow, fact, "north", 20, OperationId{1, 20});
  west.put("c", "later", "north", 30, {"*"}, "carts", true);
  west.store.drop_overdue(kNow + 2 * ResolvedStore::kValueLateMax);
  EXPECT_EQ(west.get("c", "carts").value, "later");
  EXPECT_EQ(west.store.resolved().values_overdue(), 0U);
}

// It drops nothing here; but who writes here may not know of it.
TEST(ReplicaStore, what_is_told_to_others_alone_counts_as_a_change) {
  SeenTable seen;
  ReplicaStore west("west", "default", kBytes, true, std::make_shared<DependencyGraph>(), &seen);
  const WriteId writer{7, 1};
  CacheInvalidation fact;
  fact.address = address_of("k");
  fact.targets = {"north"};
  west.take(kNow, fact, "east", 1, {.order = 5});
  EXPECT_TRUE(west.has_changed(address_of("k"), 4, writer));
  EXPECT_FALSE(west.has_changed(address_of("k"), 5, writer));
  EXPECT_FALSE(west.has_changed(address_of("other"), 4, writer));
  EXPECT_FALSE(west.has_changed(address_of("k", "carts"), 4, writer));
  fact.type = InvalidationType::pattern;
  west.take(kNow, fact, "east", 2, {.order = 6});
  EXPECT_TRUE(west.has_changed(address_of("other"), 5, writer));
  fact.type = InvalidationType::cluster_sync;
  west.take(kNow, fact, "east", 3, {.order = 7});
  EXPECT_TRUE(west.has_changed(address_of("k", "carts"), 6, writer));
}

}  // namespace
}  // namespace mpreg
