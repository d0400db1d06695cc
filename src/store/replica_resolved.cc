// ReplicaStore: namespaces in which a resolver decides.

#include "store/replica_store.h"
#include "topic/match.h"

namespace mpreg {

void ReplicaStore::drop_resolved(
    const std::function<bool(const CacheAddress&, const Siblings&)>& is_it) {
  ++drops_;
  resolved_.drop_if(is_it);
}

void ReplicaStore::drop_overdue(Instant now) { resolved_.give_up_overdue(now); }

// An invalidation is no write: the key is forgotten, with what is known of its writes.
void ReplicaStore::take_resolved(Instant now, const CacheInvalidation& fact,
                                 const std::string& origin, HybridTime time) {
  const CacheAddress& about = fact.address;
  const bool is_key = fact.type == InvalidationType::single_key;
  if (is_key && fact.erased) {
    return resolved_.write(now, about, {origin, time, true, {}}, fact.seen,
                           std::chrono::milliseconds(0));
  }
  ++drops_;
  if (is_key) return resolved_.drop(about);
  resolved_.drop_if([&](const CacheAddress& address, const Siblings& /*all*/) {
    const bool is_pattern = fact.type == InvalidationType::pattern;
    return address.namespace_name == about.namespace_name &&
           (!is_pattern || matches(about.key, address.key));
  });
}

ReplicaStore::NotHeld ReplicaStore::take_resolved(Instant now, const CacheReplication& fact,
                                                  const std::string& origin, HybridTime time,
                                                  const OperationId& operation) {
  if (!is_for_us(fact.targets)) {
    ++drops_;
    resolved_.drop(fact.address);
    return std::nullopt;
  }
  if (const auto value = waiting_.find(operation); value != waiting_.end()) {
    waiting_bytes_ -= value->second.value.size();
    resolved_.write(now, fact.address, {origin, time, false, std::move(value->second.value)},
                    fact.seen, std::chrono::milliseconds(value->second.ttl_ms));
    waiting_.erase(value);
    return std::nullopt;
  }
  // What is known stays, and a comparison with the other stores brings the rest.
  if (const NotHeld given_up = take_given_up(operation)) return given_up;
  const auto from = store_.origin_of(origin);
  if (!from) {
    resolved_.drop(fact.address);
    return ApplyFailure::no_capacity;
  }
  resolved_.expect(now, fact.address, origin, time);
  expect(now, operation, {time, *from, false, EntryState::shared, fact.seen, fact.address});
  return std::nullopt;
}

}  // namespace mpreg
