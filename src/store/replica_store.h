#pragma once
// ReplicaStore: what the facts and values that reach a cluster do to a store, of the broker or of a
// near cache. A replication is a fact in the cache lane and a value in the bulk lane, which come in
// any order: the fact makes the entry SYNCING, and the value counts only if nothing has come
// between. Where the cluster is not a target, the fact is an invalidation.
//
// What a resolver decides is in a store of its own, at brokers alone: near caches drop such a key
// at each change of it, and ask their broker.

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>

#include "message/apply_failure.h"
#include "message/body.h"
#include "message/cache_messages.h"
#include "message/protocol_table.h"
#include "message/pubsub_messages.h"
#include "store/cache_store.h"
#include "store/dependency_graph.h"
#include "store/resolved_store.h"
#include "store/version_watch.h"

namespace mpreg {

// Of a broker: where a fact stands. Without it the version is the order in which facts come.
struct Placed {
  HybridTime order = 0;  // In which this broker applied it.
  Written written = {};
};

class ReplicaStore {
 public:
  // `is_compared`: with the stores of other clusters. What depends on what may be known to several
  // stores together.
  ReplicaStore(std::string cluster, std::string region, std::uint64_t bytes_max,
               bool is_compared = false,
               std::shared_ptr<DependencyGraph> dependencies = std::make_shared<DependencyGraph>(),
               SeenTable* seen = nullptr);

  // Near caches, at another broker: what is not newer than `floor` by its order is not used.
  void begin_again(HybridTime floor) {
    store_.begin_again(floor);
    expected_.clear();
    expected_order_.clear();
  }
  // What becomes of a write or an invalidation of one key at this position.
  [[nodiscard]] Judgement judge(const CacheAddress& address, Position write);
  // As CacheStore::has_changed; where a resolver decides nobody's change matters.
  [[nodiscard]] bool has_changed(const CacheAddress& address, HybridTime told,
                                 WriteId writer) const;
  // A write that did not happen, or has two verdicts.
  void withdraw(Instant now, const CacheAddress& address, const Placed& placed);

  void take(Instant now, const CacheInvalidation& fact, const std::string& origin,
            HybridTime version, const Placed& placed = {});
  // Nothing: it did what it is for, be it that something newer is there. Otherwise why the value is
  // not held here, and will not be: the key is missing then.
  using NotHeld = std::optional<ApplyFailure>;
  NotHeld take(Instant now, const CacheReplication& fact, const std::string& origin,
               HybridTime version, const OperationId& operation, const Placed& placed = {});
  // A value that is for this cluster, of a client.
  NotHeld take(Instant now, CacheValue value, std::uint64_t client);

  // ---- replica_given_up.cc: values that will not come. Their keys are missing from now on, also
  // when the fact of such a value comes later.
  void give_up(Instant now, const OperationId& fact, ApplyFailure reason);
  // Those that are expected of an origin: some of them were lost, and which is not known.
  void give_up_of(Instant now, const std::string& origin);
  // The fact is not used: its value is not waited for, and not kept if it is here.
  void drop_waiting(const OperationId& fact);
  // Those that have not come in time, ever.
  void give_up_overdue(Instant now);

  // Facts of an origin come in this order. When its versions go back, what is known of it where a
  // resolver decides goes: there its versions name its writes.
  void note_version(const std::string& origin, HybridTime version);

  // What the scope names may have been missed: everything of it goes that can be had again from the
  // source of the data. Where a resolver decides the federation is the source: what is known stays,
  // and a comparison with the other stores brings what was missed. `time` is that of the last fact
  // applied, `applied` how far everything is: what was written without having seen it is not used.
  void lose(const Scope& scope, HybridTime time, std::span<const Position> applied = {});

  // What a client loaded from the source of the data, after everything up to `seen` had been told
  // here and before anything else about it was. Not where a resolver decides.
  void fill(Instant now, const LoadAsk& load, HybridTime seen);

  [[nodiscard]] CacheGot get(Instant now, const CacheGet& request);
  // For people; changes nothing.
  [[nodiscard]] CacheGot look(Instant now, const CacheAddress& address) const;

  // Every value that get() would give; without regions, which it does not keep.
  void for_each(Instant now,
                const std::function<void(const CacheAddress& address, std::string_view value,
                                         HybridTime version)>& visit);

  // ---- replica_compare.cc: the comparison with another cluster's store.
  [[nodiscard]] std::vector<BucketDigest> digests_of(StoreLevel level, std::uint32_t index) const;
  // Of what is in a bucket here.
  [[nodiscard]] std::vector<std::uint64_t> known_in(Instant now, std::uint32_t bucket);
  // What is in it here and not in `known`, which is sorted, up to about so many bytes. True: that
  // is all.
  bool collect(Instant now, std::uint32_t bucket, const std::vector<std::uint64_t>& known,
               std::size_t bytes_max, std::vector<StoredEntry>& to);
  // What is asked for at a moment, and told by a store that knew all that had been told here then.
  struct Memory {
    CacheStore::Memory values;
    std::uint64_t drops = 0;
    HybridTime order = 0;  // Of the last fact applied.
  };
  [[nodiscard]] Memory memory(HybridTime order = 0) const {
    return {store_.memory(), drops_ + resolved_.evictions(), order};
  }
  // `asked_at`: when it was asked for; `order` is that of the last fact applied by now. True: it
  // was newer than what was here.
  bool repair(Instant now, const StoredEntry& entry, const Memory& asked_at, HybridTime order = 0);
  void forget_marks(HybridTime passed_by_all);

