#pragma once
// Completeness of what was filtered on its way: for which clusters nothing is left out of a piece
// of a stream, and for which generation of each one's interest. Immutable and shared: everything
// that came between two changes names one object.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "federation/interest_table.h"
#include "message/pubsub_messages.h"

namespace mpreg {

// Ascending by cluster. Null stands for everybody, whatever they want.
using CompleteFor = std::shared_ptr<const std::vector<ClusterGeneration>>;

[[nodiscard]] inline CompleteFor complete_for_nobody() {
  return std::make_shared<const std::vector<ClusterGeneration>>();
}

// The generation of the cluster's interest for which it is complete: nothing when it is not, and
// the greatest number when it is complete for everybody.
[[nodiscard]] std::optional<Generation> generation_for(const CompleteFor& complete,
                                                       const std::string& cluster);

// Filtered once more, by what `table` knows of the clusters named (ascending): for these alone.
[[nodiscard]] CompleteFor filtered_for(const CompleteFor& complete,
                                       const std::vector<std::string>& clusters,
                                       const InterestTable& table);

// The same clusters in the same generations.
[[nodiscard]] bool is_same(const CompleteFor& a, const CompleteFor& b);

}  // namespace mpreg
