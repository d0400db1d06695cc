#pragma once
// What `mpreg bench --wait` measures: how many operations a cluster confirms in a second, and how
// long one takes.

#include <cstdint>
#include <string>

#include "base/error.h"
#include "message/cache_messages.h"
#include "metrics/histogram.h"

namespace mpreg::tools {

struct OperationsLoad {
  std::string broker;
  WaitLevel wait = WaitLevel::applied;
  std::uint64_t operations = 0;
  std::uint64_t outstanding = 1;  // So many at a time.
};

struct OperationsMeasured {
  std::uint64_t confirmed = 0;
  std::uint64_t others = 0;  // That ended otherwise.
  std::string first_error;   // Of the first of those.
  double seconds = 0;
  HistogramSummary latency_us;  // From the call to its end, here.
};

// Invalidates keys of a namespace that nobody uses. Ends early when interrupted.
[[nodiscard]] Result<OperationsMeasured> measure_operations(const OperationsLoad& load);

}  // namespace mpreg::tools
