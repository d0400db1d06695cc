// ReplicaStore: values that will not come. An entry is SYNCING for as long as its value may come,
// and missing afterwards.

#include <algorithm>

#include "store/replica_store.h"

namespace mpreg {

void ReplicaStore::expect(Instant now, const OperationId& fact, Expected expected) {
  expected.until = now + ResolvedStore::kValueLateMax;
  expected_[fact] = std::move(expected);
  expected_order_.push_back(fact);
  while (expected_order_.size() > kExpectedMax) {
    const auto oldest = expected_.find(expected_order_.front());
    expected_order_.pop_front();
    if (oldest == expected_.end()) continue;
    miss(now, oldest->second);
    expected_.erase(oldest);
  }
}

// Of what a resolver decides, ResolvedStore sees to it itself.
void ReplicaStore::miss(Instant now, const Expected& expected) {
  const CacheAddress& address = expected.address;
  const auto space = store_.find_space(address.namespace_name);
  if (!space || resolved_.resolver_of(address.namespace_name) != nullptr) return;
  store_.give_up(now, {*space, address.key, address.subkey, address.version},
                 {expected.version, expected.origin});
}

void ReplicaStore::give_up(Instant now, const OperationId& fact, ApplyFailure reason) {
  const auto expected = expected_.find(fact);
  if (expected == expected_.end()) return remember_given_up(fact, reason);
  miss(now, expected->second);
  expected_.erase(expected);
}

void ReplicaStore::drop_waiting(const OperationId& fact) {
  const auto value = waiting_.find(fact);
  if (value == waiting_.end()) return;
  waiting_bytes_ -= value->second.value.size();
  waiting_.erase(value);
}

void ReplicaStore::give_up_of(Instant now, const std::string& origin) {
  std::erase_if(expected_, [&](const auto& entry) {
    if (store_.name_of_origin(entry.second.origin) != origin) return false;
    miss(now, entry.second);
    return true;
  });
}

void ReplicaStore::give_up_overdue(Instant now) {
  while (!expected_order_.empty()) {
    const auto oldest = expected_.find(expected_order_.front());
    if (oldest != expected_.end()) {
      if (now < oldest->second.until) return;
      miss(now, oldest->second);
      expected_.erase(oldest);
    }
    expected_order_.pop_front();
  }
}

void ReplicaStore::remember_given_up(const OperationId& fact, ApplyFailure reason) {
  if (!given_up_.emplace(fact, reason).second) return;
  given_up_order_.push_back(fact);
  while (given_up_order_.size() > kExpectedMax) {
    given_up_.erase(given_up_order_.front());
    given_up_order_.pop_front();
  }
}

ReplicaStore::NotHeld ReplicaStore::take_given_up(const OperationId& fact) {
  const auto known = given_up_.find(fact);
  if (known == given_up_.end()) return std::nullopt;
  const ApplyFailure reason = known->second;
  given_up_.erase(known);
  return reason;
}

}  // namespace mpreg
