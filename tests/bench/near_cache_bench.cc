// A near cache with a live lease: what a hit costs on one thread and on two, of keys at random and
// of one hot key, and what a load and a write cost. In one process with its broker.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "broker/broker.h"
#include "mpreg/near_cache.h"
#include "zipf.h"

namespace mpreg {
namespace {

constexpr std::uint32_t kEntries = 100'000;
constexpr std::size_t kDraws = 1U << 20U;

// Started once, and ended with the process.
struct Service {
  Service() {
    BrokerOptions options;
    options.node.cluster = "east";
    options.listen = options.link = options.stream = "tcp://127.0.0.1:0";
    options.data_dir = "none";
    broker = Broker::start(options).value();
    ClientOptions connecting;
    connecting.endpoints = {to_string(broker->endpoints().listen)};
    client = Client::connect(connecting).value();
    cache = NearCache::create(*client, {.bytes_max = 256ULL << 20U}).value();
    users = &cache->space("users");
    for (std::uint32_t i = 0; i < kEntries; ++i) {
      char text[17];
      std::snprintf(text, sizeof(text), "user:%011u", i);
      keys.emplace_back(text, 16);
      (void)users->get_or_load(keys.back(), [] { return Loaded(std::string(128, 'v')); });
    }
    for (const std::uint32_t one : draw_zipf(kEntries, 0.99, 1, kDraws)) drawn += keys[one];
    (void)cache->wait_coherent("users", std::chrono::seconds(10));
  }
  std::unique_ptr<Broker> broker;
  std::unique_ptr<Client> client;
  std::unique_ptr<NearCache> cache;
  CacheSpace* users = nullptr;
  std::vector<std::string> keys;
  // The keys to ask for, one after the other, as they would come in a request.
  std::string drawn;

  [[nodiscard]] std::string_view key(std::size_t draw) const {
    return std::string_view(drawn).substr(draw % kDraws * 16, 16);
  }
};

Service& service() {
  static Service one;
  return one;
}

void hits(benchmark::State& state) {
  Service& at = service();
  const bool is_hot = state.range(0) == 1;
  std::size_t next = static_cast<std::size_t>(state.thread_index()) * 1'000'003;
  std::uint64_t coherent = 0;
  for (auto _ : state) {
    const auto found = at.users->get(is_hot ? std::string_view(at.keys[7]) : at.key(next++));
    coherent += found && found->freshness == Freshness::coherent ? 1U : 0U;
  }
  if (coherent != static_cast<std::uint64_t>(state.iterations())) {
    state.SkipWithError("not every read is a coherent hit");
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(hits)->ArgName("one_hot_key")->Arg(0)->Arg(1)->Threads(1)->Threads(2)->UseRealTime();

void loads(benchmark::State& state) {
  Service& at = service();
  std::uint64_t next = 0;
  const std::string value(128, 'v');
  for (auto _ : state) {
    (void)at.users->get_or_load("load:" + std::to_string(++next), [&] { return Loaded(value); });
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(loads)->UseRealTime();

// Until it is served here and on its way to everybody else.
void writes(benchmark::State& state) {
  Service& at = service();
  std::size_t next = 7;
  const std::string value(128, 'w');
  for (auto _ : state) (void)at.users->put(at.key(next++), value);
  (void)at.client->flush();
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(writes)->UseRealTime();

}  // namespace
}  // namespace mpreg

BENCHMARK_MAIN();
