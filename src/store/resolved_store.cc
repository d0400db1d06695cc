#include "store/resolved_store.h"

#include <algorithm>

namespace mpreg {
namespace {

std::string name_of(const CacheAddress& address) {
  return address.namespace_name + '\0' + std::to_string(address.version) + '\0' +
         std::to_string(address.key.size()) + '\0' + address.key + address.subkey;
}

}  // namespace

void ResolvedStore::set_resolver(const std::string& namespace_name,
                                 std::shared_ptr<const Resolver> resolver) {
  resolvers_[namespace_name] = std::move(resolver);
}

const Resolver* ResolvedStore::resolver_of(std::string_view namespace_name) const {
  if (resolvers_.empty()) return nullptr;
  const auto known = resolvers_.find(namespace_name);
  return known == resolvers_.end() ? nullptr : known->second.get();
}

ResolvedStore::Entry& ResolvedStore::entry_of(const CacheAddress& address) {
  const std::string name = name_of(address);
  const auto [at, is_new] = entries_.try_emplace(name);
  Entry& entry = at->second;
  if (is_new) {
    entry.address = address;
    entry.hash = identity_hash(namespace_seed(address.namespace_name), address.key, address.subkey,
                               address.version);
    entry.place = order_.insert(order_.end(), name);
    by_bucket_[bucket_of(entry.hash)].push_back(&entry);
  } else {
    order_.splice(order_.end(), order_, entry.place);
  }
  return entry;
}

const ResolvedStore::Entry* ResolvedStore::find(const CacheAddress& address) const {
  const auto known = entries_.find(name_of(address));
  return known == entries_.end() ? nullptr : &known->second;
}

// What is on its way counts for nobody until it has come.
void ResolvedStore::changed(Entry& entry) {
  if (entry.digest != 0) digests_.remove(entry.hash, entry.digest);
  entry.digest = 0;
  if (entry.expected.empty()) {
    entry.digest = std::max<std::uint64_t>(1, resolved_digest(entry.hash, entry.siblings.encode()));
    digests_.add(entry.hash, entry.digest);
  }
  Instant until{};
  for (const auto& [cluster, one] : entry.expected) {
    until = until == Instant{} ? one.until : std::min(until, one.until);
  }
  set_overdue(entry, until);
  bytes_ -= entry.bytes;
  entry.bytes = sizeof(Entry) + entry.siblings.bytes() + 3 * entry.address.key.size();
  bytes_ += entry.bytes;
}

void ResolvedStore::set_overdue(Entry& entry, Instant until) {
  if (entry.overdue == until) return;
  if (entry.overdue != Instant{}) overdue_.erase({entry.overdue, &entry});
  entry.overdue = until;
  if (until != Instant{}) overdue_.emplace(until, &entry);
}

std::size_t ResolvedStore::give_up_overdue(Instant now) {
  std::size_t given_up = 0;
  while (!overdue_.empty() && overdue_.begin()->first <= now) {
    Entry& entry = *overdue_.begin()->second;
    std::erase_if(entry.expected, [&](const auto& one) { return one.second.until <= now; });
    if (entry.expected.empty() && entry.siblings.clock().nodes() == 0) {
      drop(entry.address);  // Nothing was ever known of it.
    } else {
      changed(entry);
    }
    ++given_up;
  }
  values_overdue_ += given_up;
  return given_up;
}

void ResolvedStore::remove(Entries::iterator at) {
  Entry& entry = at->second;
  set_overdue(entry, {});
  if (entry.digest != 0) digests_.remove(entry.hash, entry.digest);
  bytes_ -= entry.bytes;
  order_.erase(entry.place);
  std::erase(by_bucket_[bucket_of(entry.hash)], &entry);
  entries_.erase(at);
}

void ResolvedStore::make_room() {
  while (bytes_ > bytes_max_ && entries_.size() > 1) {
    remove(entries_.find(order_.front()));
    ++evictions_;
  }
}

void ResolvedStore::expect(Instant now, const CacheAddress& address, const std::string& cluster,
                           HybridTime time) {
  Entry& entry = entry_of(address);
  Expected& latest = entry.expected[cluster];
  if (time > latest.time) latest = {time, now + kValueLateMax};
  changed(entry);
  make_room();
}

void ResolvedStore::write(Instant now, const CacheAddress& address, Sibling write,
                          const VectorClock& seen, std::chrono::milliseconds ttl) {
  const Resolver* resolver = resolver_of(address.namespace_name);
  if (resolver == nullptr) return;
  Entry& entry = entry_of(address);
  const auto expected = entry.expected.find(write.cluster);
  if (expected != entry.expected.end() && expected->second.time <= write.time) {
    entry.expected.erase(expected);
  }
  entry.expires = ttl > ttl.zero() ? now + ttl : Instant{};
  if (entry.siblings.add(std::move(write), seen, *resolver) && entry.siblings.all().size() > 1) {
    ++conflicts_;
  }
  changed(entry);
  make_room();
}

void ResolvedStore::drop(const CacheAddress& address) {
  if (const auto known = entries_.find(name_of(address)); known != entries_.end()) remove(known);
}

void ResolvedStore::drop_if(
    const std::function<bool(const CacheAddress& address, const Siblings& all)>& is_it) {
  for (auto at = entries_.begin(); at != entries_.end();) {
    const auto next = std::next(at);
    if (is_it(at->second.address, at->second.siblings)) remove(at);
    at = next;
  }
}

void ResolvedStore::forget_erased(HybridTime passed_by_all) {
  for (auto at = entries_.begin(); at != entries_.end();) {
    const auto next = std::next(at);
    const Entry& entry = at->second;
    const bool is_over = entry.expected.empty() && entry.siblings.is_erased() &&
                         entry.siblings.latest().first <= passed_by_all;
    if (is_over) remove(at);
    at = next;
  }
}

void ResolvedStore::get(Instant now, const CacheAddress& address, CacheGot& got) const {
  const Entry* entry = find(address);
  if (entry == nullptr || (entry->expires != Instant{} && now >= entry->expires)) return;
  std::tie(got.version, got.origin) = entry->siblings.latest();
  if (!entry->expected.empty()) {
    got.state = EntryState::syncing;
    got.value = left_over(*entry);
    return;
  }
  got.seen = entry->siblings.clock();
  auto shown = resolver_of(address.namespace_name)->resolve(entry->siblings.all());
  got.state = shown ? EntryState::shared : EntryState::invalid;
  got.value = shown ? std::move(*shown) : left_over(*entry);
  if (!shown) return;
  if (entry->expires != Instant{}) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(entry->expires - now).count();
    got.ttl_ms = static_cast<std::uint64_t>(left);
  }
}

