#pragma once
// What the verbs of mpreg share: how one is declared, and how it ends.

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace mpreg::tools {

// The process ends with one of these.
enum class ExitCode : int {
  done = 0,
  failed = 1,  // Or timed out; for `match`: does not match.
  usage = 2,   // What was asked for cannot be: an option, a value.
};

// What the command line has asked for.
struct Command {
  std::string broker;             // The endpoint, of --broker or the environment.
  bool json = false;              // One object per line instead of text.
  std::function<ExitCode()> run;  // Set by the verb that was named.
};

struct VerbText {
  std::string name;
  std::string what;      // One line.
  std::string examples;  // Command lines, each indented by two blanks, without a last newline.
};

// Declares a verb. Its texts fit 80 columns.
[[nodiscard]] CLI::App& add_verb(CLI::App& program, const VerbText& text);

// Declares a verb that talks to a broker: --broker may stand before or after its name.
[[nodiscard]] CLI::App& add_broker_verb(CLI::App& program, Command& command, const VerbText& text);

void add_broker_option(CLI::App& app, Command& command);
void add_json_flag(CLI::App& verb, Command& command);

// An option or positional with the name of its value, as the help shows it.
template <typename T>
CLI::Option& add_value(CLI::App& verb, const std::string& name, T& value,
                       const std::string& value_name, const std::string& help) {
  CLI::Option* option = verb.add_option(name, value, help);
  option->option_text(value_name);
  return *option;
}

// A validator: finite seconds, 0.001 to 86,400.
[[nodiscard]] CLI::Validator seconds();

// Throws what a wrong value on the command line throws, so that it is told in the same way.
[[noreturn]] void refuse_value(const std::string& option, const Error& error);

// Prints "mpreg VERB: sentence" on stderr. The code is `usage` for a value that was malformed and
// `failed` for everything else.
ExitCode report(std::string_view verb, const Error& error);

// ---- One function and one file per verb (verb_NAME.cc).
void add_pub(CLI::App& program, Command& command);
void add_sub(CLI::App& program, Command& command);
void add_req(CLI::App& program, Command& command);
void add_invalidate(CLI::App& program, Command& command);
void add_replicate(CLI::App& program, Command& command);
// Four about one entry: put, erase, get, explain.
void add_entry_verbs(CLI::App& program, Command& command);
// Two about who alone may write an entry: acquire, release.
void add_acquire(CLI::App& program, Command& command);
void add_match(CLI::App& program, Command& command);
void add_key(CLI::App& program, Command& command);
// Several that only look: stats, health, links, members, subs, who, trace.
void add_inspections(CLI::App& program, Command& command);
void add_alone(CLI::App& program, Command& command);
void add_forget(CLI::App& program, Command& command);
// Whether other clusters have what one has, and what was repaired.
void add_audit(CLI::App& program, Command& command);
void add_repair(CLI::App& program, Command& command);
// Again and again, as a screen.
void add_top(CLI::App& program, Command& command);
void add_bench(CLI::App& program, Command& command);
void add_demo(CLI::App& program, Command& command);
void add_version(CLI::App& program, Command& command);

// "mpreg 0.1.0, protocol 1"
[[nodiscard]] std::string version_text();

}  // namespace mpreg::tools
