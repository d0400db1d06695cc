// Scripts: violations that the simulator has found, each reduced to a schedule in which nothing is
// drawn (scripts/README.md). An open one must still show its violation, a fixed one must be clean.
//
//   MPREG_SIM_SCRIPT=name        this one alone, with everything that happens in it

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

#include "script.h"
#include "tampers.h"
#include "world.h"

namespace mpreg::sim {
namespace {

const std::filesystem::path kFolder(MPREG_SIM_SCRIPTS);

std::vector<std::string> names_of_scripts() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    if (entry.path().extension() == ".script") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

Script read(const std::string& name) {
  std::ifstream file(kFolder / (name + ".script"));
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  auto script = parse_script(text);
  if (!script) {
    ADD_FAILURE() << name << ": " << script.error().text;
    return {};
  }
  return std::move(*script);
}

class Scripts : public testing::TestWithParam<std::string> {};

TEST_P(Scripts, ends_as_its_status_says) {
  const Script script = read(GetParam());
  ASSERT_FALSE(script.plan.brokers.empty());
  WorldOptions options;
  options.keeps_lines = true;
  const WorldResult result = run_world(script.plan, options);
  const char* shown = std::getenv("MPREG_SIM_SCRIPT");
  if (shown != nullptr && shown == GetParam()) {
    for (const std::string& line : result.lines) std::cout << line << "\n";
  }
  if (!script.is_open) {
    EXPECT_EQ(result.violation, "");
  } else if (result.violation.empty()) {
    ADD_FAILURE() << "this violation is gone: mark the script as fixed";
  } else {
    EXPECT_NE(result.violation.find(script.shows), std::string::npos)
        << "another violation than '" << script.shows << "': " << result.violation;
  }
}

// The schedule that showed what a record is for shows it again when records do not name parents.
TEST(PlantedFaults, incarnations_that_nobody_met_and_nobody_hears_of_are_caught) {
  for (const char* name :
       {"incarnation_that_met_nobody", "writer_left_an_incarnation_that_met_nobody"}) {
    WorldOptions faulty;
    faulty.tamper = hide_incarnations_that_met_nobody();
    EXPECT_NE(run_world(read(name).plan, faulty).violation, "") << name;
  }
}

// Of what a broker did before a restart, the clock alone keeps its fencing tokens in order.
TEST(PlantedFaults, a_clock_that_is_forgotten_is_caught) {
  WorldOptions faulty;
  faulty.node_fault = NodeFault::forgets_the_clock;
  EXPECT_NE(run_world(read("fencing_token_after_clock_step").plan, faulty).violation, "");
}

// A broker knows which of two writes counts, and its near caches must not know better.
TEST(PlantedFaults, near_caches_that_use_what_their_broker_does_not_are_caught) {
  WorldOptions faulty;
  faulty.tamper = call_all_usable();
  EXPECT_NE(run_world(read("two_writers_of_one_key").plan, faulty).violation, "");
}

// What a script leads to depends on nothing but its text.
TEST_P(Scripts, does_not_depend_on_any_draw) {
  Plan plan = read(GetParam()).plan;
  const WorldResult once = run_world(plan, {});
  plan.seed = 4711;
  const WorldResult again = run_world(plan, {});
  EXPECT_EQ(once.hash, again.hash);
  EXPECT_EQ(once.violation, again.violation);
}

TEST_P(Scripts, is_read_as_it_is_written) {
  const Script script = read(GetParam());
  const std::string text = text_of(script);
  const auto again = parse_script(text);
  ASSERT_TRUE(again) << again.error().text;
  EXPECT_EQ(text_of(*again), text);
  EXPECT_EQ(run_world(again->plan, {}).hash, run_world(script.plan, {}).hash);
}

INSTANTIATE_TEST_SUITE_P(OfFolder, Scripts, testing::ValuesIn(names_of_scripts()),
                         [](const auto& script) { return script.param; });

TEST(Script, names_what_it_does_not_know) {
  EXPECT_EQ(parse_script("broker b0\nclient c0 brokers=b1").error().text,
            "nobody is called b1 in: client c0 brokers=b1");
  EXPECT_EQ(parse_script("broker b0\n10 explode b0").error().text,
            "unknown step explode in: 10 explode b0");
  EXPECT_EQ(parse_script("broker b0 colour=red").error().text,
            "unknown field colour in: broker b0 colour=red");
  EXPECT_EQ(parse_script("broker b0\nten kill b0").error().text, "no number: ten in: ten kill b0");
}

}  // namespace
}  // namespace mpreg::sim
