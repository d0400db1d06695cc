#pragma once
// Cache facts and the answers to operations on them. The first three travel as payloads of records
// in the cache and bulk lanes; versions are in the body's stamp, issued by the broker of the write.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "message/apply_failure.h"
#include "message/pubsub_messages.h"
#include "message/vector_clock.h"
#include "stream/frontier.h"
#include "stream/hybrid_clock.h"

namespace mpreg {

enum class InvalidationType : std::uint8_t {
  single_key = 0,
  pattern = 1,  // key holds a pattern over keys.
  namespace_all = 2,
  region = 3,        // Every entry of the region; namespace may be empty.
  cluster_sync = 4,  // Every entry that came from the source cluster.
  cascade = 5,       // The key, and what declares to depend on it, transitively.
  tag = 6,           // key holds a tag: every entry of the namespace that has it.
};

enum class WaitLevel : std::uint8_t { accepted = 0, applied = 1, observed = 2 };

enum class ReplicationStrategy : std::uint8_t {
  none = 0,
  async = 1,
  sync = 2,
  quorum = 3,
  chain = 4,
  ring = 5,
  custom = 6,
};

inline constexpr std::size_t kTagsPerEntryMax = 64;
// Of what an entry's dependencies were made from in turn. A store holds both.
inline constexpr std::size_t kAncestorsMax = 64;
inline constexpr std::size_t kTagsHeldMax = kTagsPerEntryMax + kAncestorsMax;
inline constexpr std::size_t kTagBytesMax = 255;

// (namespace, key, subkey, version) is the identity; region is routing metadata.
struct CacheAddress {
  std::string namespace_name = {};
  std::string key = {};
  std::string subkey = {};
  std::uint32_t version = 1;
  std::string region = "default";

  friend bool operator==(const CacheAddress&, const CacheAddress&) = default;
};

// How the sender wants to be told. Only tracked operations hold a slot at the broker.
struct Tracking {
  WaitLevel wait = WaitLevel::accepted;
  std::uint32_t timeout_ms = 0;  // 0: the broker's default.
  bool tells_each = false;       // An outcome `acknowledged` for each target that confirms.

  friend bool operator==(const Tracking&, const Tracking&) = default;
};

// Names a claim to write a key alone, and is greater than that of each earlier one: the hybrid time
// at which it was made. 0: none.
using FencingToken = std::uint64_t;

struct ClaimId {
  FencingToken token = 0;
  std::string home = {};  // The cluster that made it.

  friend auto operator<=>(const ClaimId&, const ClaimId&) = default;
};

// With an invalidation of one key: made by the home of the key, for a cluster that asked.
struct ClaimGrant {
  std::string holder;
  std::uint64_t client = 0;
  std::uint64_t request = 0;
  std::uint32_t lease_ms = 0;
  HybridTime limit = 0;  // The holder's writes have versions below this, the next one's above.

  friend bool operator==(const ClaimGrant&, const ClaimGrant&) = default;
};

struct CacheInvalidation {
  CacheAddress address;
  InvalidationType type = InvalidationType::single_key;
  std::vector<std::string> targets;  // Cluster ids; empty: all other clusters.
  double priority = 2.0;
  std::uint64_t ttl_ms =
      300'000;  // Bounds how long it is retained and tracked, not whether it holds.
  std::string reason;
  Tracking tracking;
  bool erased = false;    // With single_key: the thing itself is gone; a tombstone is kept.
  VectorClock seen = {};  // With erased: as of a replication.
  std::vector<std::string> depends_on = {};   // The same.
  std::vector<std::uint32_t> ancestors = {};  // The same.
  bool resolved = false;                      // The same.
  FencingToken fence = 0;                     // The same.
  std::optional<ClaimGrant> claim = {};       // Made by a broker.
  bool written = false;  // The sender has a newer value, and keeps it: who does not hold a key that
                         // is held may not.

