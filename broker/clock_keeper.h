#pragma once
// ClockKeeper: keeps in a broker's data directory, on the disk's thread, what must be there before
// the broker goes on: a ceiling ahead of its clock, so that the next start begins above every
// reading of this one (stream/clock_ceiling.h); its incarnation, whether that is used, and how it
// ended; and what the node knows of members. Without a data directory it keeps nothing and allows
// everything. Used by the reactor alone.

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "broker/broker_memory.h"
#include "disk/disk_loop.h"
#include "federation/member_protocol.h"
#include "node/own_incarnation.h"
#include "stream/clock_ceiling.h"

namespace mpreg {

class ClockKeeper {
 public:
  // `wake` as in DiskLoop.
  ClockKeeper(BrokerMemory memory, std::function<void()> wake);

  // Saves what is due. False: the clock has reached what the disk holds; until it has taken more,
  // the broker stands still. For its incarnation it does not: the node numbers nothing before
  // remembered() says that the disk has it, and answers meanwhile.
  bool keep(HybridTime clock, const IncarnationMemory& memory);
  // Up to this revision the disk holds the memory.
  [[nodiscard]] std::uint64_t remembered() const { return remembered_; }
  // Hands what the node wants saved to the disk, together with its incarnation as it is now: a
  // promise and the final numbers are in one record. True: it is as well kept as it will ever be,
  // since there is no directory. Otherwise take_saved() says when it is.
  [[nodiscard]] bool save(const MemorySave& wanted, const IncarnationMemory& memory);
  // The last of them that has reached the disk since this was asked before.
  [[nodiscard]] std::optional<MemoryTicket> take_saved();
  // The clock stands still from here on: the next start need not begin ahead of it.
  void close(HybridTime clock);

 private:
  // Returns whether it is news.
  bool take_over(const IncarnationMemory& memory);

  BrokerRecord record_;
  ClockCeiling ceiling_;
  std::unique_ptr<DiskLoop> disk_;  // Null without a data directory.
  DiskTicket ticket_ = 0;           // Of the record that was handed over last; 0: it is synced.
  std::uint64_t handed_over_ = 1;   // Revision of the memory; 1 is what was found there.
  std::uint64_t remembered_ = 1;
  // Of what the node wants saved, and the record that holds it; in order.
  std::deque<std::pair<MemoryTicket, DiskTicket>> saving_;
};

}  // namespace mpreg
