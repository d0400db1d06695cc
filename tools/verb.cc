#include "tools/verb.h"

#include <cmath>
#include <iostream>
#include <memory>

namespace mpreg::tools {
namespace {

constexpr double kSecondsMin = 0.001;
constexpr double kSecondsMax = 86'400;
// Leaves 50 columns for the text beside an option.
constexpr std::size_t kOptionColumn = 30;

}  // namespace

CLI::App& add_verb(CLI::App& program, const VerbText& text) {
  CLI::App* verb = program.add_subcommand(text.name, text.what);
  const bool is_one = text.examples.find('\n') == std::string::npos;
  verb->footer((is_one ? "Example:\n" : "Examples:\n") + text.examples);
  // A verb would share that of the program otherwise, with its column.
  verb->formatter(std::make_shared<CLI::Formatter>());
  verb->get_formatter()->column_width(kOptionColumn);
  verb->group("Verbs");
  return *verb;
}

void add_broker_option(CLI::App& app, Command& command) {
  add_value(app, "--broker", command.broker, "EP",
            "Endpoint of the broker [" + command.broker + "]");
}

CLI::App& add_broker_verb(CLI::App& program, Command& command, const VerbText& text) {
  CLI::App& verb = add_verb(program, text);
  add_broker_option(verb, command);
  return verb;
}

void add_json_flag(CLI::App& verb, Command& command) {
  verb.add_flag("--json", command.json, "Print one JSON object per line");
}

CLI::Validator seconds() {
  const auto check = [](const std::string& text) -> std::string {
    double value = 0;
    if (CLI::detail::lexical_cast(text, value) && std::isfinite(value) && value >= kSecondsMin &&
        value <= kSecondsMax) {
      return "";
    }
    return text + " is no time, 0.001 to 86400 seconds are allowed";
  };
  return {check, "", "seconds"};
}

void refuse_value(const std::string& option, const Error& error) {
  throw CLI::ValidationError(option, error.text);
}

ExitCode report(std::string_view verb, const Error& error) {
  std::cout.flush();
  std::cerr << "mpreg " << verb << ": " << error.text << std::endl;
  return error.code == ErrorCode::malformed ? ExitCode::usage : ExitCode::failed;
}

}  // namespace mpreg::tools