  friend bool operator==(const CacheInvalidation&, const CacheInvalidation&) = default;
};

// The fact of a replication. Where the cluster is not a target it counts as an invalidation of the
// key.
struct CacheReplication {
  CacheAddress address;
  ReplicationStrategy strategy = ReplicationStrategy::async;
  std::vector<std::string> targets;  // Never empty.
  double priority = 0.8;
  std::uint64_t ttl_ms = 0;  // Of the value; 0: none.
  std::uint64_t value_bytes = 0;
  Tracking tracking;
  std::vector<std::string> tags = {};  // At most kTagsPerEntryMax.
  // What the writer had read, where a resolver decides: by cluster, the hybrid time of its last
  // write that went into it.
  VectorClock seen = {};
  std::vector<std::string> depends_on = {};  // Keys of the namespace; with tags at most 64.
  // Tags of what these were made from in turn, as the sender knows; at most kAncestorsMax.
  std::vector<std::uint32_t> ancestors = {};
  bool resolved = false;   // A resolver decides: only stores hold such values.
  FencingToken fence = 0;  // The writer holds the key, by this claim.

  friend bool operator==(const CacheReplication&, const CacheReplication&) = default;
};

// The value of a replication, in the bulk lane. Belongs to the fact with the same client and
// operation.
struct CacheValue {
  CacheAddress address;
  std::vector<std::string> targets;
  std::uint64_t ttl_ms = 0;
  std::uint64_t fact_operation = 0;  // The operation number of the fact, same client.
  std::string value;
  std::vector<std::string> tags = {};  // As the fact says.
  std::uint32_t timeout_ms = 0;        // When its own record is tracked: sent later than its fact.
  std::vector<std::string> depends_on = {};   // As the fact says.
  std::vector<std::uint32_t> ancestors = {};  // As the fact says.

  friend bool operator==(const CacheValue&, const CacheValue&) = default;
};

enum class Outcome : std::uint8_t {
  confirmed = 0,     // Every target has applied it.
  timed_out = 1,     // The deadline passed; `missing` have not confirmed.
  failed = 2,        // `failed` says who and why; without any: by hand, or the broker is leaving.
  acknowledged = 3,  // No end: `confirmed` are those that did so since it was told last.
};

// A target that has passed an operation and does not hold what it brought.
struct FailedAt {
  std::string cluster;
  ApplyFailure reason = ApplyFailure::lost;

  friend bool operator==(const FailedAt&, const FailedAt&) = default;
};

struct EndedOperation {
  std::uint64_t operation = 0;
  std::uint32_t latency_us = 0;  // From stamping to the last confirmation, by the broker's clock.

  friend bool operator==(const EndedOperation&, const EndedOperation&) = default;
};

// Broker to client: tracked operations that ended together and alike, in the order in which they
// did; each ends once. Before it, where it was asked for, who has confirmed.
struct OperationOutcome {
  std::vector<EndedOperation> operations;
  Outcome outcome = Outcome::confirmed;
  std::vector<std::string> confirmed;
  std::vector<std::string> missing;
  // Of `confirmed`: they have not said so, but serve nothing older any more (level observed).
  std::vector<std::string> fenced = {};
  std::optional<Accepted> accepted = {};  // Holds before the rest; of this connection.
  std::vector<FailedAt> failed = {};      // Of neither `confirmed` nor `missing`.

  friend bool operator==(const OperationOutcome&, const OperationOutcome&) = default;
};

// Client to broker: end an operation by hand. Answered by Answer; ok = false for an unknown one.
struct CompleteOperation {
  std::uint64_t request = 0;
  std::uint64_t operation = 0;
  bool success = true;

