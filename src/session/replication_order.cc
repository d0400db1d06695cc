#include "session/replication_order.h"

#include <utility>

namespace mpreg {

ReplicationOrder::Key ReplicationOrder::key_of(const CacheAddress& address) {
  return {address.namespace_name, address.key, address.subkey, address.version};
}

std::optional<ReplicationOrder::Given> ReplicationOrder::on_fact(const CacheAddress& address,
                                                                 Source source) {
  const auto held = held_.find({source.fact.client, source.fact.operation});
  if (held != held_.end()) {
    forget(address);
    Given given{std::move(held->second), std::move(source)};
    held_bytes_ -= given.value.value.size();
    held_.erase(held);
    return given;
  }
  expected_.insert_or_assign(key_of(address), std::move(source));
  if (expected_.size() > kExpectedMax) expected_.erase(expected_.begin());
  return std::nullopt;
}

std::optional<ReplicationOrder::Given> ReplicationOrder::on_value(CacheValue value,
                                                                  std::uint64_t client) {
  const auto expected = expected_.find(key_of(value.address));
  const bool is_same_writer = expected != expected_.end() && expected->second.fact.client == client;
  if (is_same_writer && expected->second.fact.operation == value.fact_operation) {
    Given given{std::move(value), std::move(expected->second)};
    expected_.erase(expected);
    return given;
  }
  const bool is_followed = is_same_writer && expected->second.fact.operation > value.fact_operation;
  if (!is_followed) hold({client, value.fact_operation}, std::move(value));
  return std::nullopt;
}

void ReplicationOrder::forget_all(const std::string& namespace_name) {
  if (namespace_name.empty()) return expected_.clear();
  auto first = expected_.lower_bound({namespace_name, {}, {}, 0});
  auto last = first;
  while (last != expected_.end() && std::get<0>(last->first) == namespace_name) ++last;
  expected_.erase(first, last);
}

// The oldest go first: mostly their facts were overtaken by something else that was told.
void ReplicationOrder::hold(const FactId& fact, CacheValue value) {
  const std::size_t bytes = value.value.size();
  if (bytes > kHeldBytesMax || !held_.emplace(fact, std::move(value)).second) return;
  held_bytes_ += bytes;
  oldest_held_.push_back(fact);
  constexpr std::size_t kHeldMax = 10'000;
  while (held_bytes_ > kHeldBytesMax || oldest_held_.size() > kHeldMax) {
    const auto oldest = held_.find(oldest_held_.front());
    oldest_held_.pop_front();
    if (oldest == held_.end()) continue;  // Given out meanwhile.
    held_bytes_ -= oldest->second.value.size();
    held_.erase(oldest);
  }
}

}  // namespace mpreg
