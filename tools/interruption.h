#pragma once
// Ctrl-C and its like, noticed between two steps of whoever works.

namespace mpreg::tools {

// From now on SIGINT, SIGTERM and SIGHUP are remembered and do not end the process.
void catch_interruptions();

// One of them has come.
[[nodiscard]] bool interrupted();

}  // namespace mpreg::tools
