#pragma once
// Topology: which clusters there are and which of them dial which.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace mpreg::demo {

// One link: the option of mpreg-broker that makes it, and the cluster that it goes to.
struct DialPlan {
  std::string_view option;  // "--hub", "--peer" or "--gateway".
  std::size_t to = 0;       // Stands before the one that dials.
};

struct ClusterPlan {
  std::string name;
  std::string region;  // Empty: the default one.
  std::vector<DialPlan> dials;
};

struct Topology {
  std::string name;
  std::string title;  // What there is and what is killed, in a line.
  std::vector<ClusterPlan> clusters;
  std::size_t victim = 0;  // The cluster whose broker is killed.
  std::string picture;     // In ASCII, with a last newline.

  [[nodiscard]] const std::string& victim_name() const { return clusters[victim].name; }
};

// In the order in which they are shown: hub, mesh, regional.
[[nodiscard]] const std::vector<Topology>& topologies();

}  // namespace mpreg::demo