// Of a state that is merged, what is known: who writes next goes on from it, whatever is on its
// way.
std::string ResolvedStore::left_over(const Entry& entry) const {
  const Resolver& resolver = *resolver_of(entry.address.namespace_name);
  std::string all;
  if (!resolver.merges()) return all;
  for (const Sibling& one : entry.siblings.all()) all = resolver.merge(all, one.value);
  return all;
}

void ResolvedStore::for_each_in(
    std::uint32_t bucket,
    const std::function<void(const StoredEntry& entry, std::uint64_t digest)>& visit) {
  const auto known = by_bucket_.find(bucket);
  if (known == by_bucket_.end()) return;
  for (const Entry* entry : known->second) {
    if (entry->digest == 0) continue;
    StoredEntry stored;
    stored.address = entry->address;
    std::tie(stored.time, stored.origin) = entry->siblings.latest();
    stored.value = entry->siblings.encode();
    visit(stored, entry->digest);
  }
}

bool ResolvedStore::join(const StoredEntry& stored) {
  const Resolver* resolver = resolver_of(stored.address.namespace_name);
  const auto other = Siblings::decode(stored.value);
  if (resolver == nullptr || !other) return false;
  Entry& entry = entry_of(stored.address);
  const bool is_new = entry.siblings.join(*other, *resolver);
  // What was on its way has come by this way, too.
  std::erase_if(entry.expected, [&](const auto& one) {
    return one.second.time <= entry.siblings.clock().at(one.first);
  });
  changed(entry);
  make_room();
  return is_new;
}

}  // namespace mpreg
