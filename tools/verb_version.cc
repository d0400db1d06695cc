// mpreg version.

#include <iostream>

#include "message/session_messages.h"
#include "tools/json_lines.h"
#include "tools/verb.h"

namespace mpreg::tools {

std::string version_text() {
  return std::string("mpreg ") + MPREG_VERSION + ", protocol " + std::to_string(kProtocolVersion);
}

void add_version(CLI::App& program, Command& command) {
  CLI::App& verb = add_verb(program, {"version", "Print the version.", "  mpreg version"});
  add_json_flag(verb, command);
  verb.callback([&command] {
    command.run = [&command] {
      if (command.json) {
        std::cout << to_line({{"version", MPREG_VERSION}, {"protocol", kProtocolVersion}});
      } else {
        std::cout << version_text() << '\n';
      }
      return ExitCode::done;
    };
  });
}

}  // namespace mpreg::tools
