// CacheSpace: reads, loads and writes of one namespace.

#include <random>

#include "base/text.h"
#include "message/cache_key.h"
#include "near_cache_impl.h"
#include "replication_driver.h"

namespace mpreg {
namespace {

using Count = NearCacheImpl::Count;

constexpr int kLoadsMax = 3;  // When what was loaded is invalidated meanwhile.

// A random part is cut off, so that what was stored together does not expire together.
std::chrono::milliseconds jittered(std::chrono::milliseconds ttl, double jitter) {
  if (ttl <= ttl.zero() || jitter <= 0.0) return ttl;
  thread_local std::minstd_rand random(std::random_device{}());
  const double part = std::uniform_real_distribution<double>(0.0, jitter)(random);
  return std::max(std::chrono::milliseconds(1),
                  std::chrono::milliseconds(
                      static_cast<std::int64_t>(static_cast<double>(ttl.count()) * (1.0 - part))));
}

Result<std::vector<std::uint32_t>> ids_of(std::string_view namespace_name,
                                          const std::vector<std::string>& tags,
                                          const std::vector<std::string>& depends_on) {
  if (tags.size() + depends_on.size() > kTagsPerEntryMax) {
    return fail(ErrorCode::malformed, "the entry has " + std::to_string(tags.size()) +
                                          " tags and " + std::to_string(depends_on.size()) +
                                          " dependencies, together at most " +
                                          std::to_string(kTagsPerEntryMax) + " are allowed");
  }
  std::vector<std::uint32_t> ids;
  for (const std::string& tag : tags) {
    if (tag.empty() || tag.size() > kTagBytesMax) {
      return fail(ErrorCode::malformed, "tag " + quoted(tag) + " has " +
                                            std::to_string(tag.size()) +
                                            " bytes, 1 to 255 are allowed");
    }
    ids.push_back(CacheStore::tag_id(tag));
  }
  for (const std::string& key : depends_on) {
    if (auto checked = check_key(key); !checked) return tl::unexpected(checked.error());
    ids.push_back(DependencyGraph::tag_of(namespace_name, key));
  }
  return ids;
}

}  // namespace

// The time, then the right, then the value: see ServingRights.
std::optional<CachedValue> CacheSpace::get(std::string_view key) {
  Instant now = cache_.clock.instant();
  CoherenceState state = cache_.rights.state(now, *parts_->scope);
  Freshness freshness = Freshness::coherent;
  if (state != CoherenceState::coherent) [[unlikely]] {
    const bool is_lost = state != CoherenceState::degraded;
    const StalePolicy& policy = is_lost ? options_.when_lost : options_.when_degraded;
    if (policy.kind == StalePolicy::Kind::block && cache_.core.may_wait() &&
        cache_.wait_coherent(*parts_->scope, policy.max)) {
      now = cache_.clock.instant();
    } else {
      const Instant since = is_lost ? cache_.rights.lease_until() : parts_->scope->until();
      const bool is_served =
          policy.kind == StalePolicy::Kind::serve_stale && now - since <= policy.max;
      if (!is_served) {
        cache_.count(Count::miss);
        cache_.count(Count::miss_suspect);
        return std::nullopt;
      }
      freshness = is_lost ? Freshness::stale : Freshness::degraded;
    }
  }
  NearValue held;
  if (!parts_->checked || !cache_.store.get(now, parts_->index, {key}, held)) {
    cache_.count(Count::miss);
    return std::nullopt;
  }
  cache_.count(freshness == Freshness::coherent   ? Count::hit
               : freshness == Freshness::degraded ? Count::hit_degraded
                                                  : Count::hit_stale);
  if (held.absent) cache_.count(Count::hit_absent);
  return CachedValue{std::move(held.value), !held.absent, freshness};
}

EntryState CacheSpace::state(std::string_view key) const {
  if (!parts_->checked) return EntryState::missing;
  const Instant now = cache_.clock.instant();
  const EntryState state = cache_.store.state(now, parts_->index, {key});
  const bool is_coherent = cache_.rights.state(now, *parts_->scope) == CoherenceState::coherent;
  return has_value(state) && !is_coherent ? EntryState::degraded : state;
}

Result<std::optional<CachedValue>> CacheSpace::get(std::string_view key,
                                                   const ConsistencyToken& token,
                                                   std::chrono::milliseconds wait) {
  if (auto may = cache_.core.may_wait(); !may) return tl::unexpected(may.error());
  if (!cache_.wait_applied(token.frontier(), wait)) {
    return fail(ErrorCode::timed_out, "what the token covers has not come within " +
                                          std::to_string(wait.count()) + " ms");
  }
  return get(key);
}

// Gives up a load that did not come to its end.
class CacheSpace::LoadEnd {
 public:
  LoadEnd(CacheSpace& space, std::string_view key) : space_(space), key_(key) {}
  ~LoadEnd() {
    if (!is_ended_) end(fail(ErrorCode::internal, "the loader of another caller threw"));
  }
  LoadEnd(const LoadEnd&) = delete;
  LoadEnd& operator=(const LoadEnd&) = delete;
  void end(std::optional<Result<CachedValue>> result) {
    is_ended_ = true;
    space_.parts_->loads.end(key_, std::move(result));
  }

