#pragma once
// Reload: which options a running broker takes on, and which it cannot.

#include <string>
#include <vector>

#include "base/error.h"
#include "broker/options.h"

namespace mpreg {

// What changes from `running` to `wanted`, as "retained-max 64MiB -> 128MiB", in the order of the
// option table; empty when nothing does. All or nothing: `refused` when an option differs that only
// a restart changes, with the names of all such; `malformed` when `wanted` is not right.
[[nodiscard]] Result<std::vector<std::string>> changes_between(const BrokerOptions& running,
                                                               const BrokerOptions& wanted);

}  // namespace mpreg
