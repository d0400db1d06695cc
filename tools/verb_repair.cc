// mpreg repair: how the store of a cluster differed from those of its neighbours.

#include <iostream>
#include <memory>
#include <sstream>

#include "tools/broker_access.h"
#include "tools/table.h"

namespace mpreg::tools {
namespace {

ExitCode run_repair(const Command& command, bool now) {
  const auto client = reach("repair", command.broker);
  if (!client) return report("repair", client.error());
  const auto answer = ask(**client, now ? "repair now" : "repair");
  if (!answer) return report("repair", answer.error());
  if (command.json) {
    std::cout << to_line(*answer);
    return ExitCode::done;
  }
  std::vector<Row> rows{
      {"compared with", "result", "done", "buckets", "received", "repaired", "ago"}};
  for (const Json& store : (*answer)["stores"]) {
    std::ostringstream done;
    done.precision(3);
    done << 100.0 * store["progress"].get<double>() << "%";
    rows.push_back({store["cluster_id"], store["result"], done.str(),
                    std::to_string(store["buckets_differing"].get<std::uint64_t>()),
                    std::to_string(store["entries_received"].get<std::uint64_t>()),
                    std::to_string(store["entries_repaired"].get<std::uint64_t>()),
                    std::to_string(store["ended_ms_ago"].get<std::int64_t>() / 1000) + " s"});
  }
  std::cout << (rows.size() == 1 ? "  compared with nobody yet\n" : aligned(rows));
  if (now) std::cout << "  every neighbour is compared with now\n";
  return ExitCode::done;
}

}  // namespace

void add_repair(CLI::App& program, Command& command) {
  CLI::App& verb = add_broker_verb(
      program, command,
      {"repair", "How the cluster's store differed from those of its neighbours.",
       "  mpreg repair\n  mpreg repair --now        compares again, and takes what is newer"});
  const auto now = std::make_shared<bool>(false);
  verb.add_flag("--now", *now, "Compare with every neighbour now");
  add_json_flag(verb, command);
  verb.callback(
      [&command, now] { command.run = [&command, now] { return run_repair(command, *now); }; });
}

}  // namespace mpreg::tools
