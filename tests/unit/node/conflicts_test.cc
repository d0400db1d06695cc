#include <gtest/gtest.h>

#include <random>

#include "coherence/merge_states.h"
#include "coherence/resolvers.h"
#include "unit/node/federation_rig.h"

namespace mpreg {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::size_t kWrites = 20'000;
#else
constexpr std::size_t kWrites = 1'000'000;
#endif
constexpr std::size_t kClusters = 5;
constexpr std::size_t kKeys = 200;   // Of each namespace.
constexpr std::size_t kBurst = 100;  // Writes of a client before anything travels.

// Two hubs that are peers, and three spokes: five clusters that write the same keys at once.
struct Conflicts : testing::Test {
  Conflicts() {
    NodeOptions options;
    options.resolvers = {{"hits", merge_counters()},
                         {"pages", prefer_cluster({{"c1", 3}, {"c4", 2}})},
                         {"notes", resolve_by("greatest", greatest)}};
    (void)rig.add_broker("c0", {}, options);
    (void)rig.add_broker("c1", {0}, options, LinkRole::peer);
    (void)rig.add_broker("c2", {0}, options);
    (void)rig.add_broker("c3", {0}, options);
    (void)rig.add_broker("c4", {1}, options);
    for (std::size_t i = 0; i < kClusters; ++i) (void)rig.add_client(i);
    rig.pass(seconds(3));
  }

  static std::optional<std::string> greatest(std::span<const Sibling> siblings) {
    std::optional<std::string> found;
    for (const Sibling& one : siblings) {
      if (!one.erased && (!found || one.value > *found)) found = one.value;
    }
    return found;
  }

  CacheGot get(std::size_t client, const CacheAddress& address) {
    rig.client(client).gots.clear();
    EXPECT_TRUE(rig.session(client).get(rig.now(), address));
    rig.settle();
    EXPECT_EQ(rig.client(client).gots.size(), 1U);
    return rig.client(client).gots.empty() ? CacheGot() : rig.client(client).gots.back();
  }

  static CacheAddress address_of(const char* space, std::size_t key) {
    return {space, "k" + std::to_string(key), "", 1, "default"};
  }

  void write(std::size_t client, const CacheAddress& address, const std::string& value,
             const VectorClock& seen) {
    CacheReplication fact;
    fact.address = address;
    fact.targets = {"*"};
    fact.seen = seen;
    fact.resolved = true;
    const auto operation = rig.session(client).replicate(rig.now(), fact, value);
    ASSERT_TRUE(operation) << operation.error().text;
  }
  void erase(std::size_t client, const CacheAddress& address, const VectorClock& seen) {
    CacheInvalidation fact;
    fact.address = address;
    fact.erased = true;
    fact.seen = seen;
    fact.resolved = true;
    ASSERT_TRUE(rig.session(client).invalidate(rig.now(), fact));
  }

  // What a client writes next; each counts for itself.
  void write_something(std::size_t client) {
    const std::size_t key = random() % kKeys;
    switch (random() % 3) {
      case 0: {
        CounterState part;
        sums[client][key] += random() % 10;
        part.sums[client + 1].up = sums[client][key];
        return write(client, address_of("hits", key), encode(part), {});
      }
      case 1:
        return write(client, address_of("pages", key), std::to_string(random()), {});
      default:
        return write(client, address_of("notes", key), std::to_string(random()), {});
    }
  }

  FederationRig rig;
  std::mt19937 random{7};
  std::array<std::array<std::uint64_t, kKeys>, kClusters> sums{};
};

TEST_F(Conflicts, a_million_conflicting_writes_end_with_the_same_bytes_in_five_clusters) {
  std::size_t written = 0;
  for (std::size_t round = 0; written < kWrites; ++round) {
    if (round % 64 == 20) rig.cut(2, 0);
    if (round % 64 == 24) rig.heal(2, 0);
    for (std::size_t client = 0; client < kClusters; ++client) {
      for (std::size_t i = 0; i < kBurst; ++i) write_something(client);
      written += kBurst;
    }
    rig.pass(milliseconds(round % 64 == 25 ? 1000 : 10));
    // Somebody reads, and writes or erases what it has seen.
    const std::size_t reader = random() % kClusters;
    const CacheAddress address =
        address_of(random() % 2 == 0 ? "pages" : "notes", random() % kKeys);
    const CacheGot got = get(reader, address);
    if (random() % 3 == 0) {
      erase(reader, address, got.seen);
    } else {
      write(reader, address, std::to_string(random()), got.seen);
    }
    for (std::size_t i = 0; i < kClusters; ++i) {
      rig.broker(i).applied.facts.clear();
      rig.broker(i).log.clear();
    }
  }
  rig.heal(2, 0);
  rig.pass(seconds(10));
  std::size_t shown = 0;
  for (const char* space : {"hits", "pages", "notes"}) {
    for (std::size_t key = 0; key < kKeys; ++key) {
      const CacheGot first = get(0, address_of(space, key));
      shown += first.state == EntryState::shared ? 1 : 0;
      for (std::size_t client = 1; client < kClusters; ++client) {
        const CacheGot other = get(client, address_of(space, key));
        ASSERT_EQ(other.state, first.state) << space << " " << key << " at " << client;
        ASSERT_EQ(other.value, first.value) << space << " " << key << " at " << client;
        ASSERT_EQ(other.seen, first.seen) << space << " " << key << " at " << client;
      }
      if (space != std::string("hits")) continue;
      std::uint64_t sum = 0;
      for (const auto& client : sums) sum += client[key];
      ASSERT_EQ(text_of_state(first.value), std::to_string(sum)) << key;
    }
  }
  EXPECT_GT(shown, 2 * kKeys);
  for (std::size_t i = 0; i < kClusters; ++i) {
    EXPECT_EQ(rig.counter(i, "mpreg_gaps_applied_total"), 0U);
  }
}

// A broker crashes after every cluster has applied what its clients wrote. Nobody can tell what
// else it may have numbered, so its streams end with gaps; the federation is the source of merged
// data, and keeps it, and the broker that starts anew gets it back.
TEST_F(Conflicts, merged_data_survives_a_crash_of_the_broker_that_took_it) {
  CounterState part;
  part.sums[1].up = 5;
  write(1, address_of("hits", 1), encode(part), {});
  write(1, address_of("notes", 1), "kept", {});
  rig.pass(seconds(1));
  for (std::size_t client = 0; client < kClusters; ++client) {
    ASSERT_EQ(text_of_state(get(client, address_of("hits", 1)).value), "5");
  }
  rig.restart(1);
  rig.connect(1, 1);
  rig.pass(seconds(10));
  EXPECT_GT(rig.counter(0, "mpreg_gaps_applied_total"), 0U);
  for (const std::size_t client : {0, 1, 2, 3, 4}) {
    EXPECT_EQ(text_of_state(get(client, address_of("hits", 1)).value), "5") << client;
    EXPECT_EQ(get(client, address_of("notes", 1)).value, "kept") << client;
  }
}

}  // namespace
}  // namespace mpreg
