#pragma once
// What a subscription receives, as text for people and as JSON for programs.

#include <string>

#include "mpreg/subscription.h"
#include "tools/json_lines.h"

namespace mpreg::tools {

// One line without its newline: the topic, and the payload or what a cache fact says. A payload
// that is not printable stands in quotes, its bytes as \xNN: it cannot write to the terminal.
[[nodiscard]] std::string text_of(const Message& message);
[[nodiscard]] std::string text_of(const Gap& gap);

// A payload that is UTF-8 is "payload", any other "payload_base64"; a cache fact is an object.
[[nodiscard]] Json json_of(const Message& message);
[[nodiscard]] Json json_of(const Gap& gap);

}  // namespace mpreg::tools
