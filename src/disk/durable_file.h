#pragma once
// DurableFile: small files that are read and replaced as a whole and survive a crash of the
// machine. All of it blocks.

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace mpreg {

// Makes the directory and those above it that are missing, for this user only, and syncs each
// into the one above it.
[[nodiscard]] Result<void> make_directories(const std::string& path);

// Nothing when there is no such file. `refused` when it cannot be read or has more bytes.
[[nodiscard]] Result<std::optional<std::string>> read_whole_file(const std::string& path,
                                                                 std::size_t bytes_max);

// Replaces DIRECTORY/NAME: a file beside it is written and synced, then renamed, then the directory
// is synced. After an error the file is the old one, or, when only the last step failed, either.
[[nodiscard]] Result<void> replace_file(const std::string& directory, const std::string& name,
                                        std::string_view bytes);

// "/var/lib/x: No space left on device", of errno.
[[nodiscard]] Error file_error(const std::string& path, int error);

// A descriptor that is closed at the end.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept;
  Descriptor& operator=(Descriptor&&) = delete;
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor();

  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool ok() const { return fd_ >= 0; }

 private:
  int fd_;
};

}  // namespace mpreg
