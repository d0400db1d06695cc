#pragma once
// JSON, one value per line: how programs ask mpreg and read it. Texts may hold NUL, newlines and
// anything else that UTF-8 can say; output is ASCII.

#include <functional>
#include <istream>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <string_view>

#include "base/error.h"

namespace mpreg::tools {

using Json = nlohmann::ordered_json;

// With the newline. Bytes that are not UTF-8 become U+FFFD.
[[nodiscard]] std::string to_line(const Json& value);

// {"error": text}
[[nodiscard]] Json error_answer(std::string_view text);

// Answers each line of `in` with one line of `out`; a line that is not JSON with an error. Waits
// for nothing before it has written what it knows, so a program may ask line by line.
void answer_lines(std::istream& in, std::ostream& out,
                  const std::function<Json(const Json& question)>& answer);

}  // namespace mpreg::tools
