// CacheSpace: reads, loads and writes of one namespace.

#include <random>

#include "base/text.h"
#include "message/cache_key.h"
#include "near_cache_impl.h"
#include "replication_driver.h"

namespace mpreg {
namespace {

using Count = NearCacheImpl::Count;

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
      return fail(ErrorCode::malformed, "tag " + in_quotes(tag) + " has " +
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

void append(std::vector<std::uint32_t>& to, const std::vector<std::uint32_t>& more) {
  to.insert(to.end(), more.begin(), more.end());
}

}  // namespace

std::optional<CachedValue> CacheSpace::get(std::string_view key) {
  NearValue held;
  const auto look = [&] {
    if (!parts_->checked) return Look::missing;
    return near_look(cache_.clock.instant(), cache_.store, parts_->index, {key}, cache_.rights,
                     *parts_->scope, parts_->limits, held);
  };
  Look found = look();
  if (found == Look::suspect) [[unlikely]] {
    const CoherenceState state = cache_.rights.state(cache_.clock.instant(), *parts_->scope);
    const StalePolicy& policy =
        state == CoherenceState::degraded ? options_.when_degraded : options_.when_lost;
    if (policy.kind == StalePolicy::Kind::block && cache_.core.may_wait() &&
        cache_.wait_coherent(*parts_->scope, policy.max)) {
      found = look();
    }
  }
  if (found == Look::suspect) cache_.count(Count::miss_suspect);
  if (found == Look::suspect || found == Look::missing) {
    cache_.count(Count::miss);
    return std::nullopt;
  }
  cache_.count(found == Look::coherent   ? Count::hit
               : found == Look::degraded ? Count::hit_degraded
                                         : Count::hit_stale);
  if (held.absent) cache_.count(Count::hit_absent);
  const Freshness freshness = found == Look::coherent   ? Freshness::coherent
                              : found == Look::degraded ? Freshness::degraded
                                                        : Freshness::stale;
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

// Carries out what a NearRead says, on the thread of its caller.
class CacheSpace::Reading {
 public:
  Reading(CacheSpace& space, std::string_view key, const Loader& loader)
      : space_(space),
        cache_(space.cache_),
        key_(key),
        loader_(loader),
        read_(parts_of(space), space.address_of(key), now()) {}
  ~Reading() {
    read_.abandon("the loader of another caller threw");
    tell();
  }
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;

  // Nothing was held that might be served.
  Result<CachedValue> run() {
    read_.missed(now());
    while (!is_done()) {
      const NearRead::Step step = read_.step();
      auto held = std::visit([this](const auto& what) { return carry_out(what); }, step);
      if (held) return std::move(*held);
      tell();
    }
    const auto& result = read_.result();
    if (!result) return tl::unexpected(result.error());
    return CachedValue{result->value.value, !result->value.absent,
                       result->is_coherent ? Freshness::coherent : Freshness::degraded};
  }

 private:
  using Held = std::optional<CachedValue>;

  static ReadParts parts_of(CacheSpace& space) {
    const CacheSpaceOptions& options = space.options_;
    Parts& parts = *space.parts_;
    return {space.cache_.store,
            parts.index,
            space.cache_.rights,
            *parts.scope,
            *parts.loads,
            space.cache_.help,
            {options.ask_cluster, options.load_once_in_cluster, options.load_once_here,
             options.load_wait}};
  }
  [[nodiscard]] Instant now() const { return cache_.clock.instant(); }
  [[nodiscard]] bool is_done() const {
    return std::holds_alternative<NearRead::Done>(read_.step());
  }
  void tell() {
    if (auto over = read_.take_told()) cache_.core.tell_loaded(std::move(*over));
  }

  Held carry_out(const NearRead::Look&) {
    if (auto held = space_.get(key_)) return held;
    read_.missed(now());
    return std::nullopt;
  }
  Held carry_out(const NearRead::AwaitLoad& other) {
    struct Signal {
      std::mutex mutex;
      std::condition_variable changed;
      bool is_over = false;
    };
    cache_.count(Count::load_shared);
    const auto signal = std::make_shared<Signal>();
    other.load->when_over([signal] {
      const std::lock_guard lock(signal->mutex);
      signal->is_over = true;
      signal->changed.notify_all();
    });
    {
      std::unique_lock lock(signal->mutex);
      signal->changed.wait_for(lock, other.until - now(), [&] { return signal->is_over; });
    }
    read_.joined(now());
    return std::nullopt;
  }
  Held carry_out(const NearRead::AskStore& ask) {
    const auto got = cache_.core.ask_store(ask.address, ask.question.positions, ask.question.wait,
                                           ask.question.until);
    read_.store_answered(now(), got ? &*got : nullptr);
    cache_.count(is_done() ? Count::cluster_hit : Count::cluster_miss);
    if (is_done() && has_asked_for_turn_) cache_.count(Count::load_shared);
    return std::nullopt;
  }
  Held carry_out(const NearRead::AskTurn& turn) {
    has_asked_for_turn_ = true;
    const auto granted = cache_.core.ask_load(turn.ask, turn.until);
    if (granted) {
      read_.turn_answered(now(), granted->asked, granted->answer);
    } else {
      read_.turn_unanswered(now());
    }
    return std::nullopt;
  }
  Held carry_out(const NearRead::Pause& pause) {
    cache_.pause(std::chrono::ceil<std::chrono::milliseconds>(pause.until - now()));
    read_.paused(now());
    return std::nullopt;
  }
  Held carry_out(const NearRead::RunLoader&) {
    cache_.count(Count::load);
    Result<Loaded> loaded = loader_();
    if (!loaded) {
      cache_.count(Count::load_failed);
      read_.load_failed(std::move(loaded.error()));
      return std::nullopt;
    }
    auto tags = ids_of(space_.name_, loaded->tags, loaded->depends_on);
    if (!tags) {
      read_.load_failed(tags.error());
      return std::nullopt;
    }
    append(*tags, cache_.store.ancestors_of(space_.name_, *tags));
    const CacheSpaceOptions& options = space_.options_;
    const bool exists = loaded->value.has_value();
    NearRead::Loaded what;
    what.value = {exists ? std::move(*loaded->value) : std::string(), !exists};
    what.keep.tags = *tags;
    what.keep.absent = !exists;
    what.keep.region = CacheStore::region_id(options.region);
    what.keep.ttl = jittered(loaded->ttl.value_or(exists ? options.ttl : options.absent_ttl),
                             options.ttl_jitter);
    what.is_kept = exists || options.absent_ttl > options.absent_ttl.zero();
    read_.loaded(now(), what);
    return std::nullopt;
  }
  static Held carry_out(const NearRead::Done&) { return std::nullopt; }

  CacheSpace& space_;
  NearCacheImpl& cache_;
  const std::string_view key_;
  const Loader& loader_;
  NearRead read_;
  bool has_asked_for_turn_ = false;
};

Result<CachedValue> CacheSpace::get_or_load(std::string_view key, const Loader& loader) {
  if (auto may = cache_.core.may_wait(); !may) return tl::unexpected(may.error());
  if (!parts_->checked) return tl::unexpected(parts_->checked.error());
  if (auto checked = check_key(key); !checked) return tl::unexpected(checked.error());
  if (auto held = get(key)) return std::move(*held);
  return Reading(*this, key, loader).run();
}

CacheAddress CacheSpace::address_of(std::string_view key) const {
  CacheAddress address;
  address.namespace_name = name_;
  address.key = key;
  address.region = options_.region;
  return address;
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
  auto ancestors = cache_.store.ancestors_of(name_, *tags);
  append(*tags, ancestors);
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
  auto operation = send(key, value, ttl, options, std::move(ancestors));
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
                                   std::chrono::milliseconds ttl, const PutOptions& options,
                                   std::vector<std::uint32_t> ancestors) {
  CacheAddress address = address_of(key);
  if (value == nullptr || options_.writes == WriteMode::invalidate) {
    CacheInvalidation fact;
    fact.address = std::move(address);
    fact.erased = value == nullptr;
    fact.reason = value == nullptr ? "erased" : "changed";
    fact.depends_on = options.depends_on;
    fact.ancestors = std::move(ancestors);
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
  fact.ancestors = std::move(ancestors);
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
