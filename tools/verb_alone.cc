// mpreg alone: a cluster that has left takes writes although those it waits for are not there.

#include <iostream>

#include "tools/broker_access.h"
#include "tools/json_lines.h"
#include "tools/verb.h"

namespace mpreg::tools {
namespace {

ExitCode run(const Command& command) {
  const auto client = reach("alone", command.broker);
  if (!client) return report("alone", client.error());
  const auto done = (*client)->query("alone");
  if (!done) return report("alone", done.error());
  if (command.json) std::cout << to_line({{"status", "alone"}});
  return ExitCode::done;
}

}  // namespace

void add_alone(CLI::App& program, Command& command) {
  CLI::App& verb = add_broker_verb(
      program, command,
      {"alone", "Take cache writes although the others are out of reach.",
       "  mpreg alone\n"
       "\n"
       "A cluster that has left cleanly promised to write nothing until it has rejoined,\n"
       "and others rely on that. This breaks the promise, until the broker restarts or\n"
       "has rejoined: what others hold of its writes may be stale, and their health says\n"
       "so. If those it waits for are gone for good, mpreg forget them instead."});
  add_json_flag(verb, command);
  verb.callback([&command] { command.run = [&command] { return run(command); }; });
}

}  // namespace mpreg::tools
