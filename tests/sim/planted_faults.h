#pragma once
// PlantedFaults: what is switched off to see whether the oracle notices, one safety at a time: of
// the near caches, of a broker's loop, or of whatever sends or receives a message (tampers.h).

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "tampers.h"
#include "world.h"

namespace mpreg::sim {

using MakeTamper = std::function<Tamper()>;

struct PlantedFault {
  std::string_view name;
  std::string_view guards;  // The rows of docs/guarantees.md that it breaks; or what else.
  bool (*suits)(const Plan&);
  MakeTamper tamper = {};
  NearFault near_fault = NearFault::none;
  NodeFault node_fault = NodeFault::none;
  MakeTamper harmless = {};  // What it needs to show, and is no fault.
  int times = 1;             // See stretched().

  [[nodiscard]] WorldOptions options() const;
  [[nodiscard]] WorldOptions sound_options() const;  // Without the fault.
};

[[nodiscard]] const std::vector<PlantedFault>& planted_faults();

}  // namespace mpreg::sim
