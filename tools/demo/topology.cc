#include "tools/demo/topology.h"

namespace mpreg::demo {

Topology hub_topology() {
  Topology topology;
  topology.clusters = {{"hub", {}}, {"east", {0}}, {"north", {0}}, {"west", {0}}};
  topology.victim = 2;
  topology.picture =
      "               +-----+\n"
      "               | hub |\n"
      "               +-----+\n"
      "              /   |   \\\n"
      "             /    |    \\\n"
      "     +------+ +-------+ +------+\n"
      "     | east | | north | | west |\n"
      "     +------+ +-------+ +------+\n";
  return topology;
}

}  // namespace mpreg::demo
