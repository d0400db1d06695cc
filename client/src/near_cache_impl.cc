#include "mpreg/near_cache.h"

#include <cmath>

#include "base/text.h"
#include "message/cache_key.h"
#include "message/target_names.h"
#include "near_cache_impl.h"
#include "wire/cache_rules.h"

namespace mpreg {
namespace {

constexpr std::chrono::milliseconds kTtlMax{kTtlMsMax};
constexpr std::chrono::hours kWaitMax{24};

Result<void> out_of_range(std::string_view space, std::string_view field, const std::string& value,
                          std::string_view allowed) {
  return fail(ErrorCode::malformed, "namespace " + in_quotes(space) + ": " + std::string(field) +
                                        " is " + value + ", " + std::string(allowed) +
                                        " is allowed");
}

Result<void> check_duration(std::string_view space, std::string_view field,
                            std::chrono::milliseconds value, std::chrono::milliseconds max) {
  if (value >= value.zero() && value <= max) return {};
  return out_of_range(space, field, std::to_string(value.count()) + " ms",
                      "0 to " + std::to_string(max.count()) + " ms");
}

Result<void> check_space(std::string_view name, const CacheSpaceOptions& options) {
  for (const Result<void>& checked :
       {check_namespace(name), check_region(options.region),
        check_duration(name, "ttl", options.ttl, kTtlMax),
        check_duration(name, "absent_ttl", options.absent_ttl, kTtlMax),
        check_duration(name, "wait_timeout", options.wait_timeout, kWaitMax),
        check_duration(name, "load_wait", options.load_wait, kWaitMax),
        check_duration(name, "when_lost.max", options.when_lost.max, kWaitMax),
        check_duration(name, "when_degraded.max", options.when_degraded.max, kWaitMax)}) {
    if (!checked) return checked;
  }
  if (!std::isfinite(options.ttl_jitter) || options.ttl_jitter < 0.0 || options.ttl_jitter > 0.9) {
    return out_of_range(name, "ttl_jitter", std::to_string(options.ttl_jitter), "0 to 0.9");
  }
  if (options.targets.empty()) return out_of_range(name, "targets", "empty", "at least one");
  if (options.strategy == ReplicationStrategy::custom && !options.custom_strategy) {
    return out_of_range(name, "custom_strategy", "null with the strategy custom", "a factory");
  }
  if (!options.router && options.writes == WriteMode::replicate) {
    const auto strategy = make_strategy(options.strategy, options.targets, options.quorum);
    if (!strategy) return tl::unexpected(strategy.error());
  }
  for (const std::string& writer : options.writers) {
    if (auto checked = check_cluster_id(writer); !checked) return checked;
  }
  return {};
}

Result<void> check_options(const NearCacheOptions& options) {
  constexpr std::uint64_t kBytesMin = 1ULL << 20U;
  constexpr std::uint64_t kBytesMax = 256ULL << 30U;
  if (options.bytes_max < kBytesMin || options.bytes_max > kBytesMax) {
    return fail(ErrorCode::malformed, "bytes_max is " + std::to_string(options.bytes_max) +
                                          ", 1 MiB to 256 GiB are allowed");
  }
  if (options.shards < 1 || options.shards > 256) {
    return fail(ErrorCode::malformed,
                "shards is " + std::to_string(options.shards) + ", 1 to 256 are allowed");
  }
  if (auto checked = check_space("defaults", options.defaults); !checked) return checked;
  for (const auto& [name, space] : options.spaces) {
    if (auto checked = check_space(name, space); !checked) return checked;
  }
  return {};
}

std::optional<Duration> limit_of(const StalePolicy& policy) {
  if (policy.kind != StalePolicy::Kind::serve_stale) return std::nullopt;
  return policy.max;
}

}  // namespace

std::string_view name_of(Freshness freshness) {
  switch (freshness) {
    case Freshness::coherent:
      return "coherent";
    case Freshness::degraded:
      return "degraded";
    case Freshness::stale:
      return "stale";
  }
  return "unknown";
}

NearCacheImpl::NearCacheImpl(Client& given, NearCacheOptions chosen)
    : client(given),
      core(given.core()),
      options(std::move(chosen)),
      store({options.bytes_max, options.shards}, given.id()) {}

CacheSpace& NearCacheImpl::space(std::string_view name) {
  {
    const std::shared_lock lock(spaces_mutex_);
    const auto known = spaces_.find(name);
    if (known != spaces_.end()) return *known->second;
  }
  const std::unique_lock lock(spaces_mutex_);
  std::unique_ptr<CacheSpace>& space = spaces_[std::string(name)];
  if (!space) {
    const auto own = options.spaces.find(std::string(name));
    space = std::make_unique<CacheSpace>(
        *this, std::string(name), own == options.spaces.end() ? options.defaults : own->second);
  }
  return *space;
}

CacheSpace::CacheSpace(NearCacheImpl& cache, std::string name, CacheSpaceOptions options)
    : cache_(cache),
      name_(std::move(name)),
      options_(std::move(options)),
      parts_(std::make_unique<Parts>()) {
  parts_->checked = check_space(name_, options_);
  parts_->scope = cache_.rights.add_scope(options_.writers);
  parts_->limits = {limit_of(options_.when_degraded), limit_of(options_.when_lost)};
  if (!parts_->checked) return;
  parts_->index = cache_.store.open(name_);
  parts_->loads.emplace(cache_.store, parts_->index);
}
CacheSpace::~CacheSpace() = default;

std::size_t NearCacheImpl::stripe() {
  static std::atomic<std::size_t> next{0};
  thread_local const std::size_t mine = next.fetch_add(1, std::memory_order_relaxed) % kStripes;
  return mine;
}

std::uint64_t NearCacheImpl::sum(Count what) const {
  std::uint64_t all = 0;
  for (const Stripe& stripe : stripes_) {
    all += stripe[static_cast<std::size_t>(what)].load(std::memory_order_relaxed);
  }
  return all;
}

NearCacheStatistics NearCacheImpl::statistics() const {
  NearCacheStatistics all;
  all.hits = sum(Count::hit);
  all.hits_degraded = sum(Count::hit_degraded);
  all.hits_stale = sum(Count::hit_stale);
  all.hits_absent = sum(Count::hit_absent);
  all.misses = sum(Count::miss);
  all.misses_suspect = sum(Count::miss_suspect);
  all.cluster_hits = sum(Count::cluster_hit);
  all.cluster_misses = sum(Count::cluster_miss);
  all.loads = sum(Count::load);
  all.loads_failed = sum(Count::load_failed);
  all.loads_shared = sum(Count::load_shared);
  all.writes = sum(Count::write);
  all.writes_failed = sum(Count::write_failed);
  all.invalidations = sum(Count::invalidation);
  all.replications = sum(Count::replication);
  all.gaps = sum(Count::gap);
  all.messages_unreadable = sum(Count::unreadable);
  all.leases = sum(Count::lease);
  const NearStoreCounters held = store.counters();
  all.fills_voided = held.fills_voided;
  all.evictions = held.store.evictions;
  all.expired = held.store.expired;
  all.dropped = held.store.dropped;
  all.entries = held.entries;
  all.bytes = held.used_bytes;
  all.payload_bytes = held.payload_bytes;
  all.loads_running = held.fills;
  all.writes_pending = held.writes;
  return all;
}

ConsistencyToken NearCacheImpl::token() const { return ConsistencyToken(Frontier(core.written())); }

// ---- The public face.

NearCache::NearCache(std::shared_ptr<NearCacheImpl> impl) : impl_(std::move(impl)) {}
NearCache::~NearCache() { impl_->stop(); }

Result<std::unique_ptr<NearCache>> NearCache::create(Client& client, NearCacheOptions options) {
  if (auto checked = check_options(options); !checked) return tl::unexpected(checked.error());
  auto impl = std::make_shared<NearCacheImpl>(client, std::move(options));
  if (auto started = impl->start(); !started) return tl::unexpected(started.error());
  return std::unique_ptr<NearCache>(new NearCache(std::move(impl)));
}

CacheSpace& NearCache::space(std::string_view namespace_name) {
  return impl_->space(namespace_name);
}
ConsistencyToken NearCache::token() const { return impl_->token(); }
std::string_view NearCache::state(std::string_view namespace_name) const {
  const CacheSpace& space = impl_->space(namespace_name);
  return name_of(impl_->rights.state(impl_->clock.instant(), impl_->scope_of(space)));
}
bool NearCache::wait_coherent(std::string_view namespace_name,
                              std::chrono::milliseconds timeout) const {
  return impl_->wait_coherent(impl_->scope_of(impl_->space(namespace_name)), timeout);
}
void NearCache::forget(const std::string& cluster) { impl_->rights.forget(cluster); }
NearCacheStatistics NearCache::statistics() const { return impl_->statistics(); }

}  // namespace mpreg
