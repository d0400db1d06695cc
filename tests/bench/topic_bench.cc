// Topics on one core: look-ups per second, through the cache and without it, and bytes per pattern.
//
// Patterns: names of a company's events, tenant.service.thing.event, sometimes five words with a
// region in front. 2,000 tenants ("acme-417"), 60 services ("billing"), things with a number of
// their own ("order-8123467"), 40 events ("created"). 60 % of the patterns are exact, 20 % have
// one '*' in place of the tenant, the thing or the event, 20 % have a '#': at the end behind one to
// three words, or before the event, or in the middle.
// New topics: half are made from a random pattern with a wildcard (from an exact one they would not
// be new), its '*' replaced by one word and its '#' by zero to two, made up or of the same name
// space; half are random names of the name space, few of which match. All are different.
#include <benchmark/benchmark.h>

#include <malloc.h>
#include <array>
#include <cstdlib>
#include <map>
#include <random>
#include <string>
#include <unordered_set>
#include <vector>

#include "topic/match.h"
#include "topic/match_cache.h"
#include "topic/pattern_index.h"

namespace mpreg {
namespace {

constexpr std::array kServices{"billing",  "cart",    "catalog", "checkout", "fraud",
                               "identity", "ledger",  "mailer",  "orders",   "payments",
                               "pricing",  "profile", "search",  "stock",    "tax"};
constexpr std::array kEvents{"created", "updated", "deleted", "expired", "failed",
                             "renamed", "moved",   "locked",  "sent",    "seen"};
constexpr std::array kRegions{"eu-west-1", "eu-north-1", "us-east-1", "us-west-2", "ap-south-1"};

class Names {
 public:
  explicit Names(std::uint64_t seed) : random_(seed) {}

  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }
  std::string tenant() { return "acme-" + std::to_string(below(2'000)); }
  std::string service() {
    return std::string(kServices[below(kServices.size())]) + "-v" + std::to_string(below(4));
  }
  std::string thing() { return "order-" + std::to_string(below(10'000'000)); }
  std::string event() {
    return std::string(kEvents[below(kEvents.size())]) + (below(4) == 0 ? "" : "-late");
  }
  std::string region() { return kRegions[below(kRegions.size())]; }

  std::string topic() {
    const std::string four = tenant() + "." + service() + "." + thing() + "." + event();
    return below(4) == 0 ? region() + "." + four : four;
  }

  std::string pattern() {
    const std::uint64_t kind = below(10);
    if (kind < 6) return topic();
    if (kind < 8) return one_star(below(3));
    return with_hash(below(5));
  }

  // A topic that the pattern matches.
  std::string topic_for(const std::string& pattern) {
    std::string topic;
    for (WordCursor word(pattern); !word.done(); word.next()) {
      std::uint64_t words = 1;
      if (word.is('#')) words = below(3);
      for (std::uint64_t i = 0; i < words; ++i) {
        if (!topic.empty()) topic += '.';
        topic += word.is('#') || word.is('*') ? made_up() : std::string(word.word());
      }
    }
    return topic;
  }

 private:
  std::string one_star(std::uint64_t place) {
    switch (place) {
      case 0:
        return "*." + service() + "." + thing() + "." + event();
      case 1:
        return tenant() + "." + service() + ".*." + event();
      default:
        return tenant() + "." + service() + "." + thing() + ".*";
    }
  }
  std::string with_hash(std::uint64_t place) {
    switch (place) {
      case 0:
        return tenant() + "." + service() + "." + thing() + ".#";
      case 1:
        return tenant() + "." + service() + ".#";
      case 2:
        return "#." + thing() + "." + event();
      case 3:
        return tenant() + "." + service() + ".#." + event();
      default:
        return region() + "." + tenant() + ".#." + event();
    }
  }
  std::string made_up() { return below(2) == 0 ? thing() : tenant(); }

  std::mt19937_64 random_;
};

std::vector<std::string> different_patterns(std::size_t count) {
  Names names(1);
  std::unordered_set<std::string> seen;
  std::vector<std::string> patterns;
  while (patterns.size() < count) {
    std::string pattern = names.pattern();
    if (seen.insert(pattern).second) patterns.push_back(std::move(pattern));
  }
  return patterns;
}

// Those of the kinds above that have four words: about 58 % exact, 26 % with '*', 16 % with '#'.
std::vector<std::string> patterns_of_four_words(std::size_t count) {
  std::vector<std::string> patterns;
  Names names(2);
  std::unordered_set<std::string> seen;
  while (patterns.size() < count) {
    std::string pattern = names.pattern();
    const auto dots = static_cast<std::size_t>(std::count(pattern.begin(), pattern.end(), '.'));
    if (dots == 3 && seen.insert(pattern).second) patterns.push_back(std::move(pattern));
  }
  return patterns;
}

bool is_short_run() {
  const char* smoke = std::getenv("MPREG_BENCH_SMOKE");
  return smoke != nullptr && std::string_view(smoke) == "1";
}

std::vector<std::string> new_topics(const std::vector<std::string>& patterns, std::size_t count) {
  Names names(3);
  std::unordered_set<std::string> seen;
  std::vector<std::string> topics;
  while (topics.size() < count) {
    std::string topic;
    if (topics.size() % 2 == 0) {
      const std::string& pattern = patterns[names.below(patterns.size())];
      if (pattern.find_first_of("*#") == std::string::npos) continue;
      topic = names.topic_for(pattern);
    } else {
      topic = names.topic();
    }
    if (seen.insert(topic).second) topics.push_back(std::move(topic));
  }
  return topics;
}

void fill(PatternIndex& index, const std::vector<std::string>& patterns) {
  for (std::uint32_t i = 0; i < patterns.size(); ++i) index.add(patterns[i], i % 1'000);
}

struct Filled {
  Filled(std::size_t pattern_count, std::size_t topic_count)
      : patterns(different_patterns(pattern_count)), topics(new_topics(patterns, topic_count)) {
    fill(index, patterns);
  }
  std::vector<std::string> patterns;
  std::vector<std::string> topics;
  PatternIndex index;
};

// Made once for each number of patterns: a benchmark is entered several times.
const Filled& filled(std::size_t pattern_count) {
  static std::map<std::size_t, Filled> made;
  const std::size_t topics = 1U << (is_short_run() ? 12U : 18U);
  return made.try_emplace(pattern_count, pattern_count, topics).first->second;
}

// Each topic comes once in 262,144 look-ups, so what was read for it has left the processor's
// caches.
void new_topics_without_cache(benchmark::State& state) {
  const Filled& made = filled(static_cast<std::size_t>(state.range(0)));
  const auto& topics = made.topics;
  const PatternIndex& index = made.index;
  IdList ids;
  std::size_t at = 0;
  std::uint64_t matched = 0;
  for (auto _ : state) {
    index.match(topics[at++ & (topics.size() - 1)], ids);
    matched += ids.empty() ? 0 : 1;
  }
  state.SetItemsProcessed(state.iterations());
  state.counters["matched"] =
      static_cast<double>(matched) / static_cast<double>(state.iterations());
}
BENCHMARK(new_topics_without_cache)->Arg(10'000)->Arg(100'000);

// Beside it, a plain answer to the same question: hold every pattern against the topic.
void new_topics_pattern_by_pattern(benchmark::State& state) {
  const auto patterns = different_patterns(static_cast<std::size_t>(state.range(0)));
  const auto topics = new_topics(patterns, 1U << 10U);
  std::size_t at = 0;
  for (auto _ : state) {
    std::uint64_t matched = 0;
    const std::string& topic = topics[at++ & (topics.size() - 1)];
    for (const auto& pattern : patterns) matched += matches_for_clients(pattern, topic) ? 1 : 0;
    benchmark::DoNotOptimize(matched);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(new_topics_pattern_by_pattern)->Arg(10'000);

struct Hot {
  explicit Hot(std::size_t pattern_count)
      : patterns(different_patterns(pattern_count)), topics(new_topics(patterns, 1'000)) {
    fill(index, patterns);
    Names names(4);
    for (std::size_t i = 0; i < (1U << 16U); ++i) {
      order.push_back(static_cast<std::uint32_t>(names.below(topics.size())));
    }
  }
  [[nodiscard]] std::uint32_t next() { return order[at++ & (order.size() - 1)]; }

  std::vector<std::string> patterns;
  std::vector<std::string> topics;
  PatternIndex index;
  std::vector<std::uint32_t> order;
  std::size_t at = 0;
};

// Topics by their text.
void hot_topics_by_name(benchmark::State& state) {
  Hot hot(10'000);
  MatchCache cache(4'096);
  for (auto _ : state) {
    benchmark::DoNotOptimize(&cache.find(hot.topics[hot.next()], hot.index));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(hot_topics_by_name);

// Topics that have an alias: the broker's usual case.
void hot_topics_by_alias(benchmark::State& state) {
  Hot hot(10'000);
  std::vector<CachedMatch> cached(hot.topics.size());
  for (auto _ : state) {
    const std::uint32_t topic = hot.next();
    benchmark::DoNotOptimize(&refresh(cached[topic], hot.topics[topic], hot.index));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(hot_topics_by_alias);

// The same while patterns come and go: one change for every ten look-ups, half of them additions.
void hot_topics_by_name_with_churn(benchmark::State& state) {
  Hot hot(10'000);
  MatchCache cache(4'096);
  std::uint64_t looks = 0;
  std::size_t out = 0;
  for (auto _ : state) {
    if (looks++ % 10 == 0) {
      const std::string& pattern = hot.patterns[out % hot.patterns.size()];
      const auto id = static_cast<std::uint32_t>(out % hot.patterns.size() % 1'000);
      if (looks % 20 == 1) {
        hot.index.remove(pattern, id);
      } else {
        hot.index.add(pattern, id);
        ++out;
      }
    }
    benchmark::DoNotOptimize(&cache.find(hot.topics[hot.next()], hot.index));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(hot_topics_by_name_with_churn);

void add_and_remove(benchmark::State& state) {
  const auto patterns = different_patterns(100'000);
  PatternIndex index;
  fill(index, patterns);
  std::size_t at = 0;
  for (auto _ : state) {
    const std::size_t i = at++ * 7'919 % patterns.size();
    const auto id = static_cast<std::uint32_t>(i % 1'000);
    index.remove(patterns[i], id);
    index.add(patterns[i], id);
  }
  state.SetItemsProcessed(state.iterations() * 2);
}
BENCHMARK(add_and_remove);

void worst_pattern(benchmark::State& state) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(matches(
        "#.#.#.#.#.#.#.#.#.#", "one.two.three.four.five.six.seven.eight.nine.ten.eleven.twelve"));
    benchmark::DoNotOptimize(matches("#.a.#.a.#.a.#.a.#.a.#.b", "a.a.a.a.a.a.a.a.a.a.a.a"));
  }
  state.SetItemsProcessed(state.iterations() * 2);
}
BENCHMARK(worst_pattern);

// Beside what the index says it uses, what malloc has handed out since (its own heads included).
void memory(benchmark::State& state) {
  const auto patterns = patterns_of_four_words(static_cast<std::size_t>(state.range(0)));
  double told = 0;
  double allocated = 0;
  for (auto _ : state) {
    const std::size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
    PatternIndex index;
    fill(index, patterns);
    told = static_cast<double>(index.bytes());
    allocated = static_cast<double>(mallinfo2().uordblks + mallinfo2().hblkhd - before);
  }
  const auto count = static_cast<double>(patterns.size());
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(patterns.size()));
  state.counters["bytes_per_pattern"] = told / count;
  state.counters["malloc_per_pattern"] = allocated / count;
}

}  // namespace
}  // namespace mpreg

int main(int argc, char** argv) {
  benchmark::RegisterBenchmark("memory", mpreg::memory)
      ->Arg(mpreg::is_short_run() ? 10'000 : 1'000'000)
      ->Iterations(1)
      ->Unit(benchmark::kMillisecond);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
