#pragma once
// Histogram: how values are spread, in fixed memory (15 KiB), over the whole range of 64 bits. The
// buckets are log-linear as in HdrHistogram (Gil Tene, 2012): values below 64 are exact, above them
// each power of two is cut into 32 buckets, so that a quantile is at most 1/32 above the truth and
// never below it. The unit of the values is the caller's, and belongs in the metric's name.
//
// One thread records, any thread reads. A reader that looks while the writer records sees a
// histogram to which the last values may be partly added.

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace mpreg {

struct HistogramSummary {
  std::uint64_t count = 0;
  std::uint64_t sum = 0;  // Stops at 2^64 - 1.
  std::uint64_t p50 = 0;  // The value that half of all values do not exceed; all 0 when empty.
  std::uint64_t p90 = 0;
  std::uint64_t p99 = 0;
  std::uint64_t p999 = 0;
  std::uint64_t max = 0;  // Exact.

  friend bool operator==(const HistogramSummary&, const HistogramSummary&) = default;
};

class Histogram {
 public:
  Histogram() = default;
  Histogram(const Histogram&) = delete;
  Histogram& operator=(const Histogram&) = delete;

  // Writer thread only. Constant time, no allocation.
  void record(std::uint64_t value) { record(value, 1); }
  void record(std::uint64_t value, std::uint64_t times);

  // Writer thread only: everything that `other` has recorded is recorded here too.
  void merge(const Histogram& other);

  [[nodiscard]] HistogramSummary summary() const;
  [[nodiscard]] std::uint64_t max() const { return max_.load(std::memory_order_relaxed); }

  // The greatest value that shares a bucket with `value`: what a quantile that falls there reports.
  [[nodiscard]] static constexpr std::uint64_t bucket_max(std::uint64_t value) {
    return upper_edge(bucket_of(value));
  }

 private:
  using Cell = std::atomic<std::uint64_t>;

  static constexpr unsigned kSubBits = 5;
  static constexpr std::uint64_t kSubBuckets = 1U << kSubBits;
  // Octave 0 holds the values below kSubBuckets; each of the 64 - kSubBits others has kSubBuckets.
  static constexpr std::size_t kBuckets = kSubBuckets * (64 - kSubBits + 1);

  static constexpr std::size_t bucket_of(std::uint64_t value) {
    if (value < kSubBuckets) return static_cast<std::size_t>(value);
    const auto shift = static_cast<unsigned>(std::bit_width(value)) - kSubBits - 1;
    return static_cast<std::size_t>(shift * kSubBuckets + (value >> shift));
  }
  static constexpr std::uint64_t upper_edge(std::size_t bucket) {
    if (bucket < kSubBuckets) return bucket;
    const auto shift = static_cast<unsigned>(bucket / kSubBuckets) - 1;
    const std::uint64_t top = bucket % kSubBuckets + kSubBuckets;
    return (top << shift) + ((std::uint64_t{1} << shift) - 1);
  }
  static_assert(kBuckets == kSubBuckets * 60);

  void raise(Cell& cell, std::uint64_t n);

  std::array<Cell, kBuckets> buckets_{};
  Cell sum_{0};
  Cell max_{0};
};

}  // namespace mpreg
