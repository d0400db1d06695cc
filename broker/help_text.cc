#include "broker/command_line.h"
#include "broker/option_table.h"

namespace mpreg {
namespace {

constexpr std::size_t kColumns = 80;
constexpr std::size_t kTextColumn = 36;

// "  --flag VALUE", and the text beside it, broken between words.
void append_entry(std::string& to, std::string flag, std::string_view text) {
  std::string line = "  " + std::move(flag);
  if (line.size() + 2 > kTextColumn) {
    to += line + '\n';
    line.clear();
  }
  line.resize(kTextColumn, ' ');
  bool is_first_word = true;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!is_first_word && line.size() + 1 + word.size() > kColumns) {
      to += line + '\n';
      line.assign(kTextColumn, ' ');
      is_first_word = true;
    }
    if (!is_first_word) line += ' ';
    line += word;
    is_first_word = false;
  }
  to += line + '\n';
}

std::string describe(const OptionSpec& spec) {
  std::string text(spec.help);
  const std::vector<std::string> defaults = values_of(spec, BrokerOptions{});
  const std::string range = range_of(spec);
  if (!range.empty()) text += ", " + range;
  if (!defaults.empty()) text += " [" + defaults.front() + "]";
  return text;
}

}  // namespace

std::string help_text() {
  std::string text =
      "mpreg-broker: the broker of one cluster.\n"
      "\n"
      "Usage: mpreg-broker --cluster-id ID [OPTION]...\n"
      "\n"
      "Example: a hub, and a spoke that joins it:\n"
      "  mpreg-broker --cluster-id hub\n"
      "  mpreg-broker --cluster-id east --hub tcp://127.0.0.1:7101 \\\n"
      "      --listen tcp://127.0.0.1:7200 --link tcp://127.0.0.1:7201 \\\n"
      "      --stream tcp://127.0.0.1:7202\n"
      "\n"
      "An endpoint EP is tcp://HOST:PORT or ipc://PATH. To bind, HOST may be * and\n"
      "PORT may be 0, which picks a free one. A SIZE is a number and B, KiB, MiB or\n"
      "GiB; a TIME is a number and us, ms, s, min or h. Defaults stand in [brackets].\n";
  std::string_view group;
  for (const OptionSpec& spec : option_table()) {
    if (spec.group != group) {
      group = spec.group;
      text += "\n" + std::string(group) + ":\n";
    }
    append_entry(text, "--" + std::string(spec.name) + " " + std::string(spec.placeholder),
                 describe(spec));
  }
  append_entry(text, "--config FILE", "Options as TOML: NAME = VALUE; flags win over it");
  append_entry(text, "--check-config", "Print the options in effect as TOML, and leave");
  append_entry(text, "--version", "Print the version, and leave");
  append_entry(text, "--help", "Print this, and leave");
  return text +
         "\n"
         "SIGHUP reads the configuration file again, all or nothing; limits, times and the\n"
         "level of the log can change. SIGUSR2 retires the broker: it takes no new\n"
         "services, sends those it has to other brokers, then ends.\n"
         "SIGTERM and SIGINT end the broker: it says goodbye, hands over what it still\n"
         "has, and exits with 0; a second signal ends it at once, with 1. Exit codes:\n"
         "0 done, 1 failed, 2 the options are wrong.\n";
}

}  // namespace mpreg
