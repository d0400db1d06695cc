// Teeth: each planted fault switches one safety off, and the oracle must see what comes of it. The
// same schedules without the fault are clean.
//
// Each is tried with the seeds around the one that found it, which planted_seeds.txt names. When a
// change of the protocol or the workload has moved what the schedules meet, search again:
//
//   scripts/prove --planted            all that are not noticed any more; or --planted NAME
//   MPREG_SIM_SEARCH=4000              as the test, from seed 1, for so many schedules that suit

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <string>

#include "planted_faults.h"

namespace mpreg::sim {
namespace {

constexpr std::uint64_t kAround = 20;
constexpr std::uint64_t kSeedsMax = 400'000;  // In a search: most do not suit a given fault.

std::map<std::string, std::uint64_t, std::less<>> found_by() {
  std::ifstream file(MPREG_SIM_PLANTED_SEEDS);
  std::map<std::string, std::uint64_t, std::less<>> seeds;
  std::string name;
  std::uint64_t seed = 0;
  while (file >> name >> seed) seeds[name] = seed;
  return seeds;
}

class PlantedFaults : public testing::TestWithParam<PlantedFault> {};

// Whether the fault is noticed in the schedule, which without it must be clean.
bool is_noticed(const PlantedFault& fault, std::uint64_t seed, const Plan& plan) {
  const std::string violation = run_world(plan, fault.options()).violation;
  EXPECT_EQ(run_world(plan, fault.sound_options()).violation, "")
      << "without the fault, seed " << seed;
  if (violation.empty()) return false;
  std::cout << "noticed " << fault.name << " " << seed << "\n  " << violation << "\n";
  return true;
}

TEST_P(PlantedFaults, is_noticed) {
  const PlantedFault& fault = GetParam();
  const char* search = std::getenv("MPREG_SIM_SEARCH");
  std::uint64_t left = search != nullptr ? std::strtoull(search, nullptr, 10) : 2 * kAround;
  std::uint64_t first = 1;
  std::uint64_t end = kSeedsMax;
  if (search == nullptr) {
    const auto seeds = found_by();
    const auto seed = seeds.find(fault.name);
    if (seed == seeds.end())
      GTEST_SKIP() << "no schedule has noticed it yet: scripts/prove --planted";
    first = seed->second > kAround ? seed->second - kAround : 1;
    end = seed->second + kAround;
  }
  for (std::uint64_t seed = first; seed < end && left > 0; ++seed) {
    const Plan plan = stretched(draw_plan(seed), fault.times);
    if (!fault.suits(plan)) continue;
    --left;
    if (is_noticed(fault, seed, plan)) return;
  }
  ADD_FAILURE() << fault.name << " is not noticed";
}

INSTANTIATE_TEST_SUITE_P(All, PlantedFaults, testing::ValuesIn(planted_faults()),
                         [](const auto& one) { return std::string(one.param.name); });

}  // namespace
}  // namespace mpreg::sim
