// mpreg demo: a federation on this machine that works, is hurt, and works on.

#include <chrono>
#include <iostream>
#include <memory>
#include <thread>

#include "tools/demo/report.h"
#include "tools/interruption.h"
#include "tools/verb.h"

namespace mpreg::tools {
namespace {

constexpr std::chrono::milliseconds kStep{50};

constexpr const char* kAll = "all";

struct Options {
  std::string scenario;
  bool keep = false;
};

void keep_running(demo::Demonstration& demonstration, demo::Console& console) {
  demonstration.close_services();
  console.print(demo::invitation(demonstration));
  while (!interrupted()) std::this_thread::sleep_for(kStep);
  console.print("\n  stopping\n");
}

// Whether all of it is as it should be.
bool run_one(const Command& command, const demo::Topology& topology, bool keep,
             demo::Console& console) {
  const demo::Load load;
  demo::Demonstration demonstration(topology, load, console);
  console.print("  " + console.bold(topology.name) + ": " + topology.title + "\n\n");
  const auto done = demonstration.run();
  console.clear();
  if (!done) {
    static_cast<void>(report("demo", done.error()));
    return false;
  }
  if (command.json) {
    std::cout << demo::report_lines(demonstration, load) << std::flush;
  } else {
    demo::print_report(demonstration, console);
  }
  if (keep) keep_running(demonstration, console);
  return demonstration.clean();
}

ExitCode run(const Command& command, const Options& options) {
  catch_interruptions();
  demo::Console console(command.json);
  bool is_clean = true;
  bool is_first = true;
  for (const demo::Topology& topology : demo::topologies()) {
    if (options.scenario != kAll && options.scenario != topology.name) continue;
    if (interrupted()) return ExitCode::failed;
    if (!is_first) console.print("\n");
    is_first = false;
    is_clean = run_one(command, topology, options.keep, console) && is_clean;
  }
  return is_clean ? ExitCode::done : ExitCode::failed;
}

}  // namespace

void add_demo(CLI::App& program, Command& command) {
  CLI::App& verb =
      add_verb(program, {"demo", "Run a federation, kill a broker of it, and show what arrives.",
                         "  mpreg demo all\n  mpreg demo mesh --keep"});
  const auto options = std::make_shared<Options>();
  std::vector<std::string> names{kAll};
  for (const demo::Topology& topology : demo::topologies()) names.push_back(topology.name);
  add_value(verb, "SCENARIO", options->scenario, " ",
            "hub: a hub and three spokes; mesh: four peers;\n"
            "regional: two regions, two gateways; all of them\n"
            "one after the other. Each with 1,000\n"
            "invalidations, 200 replications and one kill")
      .required()
      ->check(CLI::IsMember(names));
  verb.add_flag("--keep", options->keep,
                "Leave it running until Ctrl-C, to play with;\nnot with all");
  add_json_flag(verb, command);
  verb.callback([&command, options] {
    if (options->keep && options->scenario == kAll) {
      throw CLI::ValidationError("--keep", "one scenario at a time: name one instead of all");
    }
    command.run = [&command, options] { return run(command, *options); };
  });
}

}  // namespace mpreg::tools
