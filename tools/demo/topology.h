#pragma once
// Topology: which clusters there are and which of them dial which.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace mpreg::demo {

struct ClusterPlan {
  std::string name;
  std::vector<std::size_t> hubs;  // Those that it dials; they stand before it.
};

struct Topology {
  std::vector<ClusterPlan> clusters;
  std::size_t victim = 0;  // The cluster whose broker is killed.
  std::string picture;     // In ASCII, with a last newline.

  [[nodiscard]] const std::string& victim_name() const { return clusters[victim].name; }
};

// One hub and three spokes.
[[nodiscard]] Topology hub_topology();

}  // namespace mpreg::demo
