#pragma once
// ClockKeeper: keeps the ceiling of a broker's clock in its data directory ahead of the clock, on
// the disk's thread, so that the next start begins above every reading of this one
// (stream/clock_ceiling.h). Without a data directory it keeps nothing and allows everything. Used
// by the reactor alone.

#include <functional>
#include <memory>

#include "broker/broker_memory.h"
#include "disk/disk_loop.h"
#include "stream/clock_ceiling.h"

namespace mpreg {

class ClockKeeper {
 public:
  // `wake` as in DiskLoop.
  ClockKeeper(BrokerMemory memory, std::function<void()> wake);

  // Reserves what is due. False: the clock has reached what the disk has; until the disk has taken
  // more, nothing may be numbered.
  bool keep(HybridTime clock);
  // The clock stands still from here on: the next start need not begin ahead of it.
  void close(HybridTime clock);

 private:
  BrokerRecord record_;
  ClockCeiling ceiling_;
  std::unique_ptr<DiskLoop> disk_;  // Null without a data directory.
  DiskTicket ticket_ = 0;           // Of the record that holds record_.clock_ceiling.
};

}  // namespace mpreg
