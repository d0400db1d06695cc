#include "broker/broker_memory.h"

#include <algorithm>
#include <cstdlib>

#include "stream/clock_ceiling.h"

namespace mpreg {
namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody sets them.
  return value == nullptr ? "" : value;
}

}  // namespace

DataEnvironment data_environment() {
  return {variable("MPREG_DATA_DIR"), variable("XDG_STATE_HOME"), variable("HOME")};
}

Result<BrokerMemory> begin_incarnation(const BrokerOptions& options,
                                       const DataEnvironment& environment, std::uint64_t instance,
                                       WallTime wall) {
  const std::string& cluster = options.node.cluster;
  const auto path = data_path_of(options.data_dir, cluster, environment);
  if (!path) return tl::unexpected(path.error());
  BrokerMemory memory;
  BrokerRecord last;
  last.cluster = cluster;
  if (*path) {
    auto directory = DataDirectory::open(**path, cluster);
    if (!directory) return tl::unexpected(directory.error());
    last = (*directory)->found();
    memory.has_memory = last.incarnation.incarnation.counter > 0;
    memory.directory = std::move(*directory);
  }
  memory.record = next_start(last, instance);
  if (memory.directory != nullptr) {
    memory.clock_floor = last.clock_ceiling;
    ClockCeiling ceiling(last.clock_ceiling);
    const HybridTime begin = std::max(last.clock_ceiling, hybrid_time_of(wall));
    memory.record.clock_ceiling = ceiling.reserve(begin).value_or(last.clock_ceiling);
  }
  for (const std::string& member : members_of(options)) {
    if (member != cluster) memory.record.members.try_emplace(member);
  }
  if (memory.directory != nullptr) {
    const Result<void> saved = memory.directory->save(memory.record);
    if (!saved) return tl::unexpected(saved.error());
  }
  return memory;
}

}  // namespace mpreg
