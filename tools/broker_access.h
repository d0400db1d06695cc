#pragma once
// How a verb reaches its broker.

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "mpreg/client.h"
#include "tools/json_lines.h"
#include "tools/verb.h"

namespace mpreg::tools {

// The longest that a verb waits for the broker's welcome.
inline constexpr std::chrono::milliseconds kWelcomeTimeout{5000};

[[nodiscard]] std::chrono::milliseconds milliseconds_of(double seconds);

// Waits for the welcome, at most `patience`. Errors are sentences for the user; `malformed` names
// --broker.
[[nodiscard]] Result<std::unique_ptr<Client>> reach(
    std::string_view verb, const std::string& broker,
    std::chrono::milliseconds patience = kWelcomeTimeout);

// What the broker answers to an operator's question.
[[nodiscard]] Result<Json> ask(Client& client, const std::string& question);

// The argument, or all of standard input when it is "-".
[[nodiscard]] std::string argument_or_stdin(std::string argument);

}  // namespace mpreg::tools
