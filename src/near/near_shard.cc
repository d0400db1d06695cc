#include "near/near_shard.h"

#include <algorithm>
#include <utility>

#include "topic/match.h"

namespace mpreg {

NearShard::NearShard(std::uint64_t bytes_max, std::uint64_t client,
                     std::shared_ptr<DependencyGraph> dependencies)
    : client_(client),
      write_bytes_max_(bytes_max / kWriteShare),
      dependencies_(std::move(dependencies)),
      replicas_({}, {}, bytes_max, false, dependencies_) {}

void NearShard::note_tags(const StoreKey& key, std::span<const std::uint32_t> tags) const {
  if (!tags.empty()) dependencies_->note(replicas_.store().name_of_space(key.space), key.key, tags);
}

NamespaceId NearShard::open(std::string_view namespace_name) {
  return replicas_.store().space_of(namespace_name).value_or(0);
}

std::string NearShard::joined(const StoreKey& key) {
  std::string text;
  text.reserve(key.key.size() + key.subkey.size() + 16);
  const auto number = [&](std::uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i) & 0xFFU);
  };
  number(key.space, 2);
  number(key.version, 4);
  number(key.key.size(), 4);
  text.append(key.key).append(key.subkey);
  return text;
}

std::optional<StoreKey> NearShard::key_of(const CacheAddress& address) const {
  const auto space = replicas_.store().find_space(address.namespace_name);
  if (!space) return std::nullopt;
  return StoreKey{*space, address.key, address.subkey, address.version};
}

bool NearShard::get(Instant now, const StoreKey& key, NearValue& value) {
  if (!writes_.empty()) {
    const auto write = writes_.find(joined(key));
    if (write != writes_.end()) {
      value.value = write->second.value;
      value.absent = write->second.absent;
      return true;
    }
  }
  const auto found = replicas_.store().get(now, key);
  if (!found) return false;
  value.value.assign(found->value);
  value.absent = found->absent;
  return true;
}

EntryState NearShard::state(Instant now, const StoreKey& key) const {
  if (writes_.find(joined(key)) != writes_.end()) return EntryState::pending;
  return replicas_.store().state_of(now, key, nullptr);
}

// ---- Fills.

void NearShard::begin_fill(const StoreKey& key, Ticket ticket, HybridTime seen) {
  Fill& fill = fills_[ticket];
  fill.space = key.space;
  fill.key = joined(key);
  fill.seen = seen;
}

bool NearShard::is_current(Ticket ticket) const {
  const auto fill = fills_.find(ticket);
  return fill != fills_.end() && !fill->second.is_void;
}

std::size_t NearShard::fills() const {
  return static_cast<std::size_t>(std::count_if(
      fills_.begin(), fills_.end(), [](const auto& fill) { return !fill.second.is_over; }));
}

bool NearShard::end_fill(Instant now, const StoreKey& key, Ticket ticket, std::string_view value,
                         const KeepOptions& options) {
  const auto fill = fills_.find(ticket);
  if (fill == fills_.end() || std::exchange(fill->second.is_over, true)) return false;
  if (fill->second.is_void) return false;
  CacheStore::Entry entry;
  entry.version.time = fill->second.seen;
  entry.ttl = options.ttl;
  entry.tags = options.tags;
  entry.absent = options.absent;
  entry.region = options.region;
  note_tags(key, options.tags);
  void_fills(key, ticket);  // Another may have read before this one.
  had_.note_loaded(LastVersions::hash_of(key), fill->second.seen);
  (void)replicas_.store().fill(now, key, value, entry);
  return true;
}

template <typename Condition>
void NearShard::void_fills_if(Condition condition) {
  for (auto& [ticket, fill] : fills_) {
    if (fill.is_void || !condition(ticket, fill)) continue;
    fill.is_void = true;
    if (!fill.is_over) ++fills_voided;
  }
}

void NearShard::void_fills(const StoreKey& key, Ticket but) {
  if (fills_.empty()) return;
  void_fills_if([name = joined(key), but](Ticket ticket, const Fill& fill) {
    return ticket != but && fill.key == name;
  });
}

void NearShard::void_fills(NamespaceId space) {
  void_fills_if([space](Ticket, const Fill& fill) { return fill.space == space; });
}

