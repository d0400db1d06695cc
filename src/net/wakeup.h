#pragma once
// Wakeup: lets one thread wake another that waits in a Poller (an eventfd). Signals that come
// before the waiting thread looks are one.

#include <atomic>

namespace mpreg {

class Wakeup {
 public:
  // Stops the process when the system has no descriptor left: it is made at start.
  Wakeup();
  ~Wakeup();
  Wakeup(const Wakeup&) = delete;
  Wakeup& operator=(const Wakeup&) = delete;

  // Any thread; never blocks; async-signal-safe.
  void signal() const;
  // Whether there was a signal since the last call. Never blocks, and costs no system call when
  // there was none. One thread.
  bool take() const;
  // Readable while a signal is pending.
  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_;
  // Set after the descriptor is: who finds it unset in between looks again, for the descriptor
  // stays readable until it was set.
  mutable std::atomic<bool> signalled_{false};
};

}  // namespace mpreg
