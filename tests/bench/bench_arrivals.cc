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

Arrivals::Arrivals(const Load& load) : load_(load) {
  latencies_us_.reserve(load.rate > 0 ? load.messages : 0);
}

void Arrivals::add(const void* payload, std::size_t bytes) {
  ++count_;
  const bool is_paced = load_.rate > 0;
  if (!is_paced && count_ % 256 != 1 && count_ < load_.messages) return;
  const std::int64_t now = now_ns();
  if (count_ == 1) first_ns_ = now;
  last_ns_ = now;
  if (!is_paced || bytes < sizeof(now)) return;
  std::int64_t sent = 0;
  std::memcpy(&sent, payload, sizeof(sent));
  latencies_us_.push_back(static_cast<double>(now - sent) / 1000.0);
}

void Arrivals::print() const {
  std::vector<double> sorted = latencies_us_;
  std::sort(sorted.begin(), sorted.end());
  // The first tenth warms up what both sides allocate once; sorted, it cannot be told apart, so it
  // stays in: a second of a paced load is enough to make it small.
  const auto at = [&](double share) {
    if (sorted.empty()) return 0.0;
    return sorted[std::min(sorted.size() - 1,
                           static_cast<std::size_t>(share * static_cast<double>(sorted.size())))];
  };
  std::printf("%llu %lld %lld %.2f %.2f\n", static_cast<unsigned long long>(count_),
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
