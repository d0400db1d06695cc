#include "disk/directory_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

namespace mpreg {
namespace {

constexpr std::size_t kPidBytesMax = 32;

// Whoever holds the lock may not have written its process id yet.
std::string holder(const std::string& path) {
  const auto text = read_whole_file(path, kPidBytesMax);
  if (!text || !*text) return "another process";
  const std::string pid = (*text)->substr(0, (*text)->find('\n'));
  const bool is_number = !pid.empty() && pid.find_first_not_of("0123456789") == std::string::npos;
  return is_number ? "process " + pid : "another process";
}

}  // namespace

Result<DirectoryLock> DirectoryLock::take(const std::string& directory) {
  const std::string path = directory + "/lock";
  Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!file.ok()) return tl::unexpected(file_error(path, errno));
  // Unlike a lock of fcntl(2), this one also keeps a second broker of the same process out.
  if (flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    const int error = errno;
    if (error != EWOULDBLOCK) return tl::unexpected(file_error(path, error));
    return fail(ErrorCode::refused, "data directory " + directory + " is in use by " +
                                        holder(path) +
                                        ": stop it, or give this broker another --data-dir");
  }
  const std::string pid = std::to_string(getpid()) + "\n";
  const bool is_written =
      ftruncate(file.get(), 0) == 0 &&
      pwrite(file.get(), pid.data(), pid.size(), 0) == static_cast<ssize_t>(pid.size());
  if (!is_written) return tl::unexpected(file_error(path, errno));
  return DirectoryLock(std::move(file));
}

}  // namespace mpreg
