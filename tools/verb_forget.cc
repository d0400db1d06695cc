// mpreg forget: a cluster that is gone for good is no member any more.

#include <iostream>
#include <memory>

#include "tools/broker_access.h"
#include "tools/json_lines.h"
#include "tools/verb.h"

namespace mpreg::tools {
namespace {

ExitCode run(const Command& command, const std::string& cluster) {
  const auto client = reach("forget", command.broker);
  if (!client) return report("forget", client.error());
  const auto done = (*client)->query("forget " + cluster);
  if (!done) return report("forget", done.error());
  if (command.json) std::cout << to_line({{"cluster_id", cluster}, {"status", "forgotten"}});
  return ExitCode::done;
}

}  // namespace

void add_forget(CLI::App& program, Command& command) {
  CLI::App& verb = add_broker_verb(
      program, command,
      {"forget", "Strike out a cluster that is gone for good, everywhere.",
       "  mpreg forget old-datacentre\n"
       "\n"
       "Nobody waits for its confirmation any more. One that still runs comes back."});
  const auto cluster = std::make_shared<std::string>();
  add_value(verb, "CLUSTER", *cluster, " ", "Its id, as mpreg members shows it").required();
  add_json_flag(verb, command);
  verb.callback([&command, cluster] {
    command.run = [&command, cluster] { return run(command, *cluster); };
  });
}

}  // namespace mpreg::tools
