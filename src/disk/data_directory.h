#pragma once
// DataDirectory: the directory in which one broker keeps what it must remember, for as long as it
// runs. Everything here blocks on the disk: the broker's start does that, and DiskLoop.

#include <memory>
#include <string>

#include "disk/broker_record.h"
#include "disk/directory_lock.h"

namespace mpreg {

class DataDirectory {
 public:
  // Makes the directory where there is none, locks it, and reads what the last broker left.
  // `refused`, with what can be done about it, when another broker uses it, when it is that of
  // another cluster, when its file is damaged, or when the disk refuses. Nothing is guessed: what
  // cannot be read stays as it is.
  [[nodiscard]] static Result<std::unique_ptr<DataDirectory>> open(const std::string& path,
                                                                   const std::string& cluster);

  // Of the last start, as it was found; of counter 0 in a new directory.
  [[nodiscard]] const BrokerRecord& found() const { return found_; }
  [[nodiscard]] const std::string& path() const { return path_; }

  // Synced when it returns.
  [[nodiscard]] Result<void> save(const BrokerRecord& record);

 private:
  DataDirectory(std::string path, DirectoryLock lock, BrokerRecord found)
      : path_(std::move(path)), lock_(std::move(lock)), found_(std::move(found)) {}

  const std::string path_;
  const DirectoryLock lock_;
  const BrokerRecord found_;
};

}  // namespace mpreg