 private:
  CacheSpace& space_;
  const std::string_view key_;
  bool is_ended_ = false;
};

// No ticket stays behind, whatever the loader does.
struct CacheSpace::FillEnd {
  CacheSpace& space;
  std::string_view key;
  const NearStore::Ticket& ticket;
  ~FillEnd() { space.cache_.store.abandon_fill(space.parts_->index, {key}, ticket); }
};

Result<CachedValue> CacheSpace::get_or_load(std::string_view key, const Loader& loader) {
  if (auto may = cache_.core.may_wait(); !may) return tl::unexpected(may.error());
  if (!parts_->checked) return tl::unexpected(parts_->checked.error());
  if (auto checked = check_key(key); !checked) return tl::unexpected(checked.error());
  const Instant until = cache_.clock.instant() + options_.load_wait;
  for (;;) {
    if (auto held = get(key)) return std::move(*held);
    if (!options_.load_once_here) return load(key, loader);
    const auto running = parts_->loads.join(key);
    if (!running) {
      LoadEnd end(*this, key);
      Result<CachedValue> loaded = load(key, loader);
      // One that is not coherent is for its caller alone.
      const bool is_for_all = !loaded || loaded->freshness == Freshness::coherent;
      end.end(is_for_all ? std::optional(loaded) : std::nullopt);
      return loaded;
    }
    cache_.count(Count::load_shared);
    const Duration left = until - cache_.clock.instant();
    if (left <= Duration::zero() ||
        !LoadDesk::wait(*running, std::chrono::ceil<std::chrono::milliseconds>(left))) {
      return fail(ErrorCode::timed_out, "another caller's load of " + quoted(key) +
                                            " takes longer than " +
                                            std::to_string(options_.load_wait.count()) + " ms");
    }
    if (running->result) return *running->result;
  }
}

// What is loaded while something is told about the key is loaded once more.
CacheAddress CacheSpace::address_of(std::string_view key) const {
  CacheAddress address;
  address.namespace_name = name_;
  address.key = key;
  address.region = options_.region;
  return address;
}

// The turn of this client to load for its cluster; the broker may keep what it gives.
class CacheSpace::ClusterLoad {
 public:
  static constexpr std::size_t kSharedBytesMax = 4U << 20U;  // What is larger fits no packet.

  ClusterLoad(CacheSpace& space, std::string_view key) : space_(space) {
    done_.address = space.address_of(key);
  }
  ~ClusterLoad() { static_cast<void>(space_.cache_.core.ask_load(std::move(done_))); }
  ClusterLoad(const ClusterLoad&) = delete;
  ClusterLoad& operator=(const ClusterLoad&) = delete;
  void share(const CachedValue& value, const std::vector<std::uint32_t>& tags,
             std::chrono::milliseconds ttl) {
    done_.loaded = (value.exists || ttl > ttl.zero()) && value.value.size() <= kSharedBytesMax;
    if (!done_.loaded) return;
    done_.value = value.value;
    done_.absent = !value.exists;
    done_.ttl_ms = static_cast<std::uint64_t>(ttl.count());
    done_.tags = tags;
  }

