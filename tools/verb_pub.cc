// mpreg pub: publish one message.

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
};

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
                       "  mpreg pub user.7.login hello\n  mpreg pub report.daily - < report.txt"});
  const auto options = std::make_shared<Options>();
  add_value(verb, "TOPIC", options->topic, " ", "Words joined by '.', without wildcards")
      .required();
  add_value(verb, "PAYLOAD", options->payload, " ", "Text, or - for standard input [empty]");
  add_json_flag(verb, command);
  verb.callback([&command, options] {
    if (const auto checked = check_topic(options->topic); !checked) {
      refuse_value("TOPIC", checked.error());
    }
    command.run = [&command, options] { return run(command, *options); };
  });
}

}  // namespace mpreg::tools