bool NearShard::keep(Instant now, const StoreKey& key, Ticket ticket, const CacheGot& got) {
  const auto fill = fills_.find(ticket);
  if (fill == fills_.end() || std::exchange(fill->second.is_over, true)) return false;
  if (fill->second.is_void) return false;
  const std::uint64_t hash = LastVersions::hash_of(key);
  if (!had_.may_follow(hash, got.version, got.filled)) return false;
  const auto origin = replicas_.store().origin_of(got.origin);
  void_fills(key, ticket);
  const bool is_write = !got.resolved && !got.filled;
  if (!origin || (is_write && got.version == 0)) return true;
  had_.note_written(hash, got.version);
  CacheStore::Entry entry;
  entry.version = {got.version, *origin};
  entry.ttl = std::chrono::milliseconds(got.ttl_ms);
  entry.tags = got.tags;
  note_tags(key, got.tags);
  entry.region = got.region;
  entry.absent = got.absent;
  // Its broker had taken all that had been told here when it was asked, or the fill were void. It
  // may have ignored some of that, which left a mark here.
  entry.repairs = true;
  WriteVersion held;
  const EntryState state = replicas_.store().state_of(now, key, &held);
  if (state == EntryState::invalid && held.time > entry.version.time) {
    entry.version = held;
    entry.completes = true;
  }
  if (is_write) {
    (void)replicas_.store().put(now, key, got.value, entry);
  } else {
    // Any write may be one that it has not seen.
    (void)replicas_.store().fill(now, key, got.value, entry);
  }
  return true;
}

// ---- Writes of this client.

void NearShard::begin_write(Instant now, const StoreKey& key, Ticket ticket, std::string_view value,
                            const KeepOptions& options) {
  note_tags(key, options.tags);
  void_fills(key);  // They may have read what was there before.
  const std::string name = joined(key);
  if (const auto before = writes_.find(name); before != writes_.end()) {
    strike_off(before->second);
    writes_.erase(before);
  }
  if (write_bytes_ + value.size() + key.key.size() > write_bytes_max_) {
    return drop_at(now, key, 0, {});
  }
  Write write;
  write.ticket = ticket;
  write.value = value;
  write.ttl = options.ttl;
  write.tags.assign(options.tags.begin(), options.tags.end());
  write.absent = options.absent;
  write.region = options.region;
  write.key = key.key;
  write.space = key.space;
  write_bytes_ += write.value.size() + write.key.size();
  writes_[name] = std::move(write);
}

void NearShard::sent(Instant now, const StoreKey& key, Ticket ticket, std::uint64_t operation) {
  const auto stamped = stamped_.find(operation);
  const auto write = writes_.find(joined(key));
  const bool is_last = write != writes_.end() && write->second.ticket == ticket;
  if (is_last) write->second.operation = operation;
  if (stamped == stamped_.end()) {
    if (!is_last) followed_.insert(operation);
    if (followed_.size() > kStampedMax) followed_.erase(followed_.begin());
    return;
  }
  const Stamped fact = std::move(stamped->second);
  stamped_.erase(stamped);
  if (!is_last) return;
  strike_off(write->second);
  const Write settled = std::move(write->second);
  writes_.erase(write);
  settle(now, key, settled, fact);
}

void NearShard::failed(Instant now, const StoreKey& key, Ticket ticket) {
  const auto write = writes_.find(joined(key));
  if (write != writes_.end() && write->second.ticket == ticket) {
    strike_off(write->second);
    writes_.erase(write);
  }
  void_fills(key);
  // Nobody's invalidation, older than all: what was filled goes, and so does what others wrote.
  (void)replicas_.store().invalidate(now, key, {0, 0});
}

// The write has its version now; what came before its fact had not seen it.
void NearShard::settle(Instant now, const StoreKey& key, const Write& write, const Stamped& fact) {
  CacheStore& store = replicas_.store();
  const auto from = store.origin_of(fact.origin);
  if (!from || !fact.is_used) return drop_at(now, key, fact.version, fact.origin);
  CacheStore::Entry entry;
  entry.version = {fact.version, *from};
  entry.ttl = write.ttl;
  entry.tags = write.tags;
  entry.absent = write.absent;
  entry.region = write.region;
  entry.completes = true;
  entry.written.writer = write_id(client_, write.operation);
  if (store.put(now, key, write.value, entry) == CacheStore::Outcome::done) return;
  // Something is here that has a later version, or was read from the source before.
  drop_at(now, key, fact.version, fact.origin);
}

void NearShard::drop_at(Instant now, const StoreKey& key, HybridTime version,
                        std::string_view origin) {
  CacheStore& store = replicas_.store();
  (void)store.invalidate(now, key, {version, store.origin_of(origin).value_or(0)});
}

// A fact of this client.
void NearShard::take_own(Instant now, const StoreKey& key, const FactSource& source) {
  const auto write = writes_.find(joined(key));
  if (write == writes_.end() || write->second.operation != source.publisher.operation) {
    return take_unclaimed(now, key, source);
  }
  strike_off(write->second);
  const Write settled = std::move(write->second);
  writes_.erase(write);
  settle(now, key, settled, {source.version, std::string(source.origin), source.is_used});
}