 private:
  CacheSpace& space_;
  LoadAsk done_;
};

// Until it is the turn of this client, or another's load has given it. Without a broker everybody
// loads.
std::optional<CachedValue> CacheSpace::await_turn(std::string_view key, NearStore::Ticket& ticket,
                                                  bool was_coherent) {
  constexpr std::chrono::milliseconds kPoll{20};
  const Instant until = cache_.clock.instant() + options_.load_wait;
  LoadAsk ask;
  ask.address = address_of(key);
  ask.lease_ms = static_cast<std::uint32_t>(
      std::max(options_.load_wait, std::chrono::milliseconds(100)).count());
  for (std::chrono::milliseconds pause(1); cache_.clock.instant() < until;
       pause = std::min(2 * pause, kPoll)) {
    const auto granted = cache_.core.ask_load(ask);
    if (!granted) return std::nullopt;
    if (granted->granted) {
      // Whoever had the turn before may have given it since it was asked for.
      auto got = ask_cluster(key, ticket, was_coherent);
      if (!got) return std::nullopt;
      ask.lease_ms = 0;
      static_cast<void>(cache_.core.ask_load(ask));
      cache_.count(Count::load_shared);
      return got;
    }
    cache_.pause(std::min(pause, std::chrono::milliseconds(granted->wait_ms)));
    if (auto got = ask_cluster(key, ticket, was_coherent)) {
      cache_.count(Count::load_shared);
      return got;
    }
  }
  return std::nullopt;
}

Result<CachedValue> CacheSpace::load(std::string_view key, const Loader& loader) {
  for (int attempt = 1;; ++attempt) {
    NearStore::Ticket ticket = cache_.store.begin_fill(parts_->index, {key});
    const FillEnd end{*this, key, ticket};
    const bool was_coherent =
        cache_.rights.state(cache_.clock.instant(), *parts_->scope) == CoherenceState::coherent;
    const bool asks = options_.ask_cluster || options_.load_once_in_cluster;
    if (asks && attempt == 1) {
      if (auto got = ask_cluster(key, ticket, was_coherent)) return std::move(*got);
    }
    std::optional<ClusterLoad> cluster;
    if (options_.load_once_in_cluster && attempt == 1) {
      if (auto got = await_turn(key, ticket, was_coherent)) return std::move(*got);
      cluster.emplace(*this, key);
    }
    cache_.count(Count::load);
    Result<Loaded> loaded = loader();
    if (!loaded) {
      cache_.count(Count::load_failed);
      return tl::unexpected(loaded.error());
    }
    auto tags = ids_of(name_, loaded->tags, loaded->depends_on);
    if (!tags) return tl::unexpected(tags.error());
    const bool exists = loaded->value.has_value();
    CachedValue value{exists ? std::move(*loaded->value) : std::string(), exists,
                      was_coherent ? Freshness::coherent : Freshness::degraded};
    KeepOptions keep;
    keep.tags = *tags;
    keep.absent = !exists;
    keep.region = CacheStore::region_id(options_.region);
    const auto ttl = loaded->ttl.value_or(exists ? options_.ttl : options_.absent_ttl);
    keep.ttl = jittered(ttl, options_.ttl_jitter);
    if (cluster) cluster->share(value, *tags, keep.ttl);
    if (!exists && options_.absent_ttl <= options_.absent_ttl.zero()) return value;
    if (cache_.store.end_fill(cache_.clock.instant(), parts_->index, {key}, ticket, value.value,
                              keep)) {
      return value;
    }
    if (attempt < kLoadsMax) continue;
    value.freshness = Freshness::degraded;
    return value;
  }
}

std::optional<CachedValue> CacheSpace::ask_cluster(std::string_view key, NearStore::Ticket& ticket,
                                                   bool was_coherent) {
  constexpr std::chrono::milliseconds kPatience{1000};
  const std::uint64_t instance = cache_.instance();
  const CacheAddress address = address_of(key);
  auto required = cache_.required();
  const bool asks_more = !required.empty();
  auto got = cache_.core.get(address, std::move(required),
                             asks_more ? kPatience : std::chrono::milliseconds(0));
  if (got && asks_more) cache_.has_reached_required(instance);
  if (!got || !has_value(got->state)) {
    cache_.count(Count::cluster_miss);
    return std::nullopt;
  }
  if (!cache_.store.keep(cache_.clock.instant(), parts_->index, {key}, ticket, *got)) {
    ticket = cache_.store.begin_fill(parts_->index, {key});
    cache_.count(Count::cluster_miss);
    return std::nullopt;
  }
  cache_.count(Count::cluster_hit);
  return CachedValue{std::move(got->value), !got->absent,
                     was_coherent ? Freshness::coherent : Freshness::degraded};
}

// ---- Writes.

Tracking CacheSpace::tracking(std::optional<WaitLevel> wait) const {
  return {wait.value_or(options_.wait), static_cast<std::uint32_t>(options_.wait_timeout.count())};
}

Result<Operation> CacheSpace::put(std::string_view key, std::string_view value,
                                  const PutOptions& options) {
  return write(key, &value, options);
}

Result<Operation> CacheSpace::erase(std::string_view key, const PutOptions& options) {
  return write(key, nullptr, options);
}

Result<Operation> CacheSpace::write(std::string_view key, const std::string_view* value,
                                    const PutOptions& options) {
  if (!parts_->checked) return tl::unexpected(parts_->checked.error());
  if (auto checked = check_key(key); !checked) return tl::unexpected(checked.error());
  auto tags = ids_of(name_, options.tags, options.depends_on);
  if (!tags) return tl::unexpected(tags.error());
  const auto ttl = options.ttl.value_or(value != nullptr ? options_.ttl : options_.absent_ttl);
  KeepOptions keep;
  keep.tags = *tags;
  keep.absent = value == nullptr;
  keep.region = CacheStore::region_id(options_.region);
  keep.ttl = jittered(ttl, options_.ttl_jitter);
  if (keep.absent && keep.ttl <= keep.ttl.zero()) keep.ttl = std::chrono::milliseconds(1);
  cache_.count(Count::write);
  const NearStore::Ticket ticket =
      cache_.store.begin_write(cache_.clock.instant(), parts_->index, {key},
                               value != nullptr ? *value : std::string_view(), keep);
  auto operation = send(key, value, ttl, options);
  if (!operation) {
    cache_.count(Count::write_failed);
    cache_.store.failed(cache_.clock.instant(), parts_->index, {key}, ticket);
    return operation;
  }
  cache_.store.sent(cache_.clock.instant(), parts_->index, {key}, ticket, operation->id());
  operation->then([weak = cache_.weak_from_this(), index = parts_->index, name = std::string(key),
                   ticket](const OperationResult& result) {
    const auto cache = weak.lock();
    const bool is_known =
        result.status == OperationStatus::done || result.status == OperationStatus::timed_out;
    if (!cache || is_known) return;
    cache->count(Count::write_failed);
    cache->store.failed(cache->clock.instant(), index, {name}, ticket);
  });
  return operation;
}

Result<Operation> CacheSpace::send(std::string_view key, const std::string_view* value,
                                   std::chrono::milliseconds ttl, const PutOptions& options) {
  CacheAddress address = address_of(key);
  if (value == nullptr || options_.writes == WriteMode::invalidate) {
    CacheInvalidation fact;
    fact.address = std::move(address);
    fact.erased = value == nullptr;
    fact.reason = value == nullptr ? "erased" : "changed";
    fact.depends_on = options.depends_on;
    fact.fence = options.token;
    fact.written = true;
    fact.tracking = tracking(options.wait);
    return cache_.client.invalidate(fact);
  }
  CacheReplication fact;
  fact.address = std::move(address);
  fact.targets = options_.router ? options_.router->targets(name_, key) : options_.targets;
  fact.ttl_ms = static_cast<std::uint64_t>(ttl.count());
  fact.tags = options.tags;
  fact.depends_on = options.depends_on;
  fact.fence = options.token;
  fact.tracking = tracking(options.wait);
  ReplicationStrategy strategy = options_.strategy;
  if (fact.targets.empty()) strategy = ReplicationStrategy::none;
  if (strategy == ReplicationStrategy::async && fact.tracking.wait > WaitLevel::accepted) {
    strategy = ReplicationStrategy::sync;
  }
  return replicate_as(cache_.core, fact, *value,
                      {strategy, options_.quorum, options_.custom_strategy});
}

Result<Operation> CacheSpace::invalidate_as(InvalidationType type, std::string_view what,
                                            std::optional<WaitLevel> wait) {
  if (!parts_->checked) return tl::unexpected(parts_->checked.error());
  CacheInvalidation fact;
  fact.address.namespace_name = name_;
  fact.address.key = what;
  fact.address.region = options_.region;
  fact.type = type;
  fact.priority = type == InvalidationType::single_key ? 2.0 : 1.5;
  fact.reason = "invalidated";
  fact.tracking = tracking(wait);
  // Before it is sent: whatever is written after this call is not older than it.
  cache_.store.drop(cache_.clock.instant(), fact);
  return cache_.client.invalidate(fact);
}

Result<Operation> CacheSpace::invalidate(std::string_view key, std::optional<WaitLevel> wait) {
  return invalidate_as(InvalidationType::single_key, key, wait);
}
Result<Operation> CacheSpace::invalidate_pattern(std::string_view pattern,
                                                 std::optional<WaitLevel> wait) {
  return invalidate_as(InvalidationType::pattern, pattern, wait);
}
Result<Operation> CacheSpace::invalidate_tag(std::string_view tag, std::optional<WaitLevel> wait) {
  return invalidate_as(InvalidationType::tag, tag, wait);
}
Result<Operation> CacheSpace::invalidate_cascade(std::string_view key,
                                                 std::optional<WaitLevel> wait) {
  return invalidate_as(InvalidationType::cascade, key, wait);
}
Result<Operation> CacheSpace::invalidate_all(std::optional<WaitLevel> wait) {
  return invalidate_as(InvalidationType::namespace_all, {}, wait);
}

}  // namespace mpreg
