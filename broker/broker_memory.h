#pragma once
// BrokerMemory: the data directory of a broker that starts, and the incarnation that it begins in
// it.

#include <memory>

#include "broker/options.h"
#include "disk/data_directory.h"
#include "disk/data_path.h"

namespace mpreg {

struct BrokerMemory {
  std::unique_ptr<DataDirectory> directory;  // Null with --data-dir none.
  BrokerRecord record;                       // Of the incarnation that begins.
  HybridTime clock_floor = 0;                // See NodeOptions.
  bool has_memory = false;                   // There was an earlier start in the directory.
};

// Opens the directory that the options and the environment name, and begins the next incarnation:
// it is synced when this returns, before anything is numbered, and with it a ceiling for the clock
// that is ahead of `wall` and of every earlier reading. Adds the members that --members
// declares and nobody has met. `refused` as DataDirectory::open().
[[nodiscard]] Result<BrokerMemory> begin_incarnation(const BrokerOptions& options,
                                                     const DataEnvironment& environment,
                                                     std::uint64_t instance, WallTime wall);

// The environment of this process.
[[nodiscard]] DataEnvironment data_environment();

}  // namespace mpreg
