#include "broker/clock_keeper.h"

#include <utility>

namespace mpreg {

ClockKeeper::ClockKeeper(BrokerMemory memory, std::function<void()> wake)
    : record_(std::move(memory.record)), ceiling_(record_.clock_ceiling) {
  if (memory.directory == nullptr) return;
  disk_ = std::make_unique<DiskLoop>(std::move(memory.directory), std::move(wake));
}

bool ClockKeeper::keep(HybridTime clock, const IncarnationMemory& memory) {
  if (!disk_) return true;
  if (ticket_ != 0 && disk_->progress().synced >= ticket_) {
    ceiling_.on_synced(record_.clock_ceiling);
    remembered_ = handed_over_;
    ticket_ = 0;
  }
  bool is_due = take_over(memory);
  if (ticket_ == 0) {
    if (const auto wanted = ceiling_.reserve(clock)) {
      record_.clock_ceiling = *wanted;
      is_due = true;
    }
  }
  if (is_due) ticket_ = disk_->save(record_);
  return ceiling_.allows(clock);
}

bool ClockKeeper::take_over(const IncarnationMemory& memory) {
  if (memory.revision == handed_over_) return false;
  handed_over_ = memory.revision;
  record_.incarnation = memory.record;
  record_.end = memory.end;
  record_.ancestors = memory.ancestors;
  return true;
}

bool ClockKeeper::save(const MemorySave& wanted, const IncarnationMemory& memory) {
  if (!disk_) return true;
  (void)take_over(memory);
  record_.members = wanted.memory.members;
  record_.targets_met = wanted.memory.targets_met;
  record_.has_left = wanted.memory.has_left;
  ticket_ = disk_->save(record_);
  saving_.emplace_back(wanted.ticket, ticket_);
  return false;
}

std::optional<MemoryTicket> ClockKeeper::take_saved() {
  if (saving_.empty()) return std::nullopt;
  std::optional<MemoryTicket> saved;
  const DiskTicket synced = disk_->progress().synced;
  while (!saving_.empty() && saving_.front().second <= synced) {
    saved = saving_.front().first;
    saving_.pop_front();
  }
  return saved;
}

void ClockKeeper::close(HybridTime clock) {
  if (!disk_) return;
  record_.clock_ceiling = clock;
  disk_->save(record_);
}

}  // namespace mpreg
