#include "tools/json_lines.h"

namespace mpreg::tools {
namespace {

Json answer_line(const std::string& line, const std::function<Json(const Json&)>& answer) {
  try {
    return answer(Json::parse(line));
  } catch (const Json::parse_error& error) {
    return error_answer("the line is not JSON, wrong at byte " + std::to_string(error.byte));
  }
}

}  // namespace

std::string to_line(const Json& value) {
  return value.dump(-1, ' ', /*ensure_ascii=*/true, Json::error_handler_t::replace) + '\n';
}

Json error_answer(std::string_view text) { return {{"error", text}}; }

void answer_lines(std::istream& in, std::ostream& out,
                  const std::function<Json(const Json&)>& answer) {
  std::string line;
  while (std::getline(in, line)) {
    out << to_line(answer_line(line, answer));
    if (in.rdbuf()->in_avail() <= 0) out.flush();
  }
}

}  // namespace mpreg::tools
