#pragma once
// DiskLoop: the thread that waits for the disk, so that the reactor never does. Its mailbox holds
// one record: a later one replaces an earlier one that was not begun. A record that the disk
// refuses is tried again until it succeeds or is replaced.

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "disk/data_directory.h"

namespace mpreg {

// Counts the records that were handed over, from 1.
using DiskTicket = std::uint64_t;

struct DiskProgress {
  DiskTicket synced = 0;       // This one, and with it all before it, is on the disk.
  std::optional<Error> error;  // Of the last attempt; nothing when it succeeded.
};

class DiskLoop {
 public:
  // `wake` is called on the disk's thread after each attempt, and must not block.
  DiskLoop(std::unique_ptr<DataDirectory> directory, std::function<void()> wake,
           std::chrono::milliseconds retry_after = std::chrono::seconds(1));
  // Tries what was handed over last once more, if it is not synced, and ends the thread.
  ~DiskLoop();
  DiskLoop(const DiskLoop&) = delete;
  DiskLoop& operator=(const DiskLoop&) = delete;

  // Any thread; waits for nothing.
  DiskTicket save(BrokerRecord record);
  [[nodiscard]] DiskProgress progress() const;

 private:
  void run();

  const std::unique_ptr<DataDirectory> directory_;
  const std::function<void()> wake_;
  const std::chrono::milliseconds retry_after_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by it.
  std::optional<BrokerRecord> waiting_;
  DiskTicket handed_over_ = 0;
  DiskProgress progress_;
  bool is_stopping_ = false;

  std::thread thread_;
};

}  // namespace mpreg
