#pragma once
// CommandLine: what the arguments of mpreg-broker ask for. Flags win over the configuration file.

#include <span>
#include <string>
#include <vector>

#include "broker/options.h"

namespace mpreg {

enum class CommandAction : std::uint8_t { run, check_config, help, version, refuse };

struct CommandLine {
  CommandAction action = CommandAction::run;
  BrokerOptions options;            // For run and check_config.
  std::vector<std::string> errors;  // For refuse: everything that was found, one sentence each.
};

// `arguments` are those after the name of the program. Reads the file that --config names. --help
// and --version are answered whatever else there is.
[[nodiscard]] CommandLine read_command_line(std::span<const char* const> arguments);

// At most 80 columns wide.
[[nodiscard]] std::string help_text();

}  // namespace mpreg
