// mpreg req: ask a service, and print what it replies.

#include <iostream>
#include <memory>

#include "tools/broker_access.h"
#include "tools/json_lines.h"
#include "tools/message_text.h"
#include "tools/verb.h"
#include "topic/topic.h"

namespace mpreg::tools {
namespace {

constexpr double kTimeoutSeconds = 5;

struct Options {
  std::string topic;
  std::string payload;
  double timeout_seconds = kTimeoutSeconds;
};

ExitCode run(const Command& command, const Options& options) {
  const auto timeout = milliseconds_of(options.timeout_seconds);
  const auto client = reach("req", command.broker, timeout);
  if (!client) return report("req", client.error());
  const std::string payload = argument_or_stdin(options.payload);
  RequestOptions asking;
  asking.timeout = timeout;
  const auto reply = (*client)->request(options.topic, payload, asking);
  if (!reply) return report("req", reply.error());
  std::cout << (command.json ? to_line(json_of(*reply)) : std::string(reply->text()) + '\n');
  return ExitCode::done;
}

}  // namespace

void add_req(CLI::App& program, Command& command) {
  CLI::App& verb =
      add_broker_verb(program, command,
                      {"req", "Ask whoever is subscribed to a topic, and print the first reply.",
                       "  mpreg req stock.price '{\"isin\": \"DE0005190003\"}' --timeout 2\n"
                       "  mpreg sub stock.price --reply 42    # in another shell: a service"});
  const auto options = std::make_shared<Options>();
  add_value(verb, "TOPIC", options->topic, " ", "Words joined by '.', without wildcards")
      .required();
  add_value(verb, "PAYLOAD", options->payload, " ", "Text, or - for standard input [empty]");
  add_value(verb, "--timeout", options->timeout_seconds, "S", "Wait so many seconds [5]")
      .check(seconds());
  add_json_flag(verb, command);
  verb.callback([&command, options] {
    if (const auto checked = check_topic(options->topic); !checked) {
      refuse_value("TOPIC", checked.error());
    }
    command.run = [&command, options] { return run(command, *options); };
  });
}

}  // namespace mpreg::tools
