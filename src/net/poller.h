#pragma once
// Poller: waits for sockets and wakeups (epoll: a wait that costs the kernel the same for many).
// The descriptor of a ZeroMQ socket becomes readable once per change, not while there is something
// to receive; so each Socket remembers that it may have something until its receive said `nothing`,
// and the poller does not wait while one does.

#include <vector>

#include "base/time.h"
#include "net/socket.h"
#include "net/wakeup.h"

namespace mpreg {

class DealerSocket;

class Poller {
 public:
  Poller();
  ~Poller();
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  // Borrowed until they are removed or the poller goes.
  void add(Socket& socket);
  void add(DealerSocket& socket);  // With its monitor.
  void add(const Wakeup& wakeup);
  // For a descriptor of the system, such as a signalfd.
  void add_descriptor(int fd);
  void remove(Socket& socket);
  void remove(DealerSocket& socket);

  // Returns when something may be there to receive or take, when the time is over (in steps of a
  // millisecond, rounded up), or now and then for no reason. True in the first case. Zero looks and
  // does not wait.
  bool wait(Duration timeout);

 private:
  void watch(int fd, Socket* socket);

  int epoll_ = -1;
  std::vector<Socket*> sockets_;
};

}  // namespace mpreg
