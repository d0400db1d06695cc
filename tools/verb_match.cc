// mpreg match: does a topic match a pattern?

#include <iostream>
#include <memory>

#include "tools/json_lines.h"
#include "tools/verb.h"
#include "topic/match.h"
#include "topic/topic.h"

namespace mpreg::tools {
namespace {

struct Options {
  std::string pattern;
  std::string topic;
  bool from_stdin = false;
  bool check = false;
};

Result<void> check_both(const std::string& pattern, const std::string& topic) {
  if (auto checked = check_pattern(pattern); !checked) return checked;
  return check_topic(topic);
}

Json answer(const Json& question, bool check) {
  if (!question.is_array() || question.size() != 2 || !question[0].is_string() ||
      !question[1].is_string()) {
    return error_answer("the line is no array [pattern, topic] of two strings");
  }
  const auto& pattern = question[0].get_ref<const std::string&>();
  const auto& topic = question[1].get_ref<const std::string&>();
  if (check) {
    if (const auto checked = check_both(pattern, topic); !checked) {
      return error_answer(checked.error().text);
    }
  }
  return matches(pattern, topic);
}

ExitCode run(const Options& options) {
  if (options.from_stdin) {
    answer_lines(std::cin, std::cout,
                 [&](const Json& question) { return answer(question, options.check); });
    return ExitCode::done;
  }
  if (options.check) {
    if (const auto checked = check_both(options.pattern, options.topic); !checked) {
      return report("match", checked.error());
    }
  }
  const bool does_match = matches(options.pattern, options.topic);
  std::cout << (does_match ? "true\n" : "false\n");
  return does_match ? ExitCode::done : ExitCode::failed;
}

}  // namespace

void add_match(CLI::App& program, Command& command) {
  CLI::App& verb =
      add_verb(program, {"match", "Tell whether a topic matches a pattern (exit code 0 or 1).",
                         "  mpreg match 'user.*.#' user.7.email.changed\n"
                         "  echo '[\"a.#\", \"a.b\"]' | mpreg match --stdin"});
  const auto options = std::make_shared<Options>();
  CLI::Option& pattern =
      add_value(verb, "PATTERN", options->pattern, " ", "'*' is one word, '#' any number of them");
  CLI::Option& topic = add_value(verb, "TOPIC", options->topic, " ", "Words joined by '.'");
  verb.add_flag("--stdin", options->from_stdin,
                "Answer [pattern, topic] on each line with\ntrue, false or {\"error\": ...}");
  verb.add_flag("--check", options->check, "Refuse what a broker would not admit");
  verb.callback([&command, options, &pattern, &topic] {
    if (options->from_stdin != (pattern.count() == 0) || pattern.count() != topic.count()) {
      throw CLI::ValidationError("PATTERN and TOPIC", "give both, or --stdin and neither");
    }
    command.run = [options] { return run(*options); };
  });
}

}  // namespace mpreg::tools
