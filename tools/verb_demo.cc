// mpreg demo: a federation on this machine that works, is hurt, and works on.

#include <chrono>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <thread>

#include "tools/demo/report.h"
#include "tools/interruption.h"
#include "tools/verb.h"

namespace mpreg::tools {
namespace {

constexpr std::chrono::milliseconds kStep{50};

struct Options {
  std::string scenario;
  bool keep = false;
};

// Each scenario is a topology; all of them run alike.
const std::map<std::string, std::function<demo::Topology()>>& scenarios() {
  static const std::map<std::string, std::function<demo::Topology()>> known = {
      {"hub", demo::hub_topology},
  };
  return known;
}

void keep_running(demo::Demonstration& demonstration, demo::Console& console) {
  demonstration.close_services();
  console.print(demo::invitation(demonstration));
  while (!interrupted()) std::this_thread::sleep_for(kStep);
  console.print("\n  stopping\n");
}

ExitCode run(const Command& command, const Options& options) {
  catch_interruptions();
  demo::Console console(command.json);
  const demo::Load load;
  demo::Demonstration demonstration(scenarios().at(options.scenario)(), load, console);
  const auto done = demonstration.run();
  console.clear();
  if (!done) {
    static_cast<void>(report("demo", done.error()));
    return ExitCode::failed;
  }
  if (command.json) {
    std::cout << demo::report_lines(demonstration, load) << std::flush;
  } else {
    demo::print_report(demonstration, console);
  }
  if (options.keep) keep_running(demonstration, console);
  return demonstration.ledger().clean() ? ExitCode::done : ExitCode::failed;
}

}  // namespace

void add_demo(CLI::App& program, Command& command) {
  CLI::App& verb =
      add_verb(program, {"demo", "Run a federation, kill a broker of it, and show what arrives.",
                         "  mpreg demo hub\n  mpreg demo hub --keep"});
  const auto options = std::make_shared<Options>();
  add_value(verb, "SCENARIO", options->scenario, " ",
            "hub: a hub and three spokes, 1,000 invalidations,\n200 replications, one kill")
      .required()
      ->check(CLI::IsMember(scenarios()));
  verb.add_flag("--keep", options->keep, "Leave it running until Ctrl-C, to play with");
  add_json_flag(verb, command);
  verb.callback([&command, options] {
    command.run = [&command, options] { return run(command, *options); };
  });
}

}  // namespace mpreg::tools