  friend bool operator==(const CompleteOperation&, const CompleteOperation&) = default;
};

// What a cluster knows of one entry. Through which of these it goes is the matter of the
// namespace's protocol: message/coherence_protocol.h.
enum class EntryState : std::uint8_t {
  missing = 0,    // Nothing.
  shared = 1,     // It holds a value, and others may.
  syncing = 2,    // A newer value is on its way to it.
  invalid = 3,    // Invalidated, and nothing newer has come.
  exclusive = 4,  // It holds the key alone, and has not written it since.
  modified = 5,   // It has written the value, and no other cluster has it.
  owned = 6,      // It has written the value, and others have it.
  degraded = 7,   // It holds a value that may be out of date: a cluster has been silent.
  pending = 8,    // Of a near cache: written here, and not confirmed yet.
};
[[nodiscard]] constexpr std::string_view name_of(EntryState state) {
  constexpr std::string_view kNames[] = {"missing",  "shared", "syncing",  "invalid", "exclusive",
                                         "modified", "owned",  "degraded", "pending"};
  return kNames[static_cast<std::size_t>(state)];
}
[[nodiscard]] constexpr bool has_value(EntryState state) {
  return state == EntryState::shared || state >= EntryState::exclusive;
}

// What a cluster's store holds of an entry. Client to broker, and from broker to broker on the way
// to another cluster. Answered by CacheGot.
struct CacheGet {
  std::uint64_t request = 0;
  CacheAddress address;
  std::vector<StreamPosition> positions = {};  // Not before the cluster has applied these,
  std::uint32_t wait_ms = 0;                   // for which it may take so long; then timed_out.
  std::string cluster = {};  // Whose store; empty: of the broker that is asked. No positions then.
  bool with_value = true;
  std::string asker = {};  // Between brokers: the cluster whose client asks.
  std::uint8_t hops = 0;   // Between brokers.

  friend bool operator==(const CacheGet&, const CacheGet&) = default;
};

struct CacheGot {
  std::uint64_t request = 0;
  EntryState state = EntryState::missing;
  std::string value;  // When there is one; otherwise, of a state that is merged, what is known.
  // The order in which the broker applied the last write or invalidation known, which says nothing
  // beyond this broker; where a resolver decides, its hybrid time. 0: none.
  std::uint64_t version = 0;
  std::string origin;                    // The cluster of that write.
  std::uint64_t ttl_ms = 0;              // What is left of it; 0: it does not expire.
  std::vector<std::uint32_t> tags = {};  // By hash, as stores know them.
  std::uint16_t region = 0;              // The same.
  VectorClock seen = {};                 // Of a value that a resolver made: what went into it.
  bool resolved = false;                 // The namespace has a resolver.
  bool filled = false;                   // Loaded from the source of the data, and no write.
  bool absent = false;                   // Known not to exist.
  std::string asker = {};                // Between brokers: where it goes.
  std::uint8_t hops = 0;                 // Between brokers.
  StreamPosition position = {};          // Of the write that is held, where none is merged.

  friend bool operator==(const CacheGot&, const CacheGot&) = default;
};

// Client to broker: may I load this? One in the cluster may at a time. Answered by LoadGranted.
struct LoadAsk {
  std::uint64_t request = 0;
  CacheAddress address;
  std::uint32_t lease_ms = 0;  // For so long at most; 0: the load is done.
  bool loaded = false;         // And this is what was loaded: the cluster's store may keep it.
  std::string value = {};
  bool absent = false;                   // There is no such thing.
  std::uint64_t ttl_ms = 0;              // 0: until it is dropped.
  std::vector<std::uint32_t> tags = {};  // By hash.
  std::uint64_t grant = 0;               // The load is done: the request that was granted for it.

  friend bool operator==(const LoadAsk&, const LoadAsk&) = default;
};

struct LoadGranted {
  std::uint64_t request = 0;
  bool granted = false;
  std::uint32_t wait_ms = 0;  // Not granted: what is left of the other's lease.

  friend bool operator==(const LoadGranted&, const LoadGranted&) = default;
};

}  // namespace mpreg
