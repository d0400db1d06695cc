// mpreg pub: publish one message, or each line of standard input.

#include <algorithm>
#include <iostream>
#include <memory>

#include "tools/broker_access.h"
#include "tools/json_lines.h"
#include "tools/verb.h"
#include "topic/topic.h"

namespace mpreg::tools {
namespace {

struct Options {
  std::string topic;
  std::string payload;
  bool lines = false;
};

constexpr std::string_view kTopicsFromLines = "-";

// The client says on standard error what the broker refused.
ExitCode run_lines(const Command& command, const Options& options) {
  const auto client = reach("pub", command.broker);
  if (!client) return report("pub", client.error());
  const bool has_topics = options.topic == kTopicsFromLines;
  std::uint64_t count = 0;
  for (std::string line; std::getline(std::cin, line);) {
    std::string_view topic = options.topic;
    std::string_view payload = line;
    if (has_topics) {
      topic = payload.substr(0, payload.find(' '));
      payload.remove_prefix(std::min(topic.size() + 1, payload.size()));
    }
    const auto operation = (*client)->publish(topic, payload);
    if (!operation) {
      return report("pub", Error{operation.error().code, "line " + std::to_string(count + 1) +
                                                             ": " + operation.error().text +
                                                             "; those before it are published"});
    }
    ++count;
  }
  if (const auto flushed = (*client)->flush(); !flushed) return report("pub", flushed.error());
  const std::uint64_t refused = (*client)->statistics().refused;
  if (command.json) {
    std::cout << to_line({{"messages", count}, {"accepted", count - refused}});
  } else if (refused > 0) {
    std::cerr << "mpreg pub: " << refused << " of " << count << " were refused\n";
  }
  return refused == 0 ? ExitCode::done : ExitCode::failed;
}

ExitCode run(const Command& command, const Options& options) {
  const auto client = reach("pub", command.broker);
  if (!client) return report("pub", client.error());
  const std::string payload = argument_or_stdin(options.payload);
  PublishOptions publishing;
  publishing.wait_accepted = true;
  const auto operation = (*client)->publish(options.topic, payload, publishing);
  if (!operation) return report("pub", operation.error());
  if (command.json) {
    std::cout << to_line({{"topic", options.topic},
                          {"payload_bytes", payload.size()},
                          {"operation", *operation},
                          {"status", "accepted"}});
  }
  return ExitCode::done;
}

}  // namespace

void add_pub(CLI::App& program, Command& command) {
  CLI::App& verb =
      add_broker_verb(program, command,
                      {"pub", "Publish a message, and wait until the broker has accepted it.",
                       "  mpreg pub user.7.login hello\n  mpreg pub report.daily - < report.txt\n"
                       "  mpreg pub log.app --lines < app.log"});
  const auto options = std::make_shared<Options>();
  add_value(verb, "TOPIC", options->topic, " ", "Words joined by '.', without wildcards")
      .required();
  add_value(verb, "PAYLOAD", options->payload, " ", "Text, or - for standard input [empty]");
  verb.add_flag("--lines", options->lines,
                "Each line of standard input is a message; with\n"
                "TOPIC -, each begins with its topic");
  add_json_flag(verb, command);
  verb.callback([&command, options] {
    if (options->lines) {
      if (!options->payload.empty()) {
        refuse_value("PAYLOAD", Error{ErrorCode::malformed, "comes from the lines with --lines"});
      }
      command.run = [&command, options] { return run_lines(command, *options); };
      if (options->topic == kTopicsFromLines) return;
    }
    if (const auto checked = check_topic(options->topic); !checked) {
      refuse_value("TOPIC", checked.error());
    }
    if (!options->lines) command.run = [&command, options] { return run(command, *options); };
  });
}

}  // namespace mpreg::tools
