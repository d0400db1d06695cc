#include "net/wakeup.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "base/error.h"

namespace mpreg {

Wakeup::Wakeup() : fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) { MPREG_CHECK(fd_ >= 0); }

Wakeup::~Wakeup() { close(fd_); }

void Wakeup::signal() const {
  const std::uint64_t one = 1;
  // EAGAIN means that the counter is full: a signal is pending anyway.
  while (write(fd_, &one, sizeof one) < 0 && errno == EINTR) {
  }
}

bool Wakeup::take() const {
  std::uint64_t count = 0;
  ssize_t got = 0;
  do {
    got = read(fd_, &count, sizeof count);
  } while (got < 0 && errno == EINTR);
  return got > 0;
}

}  // namespace mpreg
