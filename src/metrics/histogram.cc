#include "metrics/histogram.h"

#include <algorithm>
#include <limits>

namespace mpreg {
namespace {

constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();

std::uint64_t saturating_add(std::uint64_t a, std::uint64_t b) {
  return b > kMax - a ? kMax : a + b;
}

std::uint64_t saturating_multiply(std::uint64_t a, std::uint64_t b) {
  return a != 0 && b > kMax / a ? kMax : a * b;
}

// The rank of the value below or at which `numerator` thousandths of all values lie, from 1.
std::uint64_t rank_of(std::uint64_t count, std::uint64_t numerator) {
  const std::uint64_t whole = count / 1000 * numerator;
  const std::uint64_t rest = (count % 1000 * numerator + 999) / 1000;
  return std::max<std::uint64_t>(1, whole + rest);
}

}  // namespace

void Histogram::raise(Cell& cell, std::uint64_t n) {
  cell.store(saturating_add(cell.load(std::memory_order_relaxed), n), std::memory_order_relaxed);
}

void Histogram::record(std::uint64_t value, std::uint64_t times) {
  if (times == 0) return;
  raise(buckets_[bucket_of(value)], times);
  raise(sum_, saturating_multiply(value, times));
  if (value > max()) max_.store(value, std::memory_order_relaxed);
}

void Histogram::merge(const Histogram& other) {
  for (std::size_t bucket = 0; bucket < kBuckets; ++bucket) {
    raise(buckets_[bucket], other.buckets_[bucket].load(std::memory_order_relaxed));
  }
  raise(sum_, other.sum_.load(std::memory_order_relaxed));
  max_.store(std::max(max(), other.max()), std::memory_order_relaxed);
}

HistogramSummary Histogram::summary() const {
  // The counts are copied first, so that count and quantiles agree while the writer goes on.
  std::array<std::uint64_t, kBuckets> counts;
  HistogramSummary result;
  for (std::size_t bucket = 0; bucket < kBuckets; ++bucket) {
    counts[bucket] = buckets_[bucket].load(std::memory_order_relaxed);
    result.count = saturating_add(result.count, counts[bucket]);
  }
  if (result.count == 0) return result;
  result.sum = sum_.load(std::memory_order_relaxed);
  result.max = max();

  struct Quantile {
    std::uint64_t rank;
    std::uint64_t* value;
  };
  const std::array<Quantile, 4> wanted = {{{rank_of(result.count, 500), &result.p50},
                                           {rank_of(result.count, 900), &result.p90},
                                           {rank_of(result.count, 990), &result.p99},
                                           {rank_of(result.count, 999), &result.p999}}};
  std::uint64_t passed = 0;
  std::size_t next = 0;
  for (std::size_t bucket = 0; bucket < kBuckets && next < wanted.size(); ++bucket) {
    passed = saturating_add(passed, counts[bucket]);
    while (next < wanted.size() && passed >= wanted[next].rank) {
      *wanted[next++].value = std::min(upper_edge(bucket), result.max);
    }
  }
  return result;
}

}  // namespace mpreg