// One that is not the last write of its key: one that was followed by another, or
// no write at all, or one that does not know its number yet and will claim it.
void NearShard::take_unclaimed(Instant now, const StoreKey& key, const FactSource& source) {
  drop_at(now, key, source.version, source.origin);
  if (followed_.erase(source.publisher.operation) != 0) return;
  stamped_[source.publisher.operation] = {source.version, std::string(source.origin),
                                          source.is_used};
  if (stamped_.size() > kStampedMax) stamped_.erase(stamped_.begin());
}

// ---- Facts.

void NearShard::take(Instant now, const CacheInvalidation& fact, const FactSource& source) {
  if (fact.type == InvalidationType::single_key) {
    const auto key = key_of(fact.address);
    if (!key) return;
    void_fills(*key);
    if (source.publisher.client == client_) return take_own(now, *key, source);
  } else if (const auto space = replicas_.store().find_space(fact.address.namespace_name)) {
    void_fills(*space);
  } else if (fact.address.namespace_name.empty()) {
    void_fills_if([](Ticket, const Fill&) { return true; });
  } else {
    return;  // Of a namespace that nobody here has opened.
  }
  replicas_.take(now, fact, std::string(source.origin), source.version);
}

void NearShard::take(Instant now, const CacheReplication& fact, const FactSource& source) {
  const auto key = key_of(fact.address);
  if (!key) return;
  void_fills(*key);
  had_.note_written(LastVersions::hash_of(*key), source.version);
  if (source.publisher.client == client_) return take_own(now, *key, source);
  Placed placed;
  placed.written.writer = write_id(source.publisher.client, source.publisher.operation);
  replicas_.take(now, fact, std::string(source.origin), source.version, source.publisher, placed);
}

void NearShard::withdraw(Instant now, const CacheAddress& address, const FactSource& source) {
  const auto key = key_of(address);
  if (!key) return;
  void_fills(*key);
  Written written;
  written.writer = write_id(source.publisher.client, source.publisher.operation);
  const auto write = writes_.find(joined(*key));
  const bool is_own = source.publisher.client == client_ && write != writes_.end() &&
                      write->second.operation == source.publisher.operation;
  if (is_own) {
    strike_off(write->second);
    writes_.erase(write);
    drop_at(now, *key, source.version, source.origin);
  }
  (void)replicas_.store().withdraw(now, *key, {source.version, 0}, written);
}

void NearShard::begin_again(HybridTime floor) {
  void_fills_if([](Ticket, const Fill&) { return true; });
  writes_.clear();
  write_bytes_ = 0;
  stamped_.clear();
  had_.clear();
  replicas_.begin_again(floor);
}

void NearShard::take(Instant now, const CacheValue& value, std::uint64_t client) {
  if (client == client_ || !key_of(value.address)) return;
  replicas_.take(now, value, client);
}

template <typename Condition>
void NearShard::erase_writes(Condition condition) {
  for (auto it = writes_.begin(); it != writes_.end();) {
    if (!condition(it->second)) {
      ++it;
      continue;
    }
    strike_off(it->second);
    it = writes_.erase(it);
  }
}

void NearShard::drop(Instant now, const CacheInvalidation& like) {
  const auto space = replicas_.store().find_space(like.address.namespace_name);
  if (!space) return;
  void_fills(*space);
  const std::string& named = like.address.key;
  erase_writes([&](const Write& write) {
    if (write.space != *space) return false;
    switch (like.type) {
      case InvalidationType::pattern:
        return matches(named, write.key);
      case InvalidationType::tag:
        return std::find(write.tags.begin(), write.tags.end(), CacheStore::tag_id(named)) !=
               write.tags.end();
      case InvalidationType::namespace_all:
      case InvalidationType::cascade:
        return true;  // What a write was made from is known to the store alone.
      default:
        return write.key == named;
    }
  });
  // Older than everything and nobody's: it drops what is here and refuses nothing.
  replicas_.take(now, like, std::string(), 0);
}

void NearShard::lose(const Scope& scope, HybridTime time) {
  if (scope.kind != ScopeKind::namespaces) {
    void_fills_if([](Ticket, const Fill&) { return true; });
    writes_.clear();
    write_bytes_ = 0;
  } else {
    for (const std::string& name : scope.names) {
      const auto space = replicas_.store().find_space(name);
      if (!space) continue;
      void_fills(*space);
      erase_writes([&](const Write& write) { return write.space == *space; });
    }
  }
  replicas_.lose(scope, time);
}

}  // namespace mpreg
