#pragma once
// ReplicaStore: what the facts and values that reach a cluster do to a store, of the broker or of a
// near cache. A replication is a fact in the cache lane and a value in the bulk lane, which come in
// any order: the fact makes the entry SYNCING, and the value counts only if nothing has come
// between. Where the cluster is not a target, the fact is an invalidation.

#include <deque>
#include <functional>
#include <map>
#include <string>

#include "message/body.h"
#include "message/cache_messages.h"
#include "message/pubsub_messages.h"
#include "store/cache_store.h"
#include "store/version_watch.h"

namespace mpreg {

class ReplicaStore {
 public:
  ReplicaStore(std::string cluster, std::string region, std::uint64_t bytes_max);

  void take(Instant now, const CacheInvalidation& fact, const std::string& origin,
            HybridTime version);
  void take(Instant now, const CacheReplication& fact, const std::string& origin,
            HybridTime version, const OperationId& operation);
  // A value that is for this cluster, of a client.
  void take(Instant now, CacheValue value, std::uint64_t client);

  // Facts of an origin come in this order. When its versions go back, what it wrote before goes,
  // and nothing of it is taken before its versions are where they were.
  void note_version(const std::string& origin, HybridTime version);
  void forget_origin(const std::string& origin, HybridTime version);

  // What the scope names may have been missed: everything of it goes. `time` is that of our clock.
  void lose(const Scope& scope, HybridTime time);
  // A fact whose clock is too far ahead is not kept, nor what it may be about.
  void distrust(const std::string& namespace_name, HybridTime time);

  [[nodiscard]] CacheGot get(Instant now, const CacheGet& request);
  // For people; changes nothing.
  [[nodiscard]] CacheGot look(Instant now, const CacheAddress& address) const;

  // Every value that get() would give; without regions, which it does not keep.
  void for_each(Instant now,
                const std::function<void(const CacheAddress& address, std::string_view value,
                                         HybridTime version)>& visit);

  void set_cluster(std::string cluster, std::string region) {
    cluster_ = std::move(cluster);
    region_ = std::move(region);
  }

  [[nodiscard]] const CacheStore& store() const { return store_; }
  [[nodiscard]] CacheStore& store() { return store_; }
  [[nodiscard]] std::size_t values_waiting() const { return waiting_.size(); }

 private:
  static constexpr std::size_t kExpectedMax = 100'000;
  static constexpr std::uint64_t kWaitingShare = 8;  // Values without a fact: so much of the store.

  struct Expected {
    HybridTime version = 0;
    std::uint16_t origin = 0;
  };
  [[nodiscard]] bool is_for_us(const std::vector<std::string>& targets) const;
  void keep_waiting(const OperationId& fact, CacheValue value);

  std::string cluster_;
  std::string region_;
  const std::uint64_t waiting_bytes_max_;
  CacheStore store_;
  VersionWatch versions_;
  // Facts without a value, and values without a fact, by the operation of the fact; oldest first.
  std::map<OperationId, Expected> expected_;
  std::deque<OperationId> expected_order_;
  std::map<OperationId, CacheValue> waiting_;
  std::deque<OperationId> waiting_order_;
  std::uint64_t waiting_bytes_ = 0;
};

}  // namespace mpreg
