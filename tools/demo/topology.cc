#include "tools/demo/topology.h"

namespace mpreg::demo {
namespace {

Topology hub() {
  Topology topology;
  topology.name = "hub";
  topology.title = "a hub and three spokes; a spoke is killed";
  topology.clusters = {{"hub", "", {}},
                       {"east", "", {{"--hub", 0}}},
                       {"north", "", {{"--hub", 0}}},
                       {"west", "", {{"--hub", 0}}}};
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

Topology mesh() {
  Topology topology;
  topology.name = "mesh";
  topology.title = "four peers, each linked to the others; one of them is killed";
  topology.clusters = {{"east", "", {}},
                       {"north", "", {{"--peer", 0}}},
                       {"south", "", {{"--peer", 0}, {"--peer", 1}}},
                       {"west", "", {{"--peer", 0}, {"--peer", 1}, {"--peer", 2}}}};
  topology.victim = 1;
  topology.picture =
      "             +-------+\n"
      "             | north |\n"
      "             +-------+\n"
      "            /    |    \\\n"
      "     +------+    |    +------+\n"
      "     | west |----|----| east |\n"
      "     +------+    |    +------+\n"
      "            \\    |    /\n"
      "             +-------+\n"
      "             | south |\n"
      "             +-------+\n";
  return topology;
}

Topology regional() {
  Topology topology;
  topology.name = "regional";
  topology.title = "two regions of a hub and a spoke, two gateways; one is killed";
  topology.clusters = {{"eu-hub", "eu", {}},
                       {"eu-shop", "eu", {{"--hub", 0}}},
                       {"us-hub", "us", {{"--gateway", 0}}},
                       {"us-shop", "us", {{"--hub", 2}, {"--gateway", 1}}}};
  topology.victim = 2;
  topology.picture =
      "     .......... eu ..........     .......... us ..........\n"
      "     :      +--------+      :     :      +--------+      :\n"
      "     :      | eu-hub |-------------------| us-hub |      :\n"
      "     :      +--------+      :     :      +--------+      :\n"
      "     :          |           :     :          |           :\n"
      "     :      +---------+     :     :     +---------+      :\n"
      "     :      | eu-shop |-----------------| us-shop |      :\n"
      "     :      +---------+     :     :     +---------+      :\n"
      "     ........................     ........................\n";
  return topology;
}

}  // namespace

const std::vector<Topology>& topologies() {
  static const std::vector<Topology> all{hub(), mesh(), regional()};
  return all;
}

}  // namespace mpreg::demo
