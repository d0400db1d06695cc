#include <algorithm>
#include <cstdio>
#include <cstring>
#include <ctime>

#include "bench/bench_process.h"
#include "bench/bench_roles.h"

namespace mpreg::bench {

std::vector<std::string> hot_topics() {
  std::vector<std::string> topics;
  const char* regions[] = {"east", "west", "north", "south"};
  const char* kinds[] = {"created", "changed", "shipped", "cancelled", "paid"};
  for (int i = 0; i < 1000; ++i) {
    topics.push_back(std::string("orders.") + regions[i % 4] + '.' + kinds[i % 5] + '.' +
                     std::to_string(i));
  }
  return topics;
}

namespace {

// Of seven patterns: four exact, two with a star, one with a hash, over four topics.
std::uint64_t topics_for(std::uint64_t patterns) { return patterns * 4 / 7; }

std::string stem_of(std::uint64_t i) {
  return "p." + std::to_string(i / 100) + '.' + std::to_string(i % 100);
}

}  // namespace

std::vector<std::string> topics_of(const Load& load) {
  if (load.patterns == 0) return hot_topics();
  std::vector<std::string> topics;
  for (std::uint64_t i = 0; i < topics_for(load.patterns); ++i) topics.push_back(stem_of(i) + ".x");
  return topics;
}

std::vector<std::string> patterns_of(const Load& load, bool wildcards) {
  if (load.patterns == 0) return {wildcards ? "orders.#" : "orders."};
  std::vector<std::string> patterns;
  for (std::uint64_t i = 0; i < topics_for(load.patterns); ++i) {
    patterns.push_back(stem_of(i) + ".x");
    if (i % 2 == 0) patterns.push_back(stem_of(i) + (wildcards ? ".*" : "."));
    if (i % 4 == 0) patterns.push_back(stem_of(i) + (wildcards ? ".#" : ""));
  }
  return patterns;
}

std::size_t topic_at(const Load& load, std::uint64_t i, std::size_t topics) {
  if (load.patterns == 0) return i % topics;
  // Steps of a fixed-point golden ratio visit all in an order without a pattern.
  return static_cast<std::size_t>((i * 0x9E3779B97F4A7C15ULL) >> 11U) % topics;
}

Arrivals::Arrivals(const Load& load)
    : load_(load), warm_up_(std::max<std::uint64_t>(1, load.messages / 2)) {
  latencies_us_.reserve(load.rate > 0 ? load.messages : 0);
}

void Arrivals::add(const void* payload, std::size_t bytes) {
  ++count_;
  const bool is_paced = load_.rate > 0;
  if (count_ <= warm_up_) {
    if (count_ == warm_up_) first_ns_ = now_ns();
    return;
  }
  if (!is_paced && count_ % 256 != 0 && count_ < load_.messages) return;
  const std::int64_t now = now_ns();
  last_ns_ = now;
  if (!is_paced || bytes < sizeof(now)) return;
  std::int64_t sent = 0;
  std::memcpy(&sent, payload, sizeof(sent));
  latencies_us_.push_back(static_cast<double>(now - sent) / 1000.0);
}

void Arrivals::print() const {
  std::vector<double> sorted = latencies_us_;
  std::sort(sorted.begin(), sorted.end());
  const auto at = [&](double share) {
    if (sorted.empty()) return 0.0;
    return sorted[std::min(sorted.size() - 1,
                           static_cast<std::size_t>(share * static_cast<double>(sorted.size())))];
  };
  std::printf("%llu %lld %lld %.2f %.2f\n", static_cast<unsigned long long>(count_ - warm_up_),
              static_cast<long long>(first_ns_), static_cast<long long>(last_ns_), at(0.5),
              at(0.99));
  std::fflush(stdout);
}

std::int64_t pacing_clock_ns() { return now_ns(); }

void wait_until_ns(std::int64_t at_ns) {
  timespec until{at_ns / 1'000'000'000, at_ns % 1'000'000'000};
  if (now_ns() < at_ns) clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr);
}

}  // namespace mpreg::bench
