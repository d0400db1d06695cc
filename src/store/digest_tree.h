#pragma once
// DigestTree: what a store holds, as sums of digests over buckets, so that two stores find where
// they differ by comparing few numbers. Sums, so that order does not matter and a change costs one
// addition; counts beside them, so that what cancels out is seen. Each kind of hash has a domain of
// its own: a digest of one kind is never equal to one of another by construction.

#include <array>
#include <string_view>

#include "message/store_messages.h"
#include "stream/hybrid_clock.h"

namespace mpreg {

// The same everywhere for the same entry; groups and buckets go by it.
[[nodiscard]] std::uint64_t namespace_seed(std::string_view namespace_name);
[[nodiscard]] std::uint64_t identity_hash(std::uint64_t namespace_seed, std::string_view key,
                                          std::string_view subkey, std::uint32_t version);
[[nodiscard]] constexpr std::uint32_t bucket_of(std::uint64_t identity) {
  return static_cast<std::uint32_t>(identity % kStoreGroups) * kGroupBuckets +
         static_cast<std::uint32_t>(identity >> 32U) % kGroupBuckets;
}

// Of a value or an erasure with its version, and of an entry that a resolver made.
[[nodiscard]] std::uint64_t entry_digest(std::uint64_t identity, HybridTime time,
                                         std::uint64_t origin_hash, bool is_erased);
[[nodiscard]] std::uint64_t resolved_digest(std::uint64_t identity, std::string_view encoded);
[[nodiscard]] std::uint64_t origin_hash(std::string_view cluster);

class DigestTree {
 public:
  void add(std::uint64_t identity, std::uint64_t digest) {
    BucketDigest& bucket = buckets_[bucket_of(identity)];
    bucket.hash += digest;
    ++bucket.count;
  }
  void remove(std::uint64_t identity, std::uint64_t digest) {
    BucketDigest& bucket = buckets_[bucket_of(identity)];
    bucket.hash -= digest;
    --bucket.count;
  }
  [[nodiscard]] const BucketDigest& bucket(std::uint32_t index) const { return buckets_[index]; }
  [[nodiscard]] BucketDigest group(std::uint32_t index) const {
    BucketDigest sum;
    for (std::uint32_t i = 0; i < kGroupBuckets; ++i) sum += buckets_[index * kGroupBuckets + i];
    return sum;
  }

 private:
  std::array<BucketDigest, kStoreBuckets> buckets_{};
};

}  // namespace mpreg
