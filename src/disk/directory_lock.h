#pragma once
// DirectoryLock: one broker at a time uses a data directory. The system releases the lock when the
// process ends, however it ends; the file stays, with the process id of whoever held it last.

#include <string>

#include "base/error.h"
#include "disk/durable_file.h"

namespace mpreg {

class DirectoryLock {
 public:
  // `refused` when another one holds it, in this process or in another, with its process id.
  [[nodiscard]] static Result<DirectoryLock> take(const std::string& directory);

 private:
  explicit DirectoryLock(Descriptor file) : file_(std::move(file)) {}

  Descriptor file_;
};

}  // namespace mpreg
