#pragma once
// Retention: the logs of all lanes under one budget of bytes. The cache lane is kept longest: it
// may fill three quarters of the budget before it loses anything while the other lanes hold
// entries.
//
// Of what the cache lane has lost it remembers the namespaces, so that somebody who comes back too
// late is told to drop those and not everything.

#include <array>
#include <map>
#include <string>

#include "store/retained_log.h"

namespace mpreg {

class Retention {
 public:
  static constexpr std::size_t kNamespacesRememberedMax = 256;

  explicit Retention(std::uint64_t bytes_max) : bytes_max_(bytes_max) {}

  // Takes effect with the next enforce().
  void set_bytes_max(std::uint64_t bytes_max) { bytes_max_ = bytes_max; }

  [[nodiscard]] RetainedLog& log(Lane lane) { return logs_[static_cast<std::size_t>(lane)]; }
  [[nodiscard]] const RetainedLog& log(Lane lane) const {
    return logs_[static_cast<std::size_t>(lane)];
  }

  // Evicts until the budget holds.
  void enforce();

  // The least scope that covers what the cache lane lost at or after `position`.
  [[nodiscard]] Scope lost_since(LogPosition position) const;

  [[nodiscard]] std::uint64_t bytes() const;
  [[nodiscard]] std::uint64_t evicted() const { return evicted_; }

 private:
  void remember(LogPosition position, const LogEntry& lost);

  std::uint64_t bytes_max_;
  std::uint64_t evicted_ = 0;
  std::array<RetainedLog, kLanes> logs_;
  std::map<std::string, LogPosition> lost_;  // Namespace -> position of its last evicted entry.
  LogPosition lost_anything_end_ =
      0;  // Before it, entries were lost that may be about any namespace.
};

}  // namespace mpreg
