// Many schedules, each from its seed, none of which may break a promise.
//
//   MPREG_SIM_SCHEDULES=1000   how many (default 10,000), from seed MPREG_SIM_FIRST (default 1)
//   MPREG_SIM_SEED=123         this one alone, with everything that happens in it
//   MPREG_SIM_SHRINK=123       makes a script of it that shows the same violation (shrink.h)
//   MPREG_SIM_COMMIT=5f3a...   a range of 10,000 that is this commit's alone, besides
//   MPREG_SIM_HASHES=1         prints the trace hash of each: a change that only moves code leaves
//                              all of them as they were

#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <map>
#include <mutex>
#include <thread>

#include "shrink.h"
#include "world.h"

namespace mpreg::sim {
namespace {

constexpr std::uint64_t kSchedules = 10'000;
constexpr std::uint64_t kDerived = 10'000;
constexpr std::size_t kLinesShown = 120;
constexpr std::size_t kFailuresShown = 3;

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

std::string replay_command(std::uint64_t seed) {
  return "MPREG_SIM_SEED=" + std::to_string(seed) +
         " build/release/tests/sim/sim_tests --gtest_filter=Schedules.*";
}

// Every fourth lasts long enough for leases to end in it.
Plan plan_of(std::uint64_t seed) {
  const auto times = from_environment("MPREG_SIM_TIMES", seed % 4 == 0 ? 4 : 1);
  return times == 1 ? draw_plan(seed) : stretched(draw_plan(seed), static_cast<int>(times));
}

thread_local std::uint64_t seed_at_work = 0;

// A check of the program itself failed: it says where, and this says in which schedule.
extern "C" void on_crash(int signal) {
  std::fprintf(stderr, "in the schedule of seed %llu: %s\n",
               static_cast<unsigned long long>(seed_at_work), replay_command(seed_at_work).c_str());
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

std::string tail_of(const std::vector<std::string>& lines) {
  std::string text;
  const std::size_t from = lines.size() > kLinesShown ? lines.size() - kLinesShown : 0;
  for (std::size_t i = from; i < lines.size(); ++i) text += lines[i] + "\n";
  return text;
}

struct Totals {
  std::mutex mutex;
  std::uint64_t schedules = 0;
  std::uint64_t events = 0;
  std::uint64_t messages = 0;
  std::uint64_t deliveries = 0;
  std::uint64_t shares = 0;
  std::uint64_t gaps = 0;
  std::uint64_t entries_checked = 0;
  std::uint64_t entries_repaired = 0;
  std::uint64_t near_reads = 0;
  std::uint64_t coherent_reads = 0;
  std::uint64_t given = 0;
  std::uint64_t given_coherent = 0;
  std::uint64_t near_judged = 0;
  std::uint64_t token_reads = 0;
  std::uint64_t keys_granted = 0;
  std::uint64_t writes_of_holders = 0;
  std::map<std::uint64_t, std::string> violations;  // By seed.
  std::map<std::uint64_t, std::uint64_t> hashes;    // By seed.
};

void run_some(std::atomic<std::uint64_t>& next, std::uint64_t end, Totals& totals) {
  for (;;) {
    const std::uint64_t seed = next.fetch_add(1);
    if (seed >= end) return;
    seed_at_work = seed;
    const WorldResult result = run_world(plan_of(seed), {});
    const std::lock_guard lock(totals.mutex);
    ++totals.schedules;
    totals.hashes[seed] = result.hash;
    totals.events += result.events;
    totals.messages += result.messages;
    totals.deliveries += result.deliveries;
    totals.shares += result.shares;
    totals.gaps += result.gaps;
    totals.entries_checked += result.entries_checked;
    totals.entries_repaired += result.entries_repaired;
    totals.near_reads += result.near_reads;
    totals.coherent_reads += result.coherent_reads;
    totals.given += result.given;
    totals.given_coherent += result.given_coherent;
    totals.near_judged += result.near_judged;
    totals.token_reads += result.token_reads;
    totals.keys_granted += result.keys_granted;
    totals.writes_of_holders += result.writes_of_holders;
    if (!result.violation.empty()) totals.violations[seed] = result.violation;
  }
}

void replay(std::uint64_t seed, bool whole) {
  const Plan plan = plan_of(seed);
  WorldOptions options;
  options.keeps_lines = true;
  const WorldResult result = run_world(plan, options);
  std::cout << "seed " << seed << ": " << plan.text() << "\n";
  if (whole) {
    for (const std::string& line : result.lines) std::cout << line << "\n";
  } else {
    std::cout << tail_of(result.lines);
  }
  std::cout << "hash " << std::hex << result.hash << std::dec << ", " << result.events
            << " events, " << result.messages << " messages, " << result.deliveries
            << " deliveries, " << result.gaps << " gaps\n";
}

void expect_no_violation(std::uint64_t first, std::uint64_t schedules) {
  std::signal(SIGABRT, on_crash);
  std::signal(SIGSEGV, on_crash);
  std::atomic<std::uint64_t> next{first};
  const std::uint64_t end = first + schedules;
  Totals totals;
  std::vector<std::thread> threads;
  const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
  for (unsigned i = 0; i < cores; ++i) {
    threads.emplace_back([&] { run_some(next, end, totals); });
  }
  for (std::thread& thread : threads) thread.join();
  std::cout << totals.schedules << " schedules, " << totals.events << " events, " << totals.messages
            << " messages, " << totals.deliveries << " deliveries, " << totals.shares
            << " to queue groups, " << totals.coherent_reads << " coherent hits in "
            << totals.near_reads << " reads of near caches, " << totals.given_coherent << " of "
            << totals.given << " loads coherent, " << totals.near_judged << " held entries judged, "
            << totals.token_reads << " held against tokens, " << totals.gaps << " gap notices, "
            << totals.entries_checked << " cached entries judged, " << totals.entries_repaired
            << " repaired, " << totals.keys_granted << " keys granted, " << totals.writes_of_holders
            << " writes of their holders\n";
  if (from_environment("MPREG_SIM_HASHES", 0) != 0) {
    for (const auto& [seed, hash] : totals.hashes) {
      std::cout << "seed " << seed << " hash " << std::hex << hash << std::dec << "\n";
    }
  }
  std::size_t shown = 0;
  for (const auto& [seed, violation] : totals.violations) {
    ADD_FAILURE() << "seed " << seed << ": " << violation << "\nreplay: " << replay_command(seed);
    if (++shown <= kFailuresShown) replay(seed, false);
  }
  EXPECT_EQ(totals.schedules, schedules);
}

TEST(Schedules, break_no_promise) {
  std::signal(SIGABRT, on_crash);
  std::signal(SIGSEGV, on_crash);
  if (const std::uint64_t seed = from_environment("MPREG_SIM_SEED", 0); seed != 0) {
    seed_at_work = seed;
    replay(seed, true);
    const WorldResult result = run_world(plan_of(seed), {});
    EXPECT_EQ(result.violation, "");
    return;
  }
  if (const std::uint64_t seed = from_environment("MPREG_SIM_SHRINK", 0); seed != 0) {
    seed_at_work = seed;
    const auto script = shrink(plan_of(seed), std::cout);
    ASSERT_TRUE(script) << "seed " << seed << " has become no script";
    std::cout << "# Seed " << seed << ".\n" << text_of(*script);
    return;
  }
  expect_no_violation(from_environment("MPREG_SIM_FIRST", 1),
                      from_environment("MPREG_SIM_SCHEDULES", kSchedules));
}

// A range of its own for each commit: what nobody has seen before.
TEST(Schedules, derived_from_the_commit_break_no_promise) {
  constexpr std::uint64_t kBeyondOthers = 1ULL << 40U;
  constexpr std::size_t kDigits = 12;
  const char* commit = std::getenv("MPREG_SIM_COMMIT");
  if (commit == nullptr) GTEST_SKIP() << "MPREG_SIM_COMMIT names no commit";
  const std::string digits = std::string(commit).substr(0, kDigits);
  const std::uint64_t derived = std::strtoull(digits.c_str(), nullptr, 16);
  ASSERT_NE(derived, 0U) << "MPREG_SIM_COMMIT is '" << commit << "', which is no hash";
  const std::uint64_t first = kBeyondOthers + (derived >> 16U) * kDerived;
  std::cout << "of commit " << digits << ": seeds " << first << " to " << first + kDerived - 1
            << "\n";
  expect_no_violation(first, kDerived);
}

TEST(Schedules, of_one_seed_are_the_same_bit_for_bit) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    const WorldResult once = run_world(plan_of(seed), {});
    WorldOptions with_lines;
    with_lines.keeps_lines = true;
    const WorldResult again = run_world(plan_of(seed), with_lines);
    EXPECT_EQ(once.hash, again.hash) << replay_command(seed);
    EXPECT_EQ(once.events, again.events) << replay_command(seed);
  }
}

}  // namespace
}  // namespace mpreg::sim
