#pragma once
// What a demonstration prints at its end.

#include <string>
#include <vector>

#include "tools/demo/demonstration.h"

namespace mpreg::demo {

// The topology, one row per cluster, gap notices and what they are, the verdict.
void print_report(const Demonstration& demonstration, Console& console);

// One object per cluster, one per gap notice, and the result; each names the scenario.
[[nodiscard]] std::string report_lines(const Demonstration& demonstration, const Load& load);

// Endpoints, and commands to try against them.
[[nodiscard]] std::string invitation(Demonstration& demonstration);

}  // namespace mpreg::demo
