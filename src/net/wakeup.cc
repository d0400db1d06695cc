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
  signalled_.store(true, std::memory_order_release);
}

bool Wakeup::take() const {
  if (!signalled_.load(std::memory_order_relaxed)) return false;
  signalled_.exchange(false, std::memory_order_acq_rel);
  std::uint64_t count = 0;
  while (read(fd_, &count, sizeof count) < 0 && errno == EINTR) {
  }
  return true;
}

}  // namespace mpreg
