#pragma once
// AcceptGuard: shuts connections that a listening socket accepted although they use up the last
// descriptors. libzmq accepts as long as it can, and a listener that has run out of descriptors
// spins a thread. Nothing is said to the one that is shut out: it tries again later.

#include <cstdint>
#include <memory>

#include "net/socket_monitor.h"

namespace mpreg {

class RouterSocket;
class XpubSocket;

class AcceptGuard {
 public:
  // Connections whose descriptor is at or above `descriptor_max` are shut; the system hands out the
  // lowest free number, so this bounds how many there are. The socket outlives the guard.
  static Result<std::unique_ptr<AcceptGuard>> open(NetContext& context, RouterSocket& socket,
                                                   int descriptor_max);
  static Result<std::unique_ptr<AcceptGuard>> open(NetContext& context, XpubSocket& socket,
                                                   int descriptor_max);
  ~AcceptGuard();
  AcceptGuard(const AcceptGuard&) = delete;
  AcceptGuard& operator=(const AcceptGuard&) = delete;

  // Looks at what was accepted since the last time. Never blocks. Must be called whenever the
  // monitor may be readable, or libzmq waits for it.
  void enforce();
  [[nodiscard]] std::uint64_t shut() const { return shut_; }
  // For the poller.
  [[nodiscard]] SocketMonitor& monitor() { return *monitor_; }

 private:
  AcceptGuard() = default;
  static Result<std::unique_ptr<AcceptGuard>> watch(NetContext& context, void* socket,
                                                    int descriptor_max);

  void* watched_ = nullptr;
  std::unique_ptr<SocketMonitor> monitor_;
  int descriptor_max_ = 0;
  std::uint64_t shut_ = 0;
};

}  // namespace mpreg
