#include "federation/completeness.h"

#include <algorithm>
#include <limits>

namespace mpreg {

std::optional<Generation> generation_for(const CompleteFor& complete, const std::string& cluster) {
  if (!complete) return std::numeric_limits<Generation>::max();
  const auto it = std::lower_bound(
      complete->begin(), complete->end(), cluster,
      [](const ClusterGeneration& one, const std::string& name) { return one.cluster < name; });
  if (it == complete->end() || it->cluster != cluster) return std::nullopt;
  return it->generation;
}

CompleteFor filtered_for(const CompleteFor& complete, const std::vector<std::string>& clusters,
                         const InterestTable& table) {
  auto result = std::make_shared<std::vector<ClusterGeneration>>();
  for (const std::string& cluster : clusters) {
    const std::optional<Generation> before = generation_for(complete, cluster);
    if (!before) continue;
    result->push_back({cluster, std::min(*before, table.generation_of(cluster))});
  }
  return result;
}

bool is_same(const CompleteFor& a, const CompleteFor& b) {
  if (a == b) return true;
  return a && b && *a == *b;
}

}  // namespace mpreg
