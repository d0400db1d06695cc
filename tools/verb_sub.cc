// mpreg sub: print what matches, as it comes.

#include <chrono>
#include <iostream>
#include <memory>
#include <optional>

#include "message/group_names.h"
#include "tools/broker_access.h"
#include "tools/interruption.h"
#include "tools/message_text.h"
#include "tools/verb.h"
#include "topic/topic.h"

namespace mpreg::tools {
namespace {

using Clock = std::chrono::steady_clock;

// How soon a signal is noticed.
constexpr std::chrono::milliseconds kStep{100};

struct Options {
  std::vector<std::string> patterns;
  std::uint64_t count = 0;     // 0: any number.
  double timeout_seconds = 0;  // 0: until interrupted.
  std::optional<std::string> reply;
  std::string group;
};

// Gaps are shown and not counted: they are what did not come.
class Printer {
 public:
  explicit Printer(bool json) : json_(json) {}

  void print(const Message& message) {
    ++messages_;
    std::cout << (json_ ? to_line(json_of(message)) : text_of(message) + '\n');
  }
  void print(const Gap& gap) { std::cout << (json_ ? to_line(json_of(gap)) : text_of(gap) + '\n'); }
  [[nodiscard]] std::uint64_t messages() const { return messages_; }

 private:
  const bool json_;
  std::uint64_t messages_ = 0;
};

// Of what asks for a reply; other messages are only printed.
void reply_to(Client& client, const Message& message, const std::string& text) {
  const auto asked = headers_of(message);
  if (!asked || asked->reply_to.empty()) return;
  if (const auto sent = client.reply(message, text); !sent) report("sub", sent.error());
}

ExitCode listen(Client& client, MessageQueue& queue, const Options& options, Printer& printer,
                std::optional<Clock::time_point> deadline) {
  while (options.count == 0 || printer.messages() < options.count) {
    if (interrupted()) return options.count == 0 ? ExitCode::done : ExitCode::failed;
    auto step = kStep;
    if (deadline) {
      const auto left =
          std::chrono::duration_cast<std::chrono::milliseconds>(*deadline - Clock::now());
      if (left <= left.zero()) break;
      step = std::min(step, left);
    }
    const auto item = queue.pop(step);
    if (item) {
      std::visit([&](const auto& what) { printer.print(what); }, *item);
      const auto* message = std::get_if<Message>(&*item);
      if (options.reply && message != nullptr) reply_to(client, *message, *options.reply);
    } else if (item.error().code != ErrorCode::timed_out) {
      return report("sub", item.error());
    }
    if (queue.size() == 0) std::cout.flush();
    if (!std::cout) return ExitCode::failed;
  }
  if (printer.messages() >= options.count) return ExitCode::done;
  return report("sub", {ErrorCode::timed_out, "--timeout has passed after " +
                                                  std::to_string(printer.messages()) + " of " +
                                                  std::to_string(options.count) + " messages"});
}

ExitCode run(const Command& command, const Options& options) {
  catch_interruptions();
  std::optional<Clock::time_point> deadline;
  auto patience = kWelcomeTimeout;
  if (options.timeout_seconds > 0) {
    const auto timeout = milliseconds_of(options.timeout_seconds);
    deadline = Clock::now() + timeout;
    patience = timeout;
  }
  const auto client = reach("sub", command.broker, patience);
  if (!client) return report("sub", client.error());
  const auto queue = (*client)->subscribe_queue(options.patterns, {.group = options.group});
  if (!queue) return report("sub", queue.error());
  // What is published from now on, anywhere, comes.
  if (const auto ready = (*client)->barrier(); !ready) return report("sub", ready.error());
  std::cerr << "ready" << std::endl;
  Printer printer(command.json);
  return listen(**client, **queue, options, printer, deadline);
}

}  // namespace

void add_sub(CLI::App& program, Command& command) {
  CLI::App& verb = add_broker_verb(program, command,
                                   {"sub", "Print what matches the patterns, until interrupted.",
                                    "  mpreg sub 'user.*.login' 'order.#' --count 10 --timeout 60\n"
                                    "  mpreg sub 'mpreg.cache.federation.invalidation.#' --json\n"
                                    "  mpreg sub 'order.#' --group billing"});
  const auto options = std::make_shared<Options>();
  add_value(verb, "PATTERN", options->patterns, " ", "'*' is one word, '#' any number; one or more")
      .required();
  add_value(verb, "--count", options->count, "N", "End after so many messages")
      .check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 53U));
  add_value(verb, "--timeout", options->timeout_seconds, "S",
            "End after so many seconds; with --count, as failed")
      .check(seconds());
  add_value(verb, "--reply", options->reply, "TEXT", "Reply so to each request (mpreg req)");
  add_value(verb, "--group", options->group, "NAME",
            "Share the messages with the others in the group");
  add_json_flag(verb, command);
  verb.callback([&command, options] {
    for (const std::string& pattern : options->patterns) {
      if (const auto checked = check_pattern(pattern); !checked) {
        refuse_value("PATTERN", checked.error());
      }
    }
    if (!options->group.empty()) {
      if (const auto checked = check_group(options->group); !checked) {
        refuse_value("--group", checked.error());
      }
    }
    command.run = [&command, options] { return run(command, *options); };
  });
}

}  // namespace mpreg::tools
