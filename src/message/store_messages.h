#pragma once
// Store: how two neighbours find out in what their stores differ, and bring them together. Buckets
// are by the hash of an entry's identity, the same everywhere: kStoreGroups groups of kGroupBuckets
// buckets. Each side asks for what it lacks.

#include <cstdint>
#include <string>
#include <vector>

#include "message/cache_messages.h"
#include "stream/hybrid_clock.h"

namespace mpreg {

inline constexpr std::uint32_t kStoreGroups = 64;
inline constexpr std::uint32_t kGroupBuckets = 64;
inline constexpr std::uint32_t kStoreBuckets = kStoreGroups * kGroupBuckets;

// Equal for equal sets of entries, whatever the order in which they came.
struct BucketDigest {
  std::uint64_t hash = 0;  // The sum of the entries' digests.
  std::uint64_t count = 0;

  BucketDigest& operator+=(const BucketDigest& other) {
    hash += other.hash;
    count += other.count;
    return *this;
  }
  friend bool operator==(const BucketDigest&, const BucketDigest&) = default;
};

enum class StoreLevel : std::uint8_t {
  groups = 0,   // Digests of all groups.
  buckets = 1,  // Of the buckets of one group.
  entries = 2,  // The entries of one bucket that the asker does not hold.
};

struct StoreAsk {
  std::uint64_t tag = 0;  // Comes back.
  StoreLevel level = StoreLevel::groups;
  std::uint32_t index = 0;           // Of the group or bucket.
  std::vector<std::uint64_t> known;  // Level entries: digests of what the asker holds.

  friend bool operator==(const StoreAsk&, const StoreAsk&) = default;
};

struct StoredEntry {
  CacheAddress address;  // Without region: `region` is what stores know of it.
  HybridTime time = 0;
  std::string origin;
  bool erased = false;
  bool absent = false;
  std::uint32_t ttl_ms = 0;         // What is left; 0: it does not expire.
  std::vector<std::uint32_t> tags;  // By hash.
  std::uint16_t region = 0;
  std::string value;  // Where a resolver decides: all that is known, encoded.
  // Where none decides: the position of the write in its stream, and whose it is, folded.
  StreamPosition position = {};
  std::uint64_t writer = 0;

  friend bool operator==(const StoredEntry&, const StoredEntry&) = default;
};

struct StoreTell {
  std::uint64_t tag = 0;
  StoreLevel level = StoreLevel::groups;
  std::uint32_t index = 0;
  std::vector<StreamPosition> positions;  // What of the cache lane has been applied there.
  std::vector<BucketDigest> digests;
  std::vector<StoredEntry> entries;
  bool is_last = false;  // No further part follows.

  friend bool operator==(const StoreTell&, const StoreTell&) = default;
};

}  // namespace mpreg
