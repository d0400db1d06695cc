#pragma once
// Tables for people: columns as wide as what is in them.

#include <string>
#include <vector>

namespace mpreg::tools {

using Row = std::vector<std::string>;

// Indented by two blanks; the first column leans left, the others right, or, with `texts`, all lean
// left. The first row is the heading. Each line with its newline, without trailing blanks.
[[nodiscard]] std::string aligned(const std::vector<Row>& rows, bool texts = false);

}  // namespace mpreg::tools
