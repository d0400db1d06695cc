#include "near/near_store.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <bit>

#include "base/error.h"

namespace mpreg {
namespace {

StoreKey store_key(NearStore::SpaceIndex space, const NearKey& key) {
  return {static_cast<NamespaceId>(space), key.key, key.subkey, key.version};
}

}  // namespace

NearStore::NearStore(NearStoreOptions options, std::uint64_t client) : options_(options) {
  const std::uint32_t shards = std::bit_ceil(std::max<std::uint32_t>(options.shards, 1));
  for (std::uint32_t i = 0; i < shards; ++i) {
    shards_.push_back(
        std::make_unique<NearShard>(options.bytes_max / shards, client, dependencies_));
  }
}

NearStore::SpaceIndex NearStore::open(std::string_view namespace_name) {
  const std::lock_guard lock(spaces_mutex_);
  for (SpaceIndex i = 0; i < spaces_.size(); ++i) {
    if (spaces_[i] == namespace_name) return i;
  }
  // Every shard numbers namespaces in the order in which they are opened: alike.
  for (const auto& shard : shards_) {
    const std::lock_guard held(shard->mutex);
    const NamespaceId id = shard->open(namespace_name);
    MPREG_CHECK(id == spaces_.size());
  }
  spaces_.emplace_back(namespace_name);
  return static_cast<SpaceIndex>(spaces_.size() - 1);
}

// Other bits than those by which a shard's own tables are picked.
std::size_t NearStore::shard_of(const NearKey& key) const {
  const std::uint64_t hash = XXH3_64bits_withSeed(key.key.data(), key.key.size(), 0x6E656172);
  return static_cast<std::size_t>(hash >> 32U) & (shards_.size() - 1);
}

bool NearStore::get(Instant now, SpaceIndex space, const NearKey& key, NearValue& value) {
  const std::size_t index = shard_of(key);
  NearShard& shard = *shards_[index];
  const std::lock_guard lock(shard.mutex);
  return shard.get(now, store_key(space, key), value);
}

EntryState NearStore::state(Instant now, SpaceIndex space, const NearKey& key) const {
  const NearShard& shard = *shards_[shard_of(key)];
  const std::lock_guard lock(shard.mutex);
  return shard.state(now, store_key(space, key));
}

NearStore::Ticket NearStore::begin_fill(SpaceIndex space, const NearKey& key) {
  const Ticket ticket = last_ticket_.fetch_add(1, std::memory_order_relaxed) + 1;
  const std::size_t index = shard_of(key);
  const std::lock_guard lock(shards_[index]->mutex);
  shards_[index]->begin_fill(store_key(space, key), ticket,
                             latest_.load(std::memory_order_relaxed));
  return ticket;
}

bool NearStore::end_fill(Instant now, SpaceIndex space, const NearKey& key, Ticket ticket,
                         std::string_view value, const KeepOptions& options) {
  const std::size_t index = shard_of(key);
  const std::lock_guard lock(shards_[index]->mutex);
  return shards_[index]->end_fill(now, store_key(space, key), ticket, value, options);
}

bool NearStore::is_current(SpaceIndex /*space*/, const NearKey& key, Ticket ticket) const {
  const NearShard& shard = *shards_[shard_of(key)];
  const std::lock_guard lock(shard.mutex);
  return shard.is_current(ticket);
}

void NearStore::abandon_fill(SpaceIndex /*space*/, const NearKey& key, Ticket ticket) {
  const std::size_t index = shard_of(key);
  const std::lock_guard lock(shards_[index]->mutex);
  shards_[index]->abandon_fill(ticket);
}

bool NearStore::keep(Instant now, SpaceIndex space, const NearKey& key, Ticket ticket,
                     const CacheGot& got) {
  const std::size_t index = shard_of(key);
  const std::lock_guard lock(shards_[index]->mutex);
  return shards_[index]->keep(now, store_key(space, key), ticket, got);
}

NearStore::Ticket NearStore::begin_write(Instant now, SpaceIndex space, const NearKey& key,
                                         std::string_view value, const KeepOptions& options) {
  const Ticket ticket = last_ticket_.fetch_add(1, std::memory_order_relaxed) + 1;
  const std::size_t index = shard_of(key);
  const std::lock_guard lock(shards_[index]->mutex);
  shards_[index]->begin_write(now, store_key(space, key), ticket, value, options);
  return ticket;
}

void NearStore::sent(Instant now, SpaceIndex space, const NearKey& key, Ticket ticket,
                     std::uint64_t operation) {
  const std::size_t index = shard_of(key);
  const std::lock_guard lock(shards_[index]->mutex);
  shards_[index]->sent(now, store_key(space, key), ticket, operation);
}

void NearStore::failed(Instant now, SpaceIndex space, const NearKey& key, Ticket ticket) {
  const std::size_t index = shard_of(key);
  const std::lock_guard lock(shards_[index]->mutex);
  shards_[index]->failed(now, store_key(space, key), ticket);
}

// ---- Facts.

void NearStore::set_broker(const std::string& cluster, const std::string& region,
                           std::uint64_t instance, HybridTime order) {
  if (instance == instance_) return raise(order);
  const bool is_first = instance_ == 0;
  instance_ = instance;
  latest_.store(order, std::memory_order_relaxed);
  for (const auto& shard : shards_) {
    const std::lock_guard lock(shard->mutex);
    // The order of another broker says nothing here.
    if (!is_first) shard->begin_again(order);
    shard->set_cluster(cluster, region);
  }
}

void NearStore::begin(HybridTime order) {
  raise(order);
  lose({});
}

void NearStore::raise(HybridTime version) {
  HybridTime latest = latest_.load(std::memory_order_relaxed);
  while (version > latest &&
         !latest_.compare_exchange_weak(latest, version, std::memory_order_relaxed)) {
  }
}

template <typename Fact>
void NearStore::take_of_key(const Now& now, const Fact& fact, const FactSource& source) {
  NearShard& shard = *shards_[shard_of({fact.address.key})];
  const std::lock_guard lock(shard.mutex);
  shard.take(now.instant, fact, source);
}

void NearStore::take(const Now& now, const CacheInvalidation& fact, const FactSource& source) {
  raise(source.version);
  if (fact.type == InvalidationType::single_key) return take_of_key(now, fact, source);
  for (const auto& shard : shards_) {
    const std::lock_guard lock(shard->mutex);
    shard->take(now.instant, fact, source);
  }
}

void NearStore::take(const Now& now, const CacheReplication& fact, const FactSource& source) {
  raise(source.version);
  take_of_key(now, fact, source);
}

void NearStore::take(const Now& now, const CacheValue& value, std::uint64_t client) {
  NearShard& shard = *shards_[shard_of({value.address.key})];
  const std::lock_guard lock(shard.mutex);
  shard.take(now.instant, value, client);
}

void NearStore::withdraw(const Now& now, const CacheAddress& address, const FactSource& source) {
  NearShard& shard = *shards_[shard_of({address.key})];
  const std::lock_guard lock(shard.mutex);
  shard.withdraw(now.instant, address, source);
}

void NearStore::drop(Instant now, const CacheInvalidation& like) {
  if (like.type == InvalidationType::single_key) {
    NearShard& shard = *shards_[shard_of({like.address.key})];
    const std::lock_guard lock(shard.mutex);
    return shard.drop(now, like);
  }
  for (const auto& shard : shards_) {
    const std::lock_guard lock(shard->mutex);
    shard->drop(now, like);
  }
}

void NearStore::lose(const Scope& scope) {
  const HybridTime time = latest_.load(std::memory_order_relaxed);
  for (const auto& shard : shards_) {
    const std::lock_guard lock(shard->mutex);
    shard->lose(scope, time);
  }
}

NearStoreCounters NearStore::counters() const {
  NearStoreCounters all;
  for (const auto& shard : shards_) {
    const std::lock_guard lock(shard->mutex);
    const CacheStore& store = shard->store();
    const StoreCounters& one = store.counters();
    all.store.gets += one.gets;
    all.store.hits += one.hits;
    all.store.puts += one.puts;
    all.store.puts_refused += one.puts_refused;
    all.store.puts_too_large += one.puts_too_large;
    all.store.evictions += one.evictions;
    all.store.marks_evicted += one.marks_evicted;
    all.store.expired += one.expired;
    all.store.dropped += one.dropped;
    all.fills_voided += shard->fills_voided;
    all.entries += store.entries() - store.marks();
    all.payload_bytes += store.payload_bytes();
    all.used_bytes += store.used_bytes();
    all.fills += shard->fills();
    all.writes += shard->writes();
  }
  return all;
}

}  // namespace mpreg
