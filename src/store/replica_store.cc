#include "store/replica_store.h"

#include <algorithm>

#include "message/target_names.h"

namespace mpreg {
namespace {

StoreKey key_of(NamespaceId space, const CacheAddress& address) {
  return {space, address.key, address.subkey, address.version};
}

// One tag for each key that it was made from, in the end.
template <typename Fact>
std::vector<std::uint32_t> made_from(const Fact& fact) {
  std::vector<std::uint32_t> ids = fact.ancestors;
  for (const std::string& key : fact.depends_on) {
    ids.push_back(DependencyGraph::tag_of(fact.address.namespace_name, key));
  }
  return ids;
}

// These, and its own.
template <typename Fact>
std::vector<std::uint32_t> tags_of(const Fact& fact) {
  std::vector<std::uint32_t> ids = made_from(fact);
  for (const std::string& tag : fact.tags) ids.push_back(CacheStore::tag_id(tag));
  return ids;
}

// What is refused there lost against something newer.
ReplicaStore::NotHeld not_held(CacheStore::Outcome outcome) {
  if (outcome != CacheStore::Outcome::too_large) return std::nullopt;
  return ApplyFailure::no_capacity;
}

// Targets that name each member one by one are not seen to be all.
bool is_for_all(const std::vector<std::string>& targets) {
  return std::find(targets.begin(), targets.end(), kEveryMember) != targets.end();
}

}  // namespace

ReplicaStore::ReplicaStore(std::string cluster, std::string region, std::uint64_t bytes_max,
                           bool is_compared, std::shared_ptr<DependencyGraph> dependencies,
                           SeenTable* seen)
    : cluster_(std::move(cluster)),
      region_(std::move(region)),
      waiting_bytes_max_(bytes_max / kWaitingShare),
      dependencies_(std::move(dependencies)),
      names_(seen),
      store_({.bytes_max = bytes_max, .digests = is_compared, .seen = seen}),
      resolved_(bytes_max / kResolvedShare) {}

// Empty targets: all.
bool ReplicaStore::is_for_us(const std::vector<std::string>& targets) const {
  return targets.empty() || selects(targets, cluster_, region_);
}

Judgement ReplicaStore::judge(const CacheAddress& address, Position write) {
  const auto space = store_.space_of(address.namespace_name);
  return space ? store_.judge(key_of(*space, address), write) : Judgement::concurrent;
}

bool ReplicaStore::has_changed(const CacheAddress& address, HybridTime told, WriteId writer) const {
  constexpr NamespaceId kUnknown = 0xFFFF;
  if (resolved_.resolver_of(address.namespace_name) != nullptr) return false;
  if (told_elsewhere(address) > told) return true;
  const auto space = store_.find_space(address.namespace_name);
  return store_.has_changed(key_of(space.value_or(kUnknown), address), told, writer);
}

void ReplicaStore::note_elsewhere(const CacheInvalidation& fact, HybridTime order) {
  if (names_ == nullptr) return;
  const std::string& name = fact.address.namespace_name;
  const bool is_of_space =
      fact.type == InvalidationType::single_key || fact.type == InvalidationType::cascade ||
      fact.type == InvalidationType::pattern || fact.type == InvalidationType::namespace_all ||
      fact.type == InvalidationType::tag;
  if (!is_of_space || told_elsewhere_.size() >= kElsewhereSpacesMax) {
    all_told_elsewhere_ = order;
    return;
  }
  auto& buckets = told_elsewhere_[name];
  buckets.resize(kElsewhereBuckets);
  if (fact.type == InvalidationType::single_key) {
    buckets[DependencyGraph::tag_of(name, fact.address.key) % kElsewhereBuckets] = order;
  } else {
    std::fill(buckets.begin(), buckets.end(), order);
  }
}

HybridTime ReplicaStore::told_elsewhere(const CacheAddress& address) const {
  const auto buckets = told_elsewhere_.find(address.namespace_name);
  if (buckets == told_elsewhere_.end()) return all_told_elsewhere_;
  const auto bucket =
      DependencyGraph::tag_of(address.namespace_name, address.key) % kElsewhereBuckets;
  return std::max(all_told_elsewhere_, buckets->second[bucket]);
}

void ReplicaStore::withdraw(Instant now, const CacheAddress& address, const Placed& placed) {
  const auto space = store_.find_space(address.namespace_name);
  if (!space || resolved_.resolver_of(address.namespace_name) != nullptr) return;
  (void)store_.withdraw(now, key_of(*space, address), {placed.order, 0}, placed.written);
}

void ReplicaStore::take(Instant now, const CacheInvalidation& fact, const std::string& origin,
                        HybridTime time, const Placed& placed) {
  const Position at = placed.written.position;
  if (origin != cluster_ && !is_for_us(fact.targets)) return note_elsewhere(fact, placed.order);
  const auto from = store_.origin_of(origin);
  const WriteVersion version{placed.order != 0 ? placed.order : time, from.value_or(0)};
  const bool is_told_alone = !fact.targets.empty() && !is_for_all(fact.targets);
  if (resolved_.resolver_of(fact.address.namespace_name) != nullptr) {
    if (is_told_alone) told_alone_.insert(fact.address.namespace_name);
    return take_resolved(now, fact, origin, time);
  }
  const bool is_of_any =
      fact.type == InvalidationType::region || fact.type == InvalidationType::cluster_sync;
  if (is_told_alone && is_of_any) told_alone_.insert(std::string());
  if (fact.type == InvalidationType::region) {
    drop_resolved([&](const CacheAddress& address, const Siblings& /*all*/) {
      return address.region == fact.address.region;
    });
    return store_.cut_region(CacheStore::region_id(fact.address.region), version, placed.written);
  }
  if (fact.type == InvalidationType::cluster_sync) {
    drop_resolved([&](const CacheAddress& /*address*/, const Siblings& all) {
      return all.clock().at(origin) != 0;
    });
    if (from) store_.cut_origin(*from, version, placed.written);
    return;
  }
  const auto space = store_.space_of(fact.address.namespace_name);
  if (!space)
    return store_.cut_everything(version,
                                 placed.written);  // More namespaces than it can tell apart.
  if (is_told_alone) told_alone_.insert(fact.address.namespace_name);
  dependencies_->note(fact.address.namespace_name, fact.address.key, made_from(fact));
  switch (fact.type) {
    case InvalidationType::cascade:
      return cascade(now, *space, fact.address, version, placed.written);
    case InvalidationType::pattern:
      return store_.cut_pattern(*space, fact.address.key, version, placed.written);
    case InvalidationType::namespace_all:
      return store_.cut_space(*space, version, placed.written);
    case InvalidationType::tag:
      return store_.cut_tag(*space, CacheStore::tag_id(fact.address.key), version, placed.written);
    default:
      if (placed.written.judgement == Judgement::ignored) return;
      // Where positions are known a mark of an erased key is one like any other.
      if (fact.erased && !fact.resolved && !at.is_known()) {
        return (void)store_.erase(now, key_of(*space, fact.address), version,
                                  !fact.targets.empty());
      }
      (void)store_.invalidate(now, key_of(*space, fact.address), version, placed.written);
  }
}

void ReplicaStore::cascade(Instant now, NamespaceId space, const CacheAddress& address,
                           WriteVersion version, const Written& written) {
  const auto tags = dependencies_->dependents_of(address.namespace_name, address.key);
  if (!tags) return store_.cut_space(space, version, written);
  if (written.judgement != Judgement::ignored) {
    (void)store_.invalidate(now, key_of(space, address), version, written);
  }
  for (const std::uint32_t tag : *tags) store_.cut_tag(space, tag, version, written);
  store_.cut_tag(space, DependencyGraph::of_many(address.namespace_name), version, written);
}

ReplicaStore::NotHeld ReplicaStore::take(Instant now, const CacheReplication& fact,
                                         const std::string& origin, HybridTime time,
                                         const OperationId& operation, const Placed& placed) {
  if (resolved_.resolver_of(fact.address.namespace_name) != nullptr) {
    return take_resolved(now, fact, origin, time, operation);
  }
  const auto space = store_.space_of(fact.address.namespace_name);
  const auto from = store_.origin_of(origin);
  if (!space || !from) {
    store_.cut_everything({placed.order != 0 ? placed.order : time, from.value_or(0)},
                          placed.written);
    return ApplyFailure::no_capacity;
  }
  if (placed.order != 0) time = placed.order;
  dependencies_->note(fact.address.namespace_name, fact.address.key, made_from(fact));
  const StoreKey key = key_of(*space, fact.address);
  CacheStore::Entry entry;
  entry.version = {time, *from};
  entry.written = placed.written;
  entry.region = CacheStore::region_id(fact.address.region);
  const std::vector<std::uint32_t> tags = tags_of(fact);
  entry.tags = tags;
  entry.partial = !is_for_all(fact.targets);
  // A value of another cluster is judged as of when it comes: from `syncing`.
  const bool is_own = origin == cluster_;
  const auto state =
      is_own ? step(now, fact.address.namespace_name, key,
                    is_for_us_alone(fact.targets) ? CacheOperation::write : CacheOperation::share,
                    fact.fence != 0)
             : received(fact.address.namespace_name);
  const NotHeld given_up = take_given_up(operation);
  if (!is_for_us(fact.targets) || fact.resolved || !state || given_up) {
    (void)store_.invalidate(now, key, entry.version, entry.written);
    if (!is_for_us(fact.targets)) return std::nullopt;
    return given_up.value_or(ApplyFailure::refused);
  }
  entry.state = *state;
  if (const auto value = waiting_.find(operation); value != waiting_.end()) {
    entry.ttl = std::chrono::milliseconds(value->second.ttl_ms);
    const auto outcome = store_.put(now, key, value->second.value, entry);
    waiting_bytes_ -= value->second.value.size();
    waiting_.erase(value);
    return not_held(outcome);
  }
  const auto outcome = store_.expect(now, key, entry);
  if (outcome != CacheStore::Outcome::done) return not_held(outcome);
  expect(now, operation,
         {time, *from, entry.partial, *state, {}, fact.address, {}, placed.written});
  return std::nullopt;
}

const ProtocolTable& ReplicaStore::protocol_of(const std::string& namespace_name) const {
  const auto own = protocols_.empty() ? protocols_.end() : protocols_.find(namespace_name);
  return own == protocols_.end() ? protocol_ : own->second;
}

// The state before it, and after it, if it is a step. Without an exclusive state, what is held is
// modified.
std::pair<EntryState, std::optional<EntryState>> ReplicaStore::look_ahead(
    Instant now, const std::string& namespace_name, const StoreKey& key, CacheOperation operation,
    bool is_held) const {
  const ProtocolTable& protocol = protocol_of(namespace_name);
  EntryState state = EntryState::exclusive;
  if (!is_held) {
    state = protocol.is_plain(operation) ? EntryState::missing : store_.state_of(now, key, nullptr);
  }
  auto next = protocol.next(state, operation);
  if (!next && is_held) next = protocol.next(EntryState::modified, operation);
  return {state, next};
}

std::optional<EntryState> ReplicaStore::find_violation(Instant now, const CacheAddress& address,
                                                       CacheOperation write, bool is_held) const {
  constexpr NamespaceId kUnknown = 0xFFFF;  // Of which nothing is held.
  const auto space = store_.find_space(address.namespace_name);
  const auto [state, next] = look_ahead(now, address.namespace_name,
                                        key_of(space.value_or(kUnknown), address), write, is_held);
  return next ? std::nullopt : std::optional(state);
}

std::optional<EntryState> ReplicaStore::step(Instant now, const std::string& namespace_name,
                                             const StoreKey& key, CacheOperation operation,
                                             bool is_held) {
  const auto next = look_ahead(now, namespace_name, key, operation, is_held).second;
  violations_ += next ? 0 : 1;
  return next;
}

std::optional<EntryState> ReplicaStore::received(const std::string& namespace_name) {
  const auto next = protocol_of(namespace_name).next(EntryState::syncing, CacheOperation::receive);
  violations_ += next ? 0 : 1;
  return next;
}

bool ReplicaStore::is_for_us_alone(const std::vector<std::string>& targets) const {
  return std::all_of(targets.begin(), targets.end(),
                     [this](const std::string& target) { return target == cluster_; });
}

ReplicaStore::NotHeld ReplicaStore::take(Instant now, CacheValue value, std::uint64_t client) {
  if (!is_for_us(value.targets)) return std::nullopt;
  const OperationId fact{client, value.fact_operation};
  const auto expected = expected_.find(fact);
  if (expected == expected_.end()) {
    keep_waiting(fact, std::move(value));
    return std::nullopt;  // Its fact will say.
  }
  if (resolved_.resolver_of(value.address.namespace_name) != nullptr) {
    const Expected write = std::move(expected->second);
    expected_.erase(expected);
    resolved_.write(
        now, value.address,
        {store_.name_of_origin(write.origin), write.version, false, std::move(value.value)},
        write.seen, std::chrono::milliseconds(value.ttl_ms));
    return std::nullopt;
  }
  CacheStore::Entry entry;
  entry.partial = expected->second.partial;
  entry.state = expected->second.state;
  entry.version = {expected->second.version, expected->second.origin};
  entry.written = expected->second.written;
  entry.region = CacheStore::region_id(value.address.region);
  const std::vector<std::uint32_t> tags = tags_of(value);
  entry.tags = tags;
  entry.ttl = std::chrono::milliseconds(value.ttl_ms);
  expected_.erase(expected);
  // They mostly end in the order in which they began.
  if (!expected_order_.empty() && expected_order_.front() == fact) expected_order_.pop_front();
  const auto space = store_.find_space(value.address.namespace_name);
  if (!space) return std::nullopt;
  return not_held(store_.arrive(now, key_of(*space, value.address), value.value, entry));
}

// A value whose fact never comes was refused, or came another way: the oldest go.
void ReplicaStore::keep_waiting(const OperationId& fact, CacheValue value) {
  const std::size_t bytes = value.value.size();
  if (!waiting_.emplace(fact, std::move(value)).second) return;  // It came twice.
  waiting_bytes_ += bytes;
  waiting_order_.push_back(fact);
  while (!waiting_order_.empty() &&
         (waiting_bytes_ > waiting_bytes_max_ || waiting_order_.size() > kExpectedMax)) {
    const auto oldest = waiting_.find(waiting_order_.front());
    waiting_order_.pop_front();
    if (oldest == waiting_.end()) continue;
    waiting_bytes_ -= oldest->second.value.size();
    remember_given_up(oldest->first, ApplyFailure::no_capacity);
    waiting_.erase(oldest);
  }
}

void ReplicaStore::note_version(const std::string& origin, HybridTime version) {
  if (!versions_.regressed(origin, version)) return;
  drop_resolved([&](const CacheAddress& /*address*/, const Siblings& all) {
    return all.clock().at(origin) != 0;
  });
}

void ReplicaStore::lose(const Scope& scope, HybridTime time, std::span<const Position> applied) {
  if (scope.kind == ScopeKind::namespaces) {
    for (const std::string& name : scope.names) lose_space(name, time, applied);
    return;
  }
  store_.raise_floor(std::nullopt, applied);
  store_.cut_everything({time, 0});
}

void ReplicaStore::lose_space(const std::string& namespace_name, HybridTime time,
                              std::span<const Position> applied) {
  // Near caches know the namespaces that were opened, and no others.
  const auto space =
      names_ == nullptr ? store_.find_space(namespace_name) : store_.space_of(namespace_name);
  if (!space) {
    if (names_ != nullptr) lose({}, time, applied);  // More than it can tell apart.
    return;
  }
  store_.raise_floor(*space, applied);
  store_.cut_space(*space, {time, 0});
}

void ReplicaStore::fill(Instant now, const LoadAsk& load, HybridTime seen) {
  const auto space = store_.space_of(load.address.namespace_name);
  if (!space || resolved_.resolver_of(load.address.namespace_name) != nullptr) return;
  CacheStore::Entry entry;
  entry.version.time = seen;
  entry.ttl = std::chrono::milliseconds(load.ttl_ms);
  entry.region = CacheStore::region_id(load.address.region);
  entry.tags = load.tags;
  dependencies_->note(load.address.namespace_name, load.address.key, load.tags);
  entry.absent = load.absent;
  const StoreKey key = key_of(*space, load.address);
  const auto state = step(now, load.address.namespace_name, key, CacheOperation::fill);
  if (!state) return;
  entry.state = *state;
  (void)store_.fill(now, key, load.value, entry);
}

CacheGot ReplicaStore::get(Instant now, const CacheGet& request) {
  CacheGot got = look(now, request.address);
  got.request = request.request;
  if (resolved_.resolver_of(request.address.namespace_name) != nullptr) return got;
  const auto space = store_.find_space(request.address.namespace_name);
  if (!space) return got;
  const auto found = store_.get(now, key_of(*space, request.address));
  if (!found) return got;
  got.value = found->value;
  got.ttl_ms = found->expires_in_ms;
  got.tags.assign(found->tags.begin(), found->tags.end());
  got.region = found->region;
  got.absent = found->absent;
  got.filled = found->filled;
  return got;
}

void ReplicaStore::for_each(
    Instant now, const std::function<void(const CacheAddress& address, std::string_view value,
                                          HybridTime version)>& visit) {
  store_.for_each(now, [&](const StoreKey& key, const CacheStore::Found& found) {
    visit({store_.name_of_space(key.space), std::string(key.key), std::string(key.subkey),
           key.version, "default"},
          found.value, found.version.time);
    return false;
  });
}

CacheGot ReplicaStore::look(Instant now, const CacheAddress& address) const {
  CacheGot got;
  if (resolved_.resolver_of(address.namespace_name) != nullptr) {
    got.resolved = true;
    resolved_.get(now, address, got);
    return got;
  }
  const auto space = store_.find_space(address.namespace_name);
  if (!space) return got;
  WriteVersion version;
  Position at;
  got.state = store_.state_of(now, key_of(*space, address), &version, &at);
  got.version = version.time;
  if (names_ != nullptr && at.is_known()) got.position = {names_->id_of(at.stream), at.number};
  got.origin = store_.name_of_origin(version.origin);
  return got;
}

}  // namespace mpreg
