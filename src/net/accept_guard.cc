#include "net/accept_guard.h"

#include <sys/socket.h>
#include <zmq.h>

#include "net/router_socket.h"
#include "net/xpub_socket.h"

namespace mpreg {

Result<std::unique_ptr<AcceptGuard>> AcceptGuard::open(NetContext& context, RouterSocket& socket,
                                                       int descriptor_max) {
  return watch(context, socket.handle(), descriptor_max);
}

Result<std::unique_ptr<AcceptGuard>> AcceptGuard::open(NetContext& context, XpubSocket& socket,
                                                       int descriptor_max) {
  return watch(context, socket.handle(), descriptor_max);
}

Result<std::unique_ptr<AcceptGuard>> AcceptGuard::watch(NetContext& context, void* socket,
                                                        int descriptor_max) {
  std::unique_ptr<AcceptGuard> guard(new AcceptGuard);
  auto monitor = SocketMonitor::open(context, socket, ZMQ_EVENT_ACCEPTED);
  if (!monitor) return tl::unexpected(monitor.error());
  guard->monitor_ = std::move(*monitor);
  guard->watched_ = socket;
  guard->descriptor_max_ = descriptor_max;
  return guard;
}

AcceptGuard::~AcceptGuard() {
  if (watched_ != nullptr) zmq_socket_monitor(watched_, nullptr, 0);
}

void AcceptGuard::enforce() {
  if (!monitor_->maybe_readable()) return;
  while (const std::optional<MonitorEvent> event = monitor_->next()) {
    if (event->value < descriptor_max_) continue;
    // The number may belong to a later connection by now, which is one too many as well.
    shutdown(event->value, SHUT_RDWR);
    ++shut_;
  }
}

}  // namespace mpreg
