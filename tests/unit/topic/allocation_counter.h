#pragma once
// Counts what the program has allocated: this program's operator new and delete are replaced.

#include <cstddef>
#include <cstdint>

namespace mpreg::testing_support {

// Asked for with new and not yet deleted.
[[nodiscard]] std::size_t allocated_bytes();

// Calls of operator new so far.
[[nodiscard]] std::uint64_t allocations();

}  // namespace mpreg::testing_support
