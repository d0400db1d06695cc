// The cluster's store on one core: a million entries of 128-byte values under keys of 16 bytes;
// gets by Zipf 0.99 and uniformly, puts, what an entry costs in memory; and how many gets hit when
// only a part fits, beside least recently used.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <list>
#include <map>
#include <numeric>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

#include "store/cache_store.h"
#include "zipf.h"

namespace mpreg {
namespace {

constexpr std::uint32_t kEntries = 1'000'000;
constexpr std::size_t kDraws = 1U << 22U;

std::vector<std::uint32_t> draw(std::uint32_t keys, double skew, std::uint64_t seed) {
  return draw_zipf(keys, skew, seed, kDraws);
}

// The keys to ask for, one after the other, as they would come in a packet.
struct Keys {
  explicit Keys(const std::vector<std::uint32_t>& numbers) {
    all.reserve(numbers.size() * 16);
    for (const std::uint32_t i : numbers) {
      char text[17];
      std::snprintf(text, sizeof(text), "user:%011u", i);
      all.append(text, 16);
    }
  }
  [[nodiscard]] std::string_view operator[](std::size_t i) const {
    return std::string_view(all).substr(i * 16, 16);
  }
  std::string all;
};

// Made once: a benchmark is called again and again, until it has run for long enough.
const Keys& drawn_keys(std::int64_t zipf_percent, std::uint64_t seed) {
  static std::map<std::pair<std::int64_t, std::uint64_t>, Keys> made;
  const std::pair which{zipf_percent, seed};
  const auto known = made.find(which);
  if (known != made.end()) return known->second;
  const double skew = static_cast<double>(zipf_percent) / 100;
  return made.emplace(which, draw(kEntries, skew, seed)).first->second;
}

std::vector<std::uint32_t> each_once() {
  std::vector<std::uint32_t> numbers(kEntries);
  std::iota(numbers.begin(), numbers.end(), 0U);
  return numbers;
}

struct Filled {
  Filled() {
    const Keys keys(each_once());
    const std::string value(128, 'v');
    for (std::uint32_t i = 0; i < kEntries; ++i) {
      store.put(now, {space, keys[i]}, value, {{i + 1, origin}, {}, 0, {}});
    }
  }
  CacheStore store{{.bytes_max = 256ULL << 20U, .digests = true}};  // As a broker has it.
  Instant now{std::chrono::seconds(1000)};
  NamespaceId space = *store.space_of("users");
  std::uint16_t origin = *store.origin_of("east");
};

void gets(benchmark::State& state) {
  Filled filled;
  const Keys& keys = drawn_keys(state.range(0), 1);
  std::size_t next = 0;
  std::uint64_t hits = 0;
  for (auto _ : state) {
    const auto found = filled.store.get(filled.now, {filled.space, keys[next++ % kDraws]});
    if (found) hits += found->value.size();
  }
  if (hits != static_cast<std::uint64_t>(state.iterations()) * 128)
    state.SkipWithError("not every get is a hit");
  state.SetItemsProcessed(state.iterations());
  const auto payload = static_cast<double>(filled.store.payload_bytes());
  state.counters["overhead_bytes"] =
      (static_cast<double>(filled.store.used_bytes()) - payload) / kEntries;
}
BENCHMARK(gets)->ArgName("zipf_percent")->Arg(99)->Arg(0);

void puts(benchmark::State& state) {
  Filled filled;
  const Keys& keys = drawn_keys(state.range(0), 2);
  const std::string value(128, 'w');
  std::size_t next = 0;
  HybridTime time = kEntries + 1;
  for (auto _ : state) {
    filled.store.put(filled.now, {filled.space, keys[next++ % kDraws]}, value,
                     {{++time, filled.origin}, {}, 0, {}});
  }
  if (filled.store.counters().puts_refused != 0) state.SkipWithError("a put was refused");
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(puts)->ArgName("zipf_percent")->Arg(99)->Arg(0);

// A miss is loaded and put. Room for a tenth, a hundredth of the keys.
void hit_rate(benchmark::State& state) {
  const auto draws = draw(kEntries, static_cast<double>(state.range(0)) / 100, 3);
  const Keys keys(each_once());
  const std::string value(128, 'v');
  const auto room = static_cast<std::size_t>(kEntries / state.range(1));
  double ours = 0;
  double least_recent = 0;
  for (auto _ : state) {
    CacheStore store({.bytes_max = room * (128 + 16 + 44)});
    const auto space = *store.space_of("users");
    const auto origin = *store.origin_of("east");
    const Instant now{std::chrono::seconds(1000)};
    HybridTime time = 0;
    for (const std::uint32_t i : draws) {
      if (!store.get(now, {space, keys[i]})) {
        store.put(now, {space, keys[i]}, value, {{++time, origin}, {}, 0, {}});
      }
    }
    ours = static_cast<double>(store.counters().hits) / static_cast<double>(kDraws);
    // As many entries as ours held.
    std::list<std::uint32_t> recent;
    std::unordered_map<std::uint32_t, std::list<std::uint32_t>::iterator> places;
    std::uint64_t hits = 0;
    for (const std::uint32_t i : draws) {
      const auto place = places.find(i);
      if (place != places.end()) {
        ++hits;
        recent.splice(recent.begin(), recent, place->second);
        continue;
      }
      recent.push_front(i);
      places[i] = recent.begin();
      if (recent.size() <= store.entries()) continue;
      places.erase(recent.back());
      recent.pop_back();
    }
    least_recent = static_cast<double>(hits) / static_cast<double>(kDraws);
  }
  state.counters["hit_rate"] = ours;
  state.counters["hit_rate_lru"] = least_recent;
}
BENCHMARK(hit_rate)
    ->ArgNames({"zipf_percent", "room_for_one_in"})
    ->Args({99, 10})
    ->Args({99, 100})
    ->Args({80, 10})
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace mpreg

BENCHMARK_MAIN();