  // How entries move through their states: of all namespaces, or of one.
  void set_protocol(ProtocolTable table) { protocol_ = std::move(table); }
  void set_protocol(const std::string& namespace_name, ProtocolTable table) {
    protocols_.insert_or_assign(namespace_name, std::move(table));
  }
  [[nodiscard]] const ProtocolTable& protocol_of(const std::string& namespace_name) const;
  // Whether a write of this cluster is a step; the state before it, if not. `is_held`: by a claim.
  [[nodiscard]] std::optional<EntryState> find_violation(Instant now, const CacheAddress& address,
                                                         CacheOperation write, bool is_held) const;
  // Of steps that were none; what they would have kept was not kept.
  [[nodiscard]] std::uint64_t violations() const { return violations_; }

  // replica_resolved.cc: what waits for values that were lost waits no longer.
  void drop_overdue(Instant now);

  [[nodiscard]] const ResolvedStore& resolved() const { return resolved_; }
  [[nodiscard]] ResolvedStore& resolved() { return resolved_; }

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
  static constexpr std::uint64_t kResolvedShare = 4;  // What resolvers decide: the same.

  struct Expected {
    HybridTime version = 0;
    std::uint16_t origin = 0;
    bool partial = false;
    EntryState state = EntryState::shared;
    VectorClock seen = {};  // Where a resolver decides.
    CacheAddress address = {};
    Instant until{};  // Then it is overdue.
    Written written = {};
  };
  void take_resolved(Instant now, const CacheInvalidation& fact, const std::string& origin,
                     HybridTime version);
  void drop_resolved(const std::function<bool(const CacheAddress&, const Siblings&)>& is_it);
  NotHeld take_resolved(Instant now, const CacheReplication& fact, const std::string& origin,
                        HybridTime version, const OperationId& operation);
  // What was told to other clusters alone: see told_elsewhere_.
  void note_elsewhere(const CacheInvalidation& fact, HybridTime order);
  [[nodiscard]] HybridTime told_elsewhere(const CacheAddress& address) const;
  void cascade(Instant now, NamespaceId space, const CacheAddress& address, WriteVersion version,
               const Written& written);
  [[nodiscard]] std::pair<EntryState, std::optional<EntryState>> look_ahead(
      Instant now, const std::string& namespace_name, const StoreKey& key, CacheOperation operation,
      bool is_held) const;
  // The state into which it leads; nothing, and counted: it is no step.
  [[nodiscard]] std::optional<EntryState> step(Instant now, const std::string& namespace_name,
                                               const StoreKey& key, CacheOperation operation,
                                               bool is_held = false);
  [[nodiscard]] std::optional<EntryState> received(const std::string& namespace_name);
  void lose_space(const std::string& namespace_name, HybridTime time,
                  std::span<const Position> applied);
  [[nodiscard]] bool is_for_us_alone(const std::vector<std::string>& targets) const;
  void expect(Instant now, const OperationId& fact, Expected expected);
  void miss(Instant now, const Expected& expected);
  void remember_given_up(const OperationId& fact, ApplyFailure reason);
  [[nodiscard]] NotHeld take_given_up(const OperationId& fact);
  [[nodiscard]] bool is_for_us(const std::vector<std::string>& targets) const;
  void keep_waiting(const OperationId& fact, CacheValue value);

  std::string cluster_;
  std::string region_;
  const std::uint64_t waiting_bytes_max_;
  const std::shared_ptr<DependencyGraph> dependencies_;
  SeenTable* const names_;  // Null in near caches.
  // Invalidations that are not for this cluster drop nothing here, and yet who writes has to know
  // of them: when one was applied last, by namespace and 256 buckets of keys.
  static constexpr std::size_t kElsewhereBuckets = 256;
  static constexpr std::size_t kElsewhereSpacesMax = 1024;
  std::map<std::string, std::vector<HybridTime>, std::less<>> told_elsewhere_;
  HybridTime all_told_elsewhere_ = 0;
  CacheStore store_;
  ResolvedStore resolved_;
  ProtocolTable protocol_;
  std::map<std::string, ProtocolTable> protocols_;
  std::uint64_t violations_ = 0;
  std::uint64_t drops_ = 0;  // Of what a resolver decides: what others still have may be older.
  std::uint32_t forgets_ = 0;
  VersionWatch versions_;
  // Namespaces of which something was invalidated here that others were not told to invalidate, so
  // that what they hold is no proof; empty: of any.
  std::set<std::string> told_alone_;
  // Facts without a value, and values without a fact, by the operation of the fact; oldest first.
  std::map<OperationId, Expected> expected_;
  std::deque<OperationId> expected_order_;
  std::map<OperationId, CacheValue> waiting_;
  std::deque<OperationId> waiting_order_;
  std::uint64_t waiting_bytes_ = 0;
  // Values that will not come and whose facts have not come yet; oldest first.
  std::map<OperationId, ApplyFailure> given_up_;
  std::deque<OperationId> given_up_order_;
};

}  // namespace mpreg
