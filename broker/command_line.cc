#include "broker/command_line.h"

#include <algorithm>
#include <map>

#include "base/text.h"
#include "broker/config_file.h"
#include "broker/option_table.h"

namespace mpreg {
namespace {

struct Flags {
  std::map<std::string, std::vector<std::string>, std::less<>> values;  // By name, without dashes.
  std::string config;
  bool has_config = false;
  bool check_config = false;
  bool help = false;
  bool version = false;
  std::vector<std::string> errors;
};

// Splits the arguments into flags and values. Says what is no flag, has no value or comes twice.
class Splitter {
 public:
  explicit Splitter(std::span<const char* const> arguments) : arguments_(arguments) {}

  Flags split() {
    while (at_ < arguments_.size()) take_flag(arguments_[at_++]);
    return std::move(flags_);
  }

 private:
  void complain(std::string text) { flags_.errors.push_back(std::move(text)); }

  void take_flag(std::string_view argument) {
    if (argument == "-h") argument = "--help";
    if (!argument.starts_with("--") || argument == "--") {
      return complain("unexpected argument " + in_quotes(argument) + ": only options are allowed");
    }
    const std::size_t equals = argument.find('=');
    const std::string_view name = argument.substr(2, equals == argument.npos ? equals : equals - 2);
    const bool has_value = equals != argument.npos;
    if (bool* is_set = find_switch(name)) {
      if (has_value) complain("option --" + std::string(name) + " takes no value");
      *is_set = true;
      return;
    }
    const OptionSpec* spec = find_option(name);
    if (spec == nullptr && name != "config") {
      complain("unknown option " + in_quotes(argument.substr(0, equals)) +
               suggestion_for(name, "--"));
      // What follows is probably its value: one complaint is enough.
      if (!has_value && at_ < arguments_.size() && arguments_[at_][0] != '-') ++at_;
      return;
    }
    if (has_value) return take_value(name, spec, argument.substr(equals + 1));
    if (at_ == arguments_.size() || std::string_view(arguments_[at_]).starts_with("--")) {
      return complain("option --" + std::string(name) + " needs a value");
    }
    take_value(name, spec, arguments_[at_++]);
  }

  bool* find_switch(std::string_view name) {
    if (name == "help") return &flags_.help;
    if (name == "version") return &flags_.version;
    if (name == "check-config") return &flags_.check_config;
    return nullptr;
  }

  void take_value(std::string_view name, const OptionSpec* spec, std::string_view value) {
    if (value.empty()) return complain("option --" + std::string(name) + " has an empty value");
    if (spec == nullptr) {
      if (flags_.has_config) return complain("option --config is given twice");
      flags_.has_config = true;
      flags_.config = value;
      return;
    }
    std::vector<std::string>& values = flags_.values[std::string(name)];
    if (!values.empty() && !spec->is_list()) {
      return complain("option --" + std::string(name) + " is given twice");
    }
    values.emplace_back(value);
  }

  std::span<const char* const> arguments_;
  std::size_t at_ = 0;
  Flags flags_;
};

}  // namespace

CommandLine read_command_line(std::span<const char* const> arguments) {
  const Flags flags = Splitter(arguments).split();
  CommandLine line;
  if (flags.help || flags.version) {
    line.action = flags.help ? CommandAction::help : CommandAction::version;
    return line;
  }
  line.errors = flags.errors;
  std::set<std::string> overridden;
  for (const auto& [name, values] : flags.values) overridden.insert(name);
  if (flags.has_config) {
    std::vector<std::string> found = read_config_file(flags.config, overridden, line.options);
    std::move(found.begin(), found.end(), std::back_inserter(line.errors));
  }
  // In the order of the table: errors come in the same order whatever the order of the flags.
  for (const OptionSpec& spec : option_table()) {
    const auto given = flags.values.find(spec.name);
    if (given == flags.values.end()) continue;
    for (const std::string& value : given->second) {
      const Result<void> set = set_option(spec, value, line.options);
      if (!set) line.errors.push_back("option --" + set.error().text);
    }
  }
  // What the options say together is only worth a word when each is right.
  if (line.errors.empty()) line.errors = find_errors(line.options);
  line.action = !line.errors.empty() ? CommandAction::refuse
                : flags.check_config ? CommandAction::check_config
                                     : CommandAction::run;
  return line;
}

}  // namespace mpreg
