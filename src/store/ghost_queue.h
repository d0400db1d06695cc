#pragma once
// GhostQueue: which keys were evicted a short while ago, by a fingerprint of 16 bits each. Buckets
// of eight, each first in, first out; a key that is not there is taken for one that is in about one
// of 8,000 questions, which costs nothing but a place in the other queue.

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

namespace mpreg {

class GhostQueue {
 public:
  // Remembers about so many. Grows never.
  explicit GhostQueue(std::size_t keys) : buckets_(std::max<std::size_t>(keys / kWays, 1)) {}

  void add(std::uint64_t hash) {
    Bucket& bucket = bucket_of(hash);
    std::copy_backward(bucket.begin(), bucket.end() - 1, bucket.end());
    bucket.front() = fingerprint(hash);
  }
  // Forgets it, if it is there.
  [[nodiscard]] bool take(std::uint64_t hash) {
    Bucket& bucket = bucket_of(hash);
    const auto found = std::find(bucket.begin(), bucket.end(), fingerprint(hash));
    if (found == bucket.end()) return false;
    *found = 0;
    return true;
  }
  [[nodiscard]] std::size_t bytes() const { return buckets_.size() * sizeof(Bucket); }

 private:
  static constexpr std::size_t kWays = 8;
  using Bucket = std::array<std::uint16_t, kWays>;

  [[nodiscard]] static std::uint16_t fingerprint(std::uint64_t hash) {
    const auto bits = static_cast<std::uint16_t>(hash >> 48U);
    return bits == 0 ? std::uint16_t{1} : bits;
  }
  [[nodiscard]] Bucket& bucket_of(std::uint64_t hash) {
    return buckets_[static_cast<std::size_t>((hash & 0xFFFFFFFFU) * buckets_.size() >> 32U)];
  }

  std::vector<Bucket> buckets_;
};

}  // namespace mpreg
