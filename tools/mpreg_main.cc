// mpreg: the command line. Everything that a service can do, and a demonstration.

#include <cstdlib>
#include <iostream>

#include "base/text.h"
#include "tools/verb.h"

namespace mpreg::tools {
namespace {

constexpr const char* kBrokerVariable = "MPREG_BROKER";
constexpr const char* kBrokerDefault = "tcp://127.0.0.1:7100";
constexpr std::size_t kVerbColumn = 15;

std::string default_broker() {
  const char* value = std::getenv(kBrokerVariable);
  return value != nullptr && *value != '\0' ? value : kBrokerDefault;
}

void describe(CLI::App& program, Command& command) {
  program.name("mpreg");
  program.set_version_flag("--version", version_text);
  program.require_subcommand(1);
  program.get_formatter()->label("SUBCOMMAND", "VERB");
  program.get_formatter()->column_width(kVerbColumn);
  program.footer(
      "The environment variable MPREG_BROKER holds the endpoint of the broker, unless\n"
      "--broker says another. Exit codes: 0 done, 1 failed or timed out, 2 usage.\n"
      "Each verb has a help of its own: mpreg VERB --help\n"
      "\n"
      "Example, a federation on this machine that works and is hurt:\n"
      "  mpreg demo all");
  add_broker_option(program, command);
  for (const auto add : {add_pub, add_sub, add_req, add_invalidate, add_replicate, add_entry_verbs,
                         add_acquire, add_match, add_key, add_inspections, add_alone, add_forget,
                         add_audit, add_repair, add_top, add_bench, add_demo, add_version}) {
    add(program, command);
  }
}

// The help and the version end the parsing as an error of code 0 does.
int explain(const CLI::App& program, const CLI::ParseError& error) {
  if (error.get_exit_code() == 0) return program.exit(error);
  const auto verbs = program.get_subcommands();
  const std::string named = verbs.empty() ? "mpreg" : "mpreg " + verbs.front()->get_name();
  std::string text = error.what();
  if (verbs.empty() && dynamic_cast<const CLI::RequiredError*>(&error) != nullptr) {
    const auto unknown = program.remaining();
    text = unknown.empty() ? "a verb is missing" : "there is no verb " + in_quotes(unknown.front());
  }
  std::cerr << named << ": " << text << "\nTry: " << named << " --help" << std::endl;
  return static_cast<int>(ExitCode::usage);
}

int run(int count, const char* const* arguments) {
  CLI::App program("Publish, subscribe and keep caches coherent across clusters.");
  Command command;
  command.broker = default_broker();
  describe(program, command);
  if (count < 2) {
    std::cerr << program.help() << std::endl;
    return static_cast<int>(ExitCode::usage);
  }
  try {
    program.parse(count, arguments);
  } catch (const CLI::ParseError& error) {
    return explain(program, error);
  }
  const ExitCode code = command.run();
  // What could not be written was not done.
  if (!std::cout.flush()) return static_cast<int>(ExitCode::failed);
  return static_cast<int>(code);
}

}  // namespace
}  // namespace mpreg::tools

int main(int count, char** arguments) {
  std::ios::sync_with_stdio(false);
  std::cin.tie(nullptr);
  return mpreg::tools::run(count, arguments);
}
