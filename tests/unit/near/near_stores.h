#pragma once
// NearStores: the near cache of a client of "east", and what it is told.

#include <gtest/gtest.h>

#include "near/near_store.h"

namespace mpreg {

inline constexpr std::uint64_t kUs = 7;
inline constexpr std::uint64_t kOther = 8;

// A near cache of a client of "east".
struct NearStores : testing::Test {
  NearStore store{{.bytes_max = 4U << 20U, .shards = 4}, kUs};
  NearStore::SpaceIndex users = store.open("users");
  Now now{Instant(std::chrono::seconds(1000)),
          WallTime(std::chrono::milliseconds(1'700'000'000'000))};
  HybridTime base = hybrid_time_of(now.wall);
  std::uint64_t last_operation = 100;

  NearStores() { store.set_broker("east", "eu", 1, base); }

  [[nodiscard]] std::string get(const std::string& key) {
    NearValue value;
    if (!store.get(now.instant, users, {key}, value)) return "-";
    return value.absent ? "absent" : value.value;
  }
  [[nodiscard]] FactSource from(std::string_view cluster, int tick, std::uint64_t client = kOther,
                                std::uint64_t operation = 0) {
    return {cluster,
            base + static_cast<HybridTime>(tick),
            {client, operation == 0 ? ++last_operation : operation}};
  }
  void invalidate(const std::string& key, const FactSource& source,
                  InvalidationType type = InvalidationType::single_key) {
    CacheInvalidation fact;
    fact.address = {"users", key, "", 1, "default"};
    fact.type = type;
    store.take(now, fact, source);
  }
  void replicate(const std::string& key, const std::string& value, const FactSource& source,
                 std::vector<std::string> targets = {"east"}) {
    CacheReplication fact;
    fact.address = {"users", key, "", 1, "default"};
    fact.targets = targets;
    replicate(fact, value, source);
  }
  void replicate(const CacheReplication& fact, const std::string& value, const FactSource& source) {
    store.take(now, fact, source);
    CacheValue content{fact.address, fact.targets, 0, source.publisher.operation, value};
    content.depends_on = fact.depends_on;
    content.ancestors = fact.ancestors;
    store.take(now, content, source.publisher.client);
  }
  bool fill(const std::string& key, const std::string& value, NearStore::Ticket ticket) {
    return store.end_fill(now.instant, users, {key}, ticket, value, {});
  }
  void load(const std::string& key, const std::string& value) {
    ASSERT_TRUE(fill(key, value, store.begin_fill(users, {key})));
  }
  NearStore::Ticket write(const std::string& key, const std::string& value) {
    return store.begin_write(now.instant, users, {key}, value, {});
  }
};

}  // namespace mpreg
