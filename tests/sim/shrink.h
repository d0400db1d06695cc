#pragma once
// Shrinking: from a seed that shows a violation to a script that shows it (delta debugging: Zeller
// and Hildebrandt, 2002). What happens in the schedule is recorded as steps; steps, clients,
// brokers and options are left out as long as the violation stays; then every draw is replaced by a
// constant and the rest is made as plain as possible. The story is for a person to find.

#include <iosfwd>
#include <optional>
#include <string>

#include "script.h"

namespace mpreg::sim {

// The text of a violation without what differs from run to run: numbers, and what is in quotes.
[[nodiscard]] std::string kind_of(const std::string& violation);

// Whatever shows a violation of the same kind counts. Nothing when the plan shows none, or when
// none was found that needs no draw; what has been reached goes to the log.
[[nodiscard]] std::optional<Script> shrink(const Plan& drawn, std::ostream& log);

}  // namespace mpreg::sim
