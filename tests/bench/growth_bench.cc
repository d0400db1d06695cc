// How the cost of a message grows: with the subscribers of a broker, with the brokers of a
// federation, with the patterns that are held. The real protocol rooms in one process and on one
// core, without sockets: what is measured is the work, not the machine's network. Senders and
// receivers are part of it. tests/bench/growth_plot.py draws the figures.
#include <benchmark/benchmark.h>

#include <random>
#include <string>
#include <vector>

#include "topic/pattern_index.h"
#include "unit/node/federation_rig.h"

namespace mpreg {
namespace {

using std::chrono::seconds;

constexpr int kMessages = 256;  // Of one round: as many as a busy publisher has in a few batches.

// Publishes rounds at the sender, and forgets what was received.
void publish_rounds(benchmark::State& state, FederationRig& rig, std::size_t sender,
                    std::size_t receivers) {
  std::uint64_t received = 0;
  const std::string payload(16, 'x');
  for (auto _ : state) {
    for (int i = 0; i < kMessages; ++i) {
      if (!rig.publish(sender, "stock.price", payload)) state.SkipWithError("window is full");
    }
    rig.settle();
    for (std::size_t i = 0; i < receivers; ++i) {
      received += rig.client(i).received.size();
      rig.client(i).received.clear();
    }
  }
  const auto sent = static_cast<double>(state.iterations()) * kMessages;
  if (static_cast<double>(received) != sent * static_cast<double>(receivers)) {
    state.SkipWithError("not every message came once");
  }
  state.counters["message"] =
      benchmark::Counter(sent, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  state.counters["delivery"] =
      benchmark::Counter(sent * static_cast<double>(receivers),
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void subscribers_of_one_broker(benchmark::State& state) {
  FederationRig rig;
  const std::size_t broker = rig.add_broker("one");
  const auto count = static_cast<std::size_t>(state.range(0));
  for (std::size_t i = 0; i < count; ++i) rig.subscribe(rig.add_client(broker), {"stock.#"});
  const std::size_t sender = rig.add_client(broker);
  publish_rounds(state, rig, sender, count);
}
BENCHMARK(subscribers_of_one_broker)
    ->Arg(1)
    ->Arg(10)
    ->Arg(100)
    ->Arg(1000)
    ->Unit(benchmark::kMicrosecond);

// A hub and so many spokes less one, each with a subscriber; who publishes is at a spoke.
void brokers_of_a_federation(benchmark::State& state) {
  FederationRig rig;
  const auto count = static_cast<std::size_t>(state.range(0));
  const std::size_t hub = rig.add_broker("b0");
  for (std::size_t i = 1; i < count; ++i) rig.add_broker("b" + std::to_string(i), {hub});
  rig.pass(seconds(3));
  for (std::size_t i = 0; i < count; ++i) rig.subscribe(rig.add_client(i), {"stock.#"});
  const std::size_t sender = rig.add_client(count - 1);
  rig.pass(seconds(3));
  publish_rounds(state, rig, sender, count);
}
BENCHMARK(brokers_of_a_federation)->RangeMultiplier(2)->Range(1, 64)->Unit(benchmark::kMicrosecond);

// One after the other: a message takes so many hops less one.
void brokers_in_a_chain(benchmark::State& state) {
  FederationRig rig;
  const auto count = static_cast<std::size_t>(state.range(0));
  std::size_t last = rig.add_broker("b0");
  for (std::size_t i = 1; i < count; ++i) last = rig.add_broker("b" + std::to_string(i), {last});
  rig.pass(seconds(20));
  rig.subscribe(rig.add_client(last), {"stock.#"});
  const std::size_t sender = rig.add_client(0);
  rig.pass(seconds(20));
  publish_rounds(state, rig, sender, 1);
}
BENCHMARK(brokers_in_a_chain)->RangeMultiplier(2)->Range(1, 16)->Unit(benchmark::kMicrosecond);

// Different patterns of three words, a third of them with a wildcard; each topic is new and matches
// one to three of them.
void patterns_held(benchmark::State& state) {
  const auto count = static_cast<std::uint32_t>(state.range(0));
  PatternIndex index;
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::string n = std::to_string(i);
    const std::string pattern = i % 3 == 0   ? "user." + n + ".*"
                                : i % 3 == 1 ? "user." + n + ".login"
                                             : "user." + n + ".#";
    (void)index.add(pattern, i);
  }
  std::minstd_rand random(7);
  std::vector<std::string> topics;
  for (int i = 0; i < 65'536; ++i) {
    topics.push_back("user." + std::to_string(random() % count) + ".login");
  }
  std::vector<std::uint32_t> ids;
  std::size_t next = 0;
  for (auto _ : state) {
    index.match(topics[next++ % topics.size()], ids);
    benchmark::DoNotOptimize(ids.data());
  }
  state.counters["message"] =
      benchmark::Counter(static_cast<double>(state.iterations()),
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  state.counters["bytes_per_pattern"] = static_cast<double>(index.bytes()) / count;
}
BENCHMARK(patterns_held)->RangeMultiplier(10)->Range(1'000, 1'000'000);

}  // namespace
}  // namespace mpreg

BENCHMARK_MAIN();
