// ReplicaStore: the comparison with another cluster's store.

#include <algorithm>

#include "store/replica_store.h"

namespace mpreg {
namespace {

constexpr std::size_t kEntryBytesMax = 4U << 20U;

}  // namespace

std::vector<BucketDigest> ReplicaStore::digests_of(StoreLevel level, std::uint32_t index) const {
  std::vector<BucketDigest> digests;
  const DigestTree& values = *store_.digests();
  const DigestTree& resolved = resolved_.digests();
  if (level == StoreLevel::groups) {
    for (std::uint32_t group = 0; group < kStoreGroups; ++group) {
      digests.push_back(values.group(group));
      digests.back() += resolved.group(group);
    }
  } else {
    for (std::uint32_t i = 0; i < kGroupBuckets; ++i) {
      digests.push_back(values.bucket(index * kGroupBuckets + i));
      digests.back() += resolved.bucket(index * kGroupBuckets + i);
    }
  }
  return digests;
}

std::vector<std::uint64_t> ReplicaStore::known_in(Instant now, std::uint32_t bucket) {
  std::vector<std::uint64_t> known;
  store_.for_each_in(now, bucket,
                     [&](const CacheStore::Compared& entry) { known.push_back(entry.digest); });
  resolved_.for_each_in(
      bucket, [&](const StoredEntry& /*entry*/, std::uint64_t digest) { known.push_back(digest); });
  return known;
}

bool ReplicaStore::collect(Instant now, std::uint32_t bucket,
                           const std::vector<std::uint64_t>& known, std::size_t bytes_max,
                           std::vector<StoredEntry>& to) {
  std::size_t bytes = 0;
  bool is_all = true;
  const auto is_wanted = [&](std::uint64_t digest, std::size_t size) {
    if (size > kEntryBytesMax) return false;  // It does not fit a packet.
    if (std::binary_search(known.begin(), known.end(), digest)) return false;
    const bool has_room = to.empty() || bytes + size <= bytes_max;
    if (!has_room) is_all = false;
    if (has_room) bytes += size;
    return has_room;
  };
  store_.for_each_in(now, bucket, [&](const CacheStore::Compared& entry) {
    const std::size_t size = sizeof(StoredEntry) + entry.key.key.size() + entry.found.value.size();
    if (!is_wanted(entry.digest, size)) return;
    StoredEntry stored;
    stored.address.namespace_name = store_.name_of_space(entry.key.space);
    stored.address.key = entry.key.key;
    stored.address.subkey = entry.key.subkey;
    stored.address.version = entry.key.version;
    stored.origin = store_.name_of_origin(entry.found.version.origin);
    if (const Position at = entry.found.position; at.is_known()) {
      stored.position = {names_->id_of(at.stream), at.number};
      stored.writer =
          std::uint64_t{entry.found.writer.client} << 32U | entry.found.writer.operation;
    } else {
      stored.time = entry.found.version.time;
    }
    stored.erased = entry.erased;
    stored.absent = entry.found.absent;
    stored.ttl_ms = entry.found.expires_in_ms;
    stored.tags.assign(entry.found.tags.begin(), entry.found.tags.end());
    stored.region = entry.found.region;
    stored.value = entry.found.value;
    to.push_back(std::move(stored));
  });
  resolved_.for_each_in(bucket, [&](const StoredEntry& entry, std::uint64_t digest) {
    if (is_wanted(digest, sizeof(entry) + entry.address.key.size() + entry.value.size())) {
      to.push_back(entry);
    }
  });
  return is_all;
}

bool ReplicaStore::repair(Instant now, const StoredEntry& stored, const Memory& asked_at,
                          HybridTime order) {
  const bool is_told_alone =
      told_alone_.contains(std::string()) || told_alone_.contains(stored.address.namespace_name);
  if (resolved_.resolver_of(stored.address.namespace_name) != nullptr) {
    if (is_told_alone) return false;
    return drops_ + resolved_.evictions() == asked_at.drops && resolved_.join(stored);
  }
  const auto space = store_.space_of(stored.address.namespace_name);
  const auto origin = store_.origin_of(stored.origin);
  if (!space || !origin) return false;
  const StoreKey key{*space, stored.address.key, stored.address.subkey, stored.address.version};
  CacheStore::Entry entry;
  entry.version = {stored.time, *origin};
  const bool is_placed = names_ != nullptr && stored.position.number != 0;
  if (is_placed) {
    // Who told it had applied all that was applied here when it was asked. What has changed here
    // since may be newer; so may be what was told to us alone.
    if (is_told_alone || stored.erased || store_.has_changed(key, asked_at.order)) return false;
    entry.version.time = order;
    entry.written.position = {names_->intern(stored.position.stream), stored.position.number};
    entry.written.writer = {static_cast<std::uint32_t>(stored.writer >> 32U),
                            static_cast<std::uint32_t>(stored.writer)};
  }
  entry.tags = stored.tags;
  dependencies_->note(stored.address.namespace_name, stored.address.key, stored.tags);
  entry.region = stored.region;
  entry.absent = stored.absent;
  entry.ttl = std::chrono::milliseconds(stored.ttl_ms);
  entry.repairs =
      is_placed || (!is_told_alone && store_.remembers_all_since(asked_at.values, *space));
  const auto state = received(stored.address.namespace_name);
  if (!state) return false;
  entry.state = *state;
  const auto outcome = stored.erased ? store_.erase(now, key, entry.version, false, entry.repairs)
                                     : store_.put(now, key, stored.value, entry);
  return outcome == CacheStore::Outcome::done;
}

void ReplicaStore::forget_marks(HybridTime passed_by_all) {
  store_.forget_marks(passed_by_all);
  if (forgets_++ % kStoreGroups == 0) resolved_.forget_erased(passed_by_all);
}

}  // namespace mpreg
