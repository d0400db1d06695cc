#include "disk/durable_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace mpreg {
namespace {

tl::unexpected<Error> failed(const std::string& path, int error) {
  return tl::unexpected(file_error(path, error));
}

std::string directory_above(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Result<void> sync_directory(const std::string& path) {
  const Descriptor directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.ok() || fsync(directory.get()) != 0) return failed(path, errno);
  return {};
}

Result<void> write_and_sync(const std::string& path, std::string_view bytes) {
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!file.ok()) return failed(path, errno);
  while (!bytes.empty()) {
    const ssize_t written = ::write(file.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return failed(path, errno);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  if (fsync(file.get()) != 0) return failed(path, errno);
  return {};
}

}  // namespace

Descriptor::Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

Descriptor::~Descriptor() {
  if (fd_ >= 0) close(fd_);
}

Error file_error(const std::string& path, int error) {
  return {ErrorCode::refused, path + ": " + std::strerror(error)};
}

Result<void> make_directories(const std::string& path) {
  if (mkdir(path.c_str(), 0700) == 0) return sync_directory(directory_above(path));
  const int error = errno;
  if (error == EEXIST) {
    struct stat found {};
    if (stat(path.c_str(), &found) != 0) return failed(path, errno);
    return S_ISDIR(found.st_mode) ? Result<void>() : failed(path, ENOTDIR);
  }
  const std::string above = directory_above(path);
  if (error != ENOENT || above == path) return failed(path, error);
  if (auto made = make_directories(above); !made) return made;
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return failed(path, errno);
  return sync_directory(above);
}

Result<std::optional<std::string>> read_whole_file(const std::string& path, std::size_t bytes_max) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.ok() && errno == ENOENT) return std::nullopt;
  if (!file.ok()) return failed(path, errno);
  std::string bytes;
  std::array<char, 16U * 1024U> buffer;  // NOLINT: it is filled before it is read.
  for (;;) {
    const ssize_t count = read(file.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failed(path, errno);
    if (count == 0) return bytes;
    bytes.append(buffer.data(), static_cast<std::size_t>(count));
    if (bytes.size() > bytes_max) return failed(path, EFBIG);
  }
}

Result<void> replace_file(const std::string& directory, const std::string& name,
                          std::string_view bytes) {
  const std::string path = directory + "/" + name;
  const std::string beside = path + ".new";
  if (auto written = write_and_sync(beside, bytes); !written) {
    unlink(beside.c_str());
    return written;
  }
  if (std::rename(beside.c_str(), path.c_str()) != 0) {
    const int error = errno;
    unlink(beside.c_str());
    return failed(path, error);
  }
  return sync_directory(directory);
}

}  // namespace mpreg
