#include "net/dealer_socket.h"

#include "net/zmq_message.h"

namespace mpreg {

Result<std::unique_ptr<DealerSocket>> DealerSocket::open(NetContext& context,
                                                         const SocketLimits& limits) {
  std::unique_ptr<DealerSocket> socket(new DealerSocket);
  const Result<void> opened = socket->Socket::open(context, ZMQ_DEALER, limits);
  if (!opened) return tl::unexpected(opened.error());
  auto monitor = SocketMonitor::open(context, socket->handle_,
                                     ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED);
  if (!monitor) return tl::unexpected(monitor.error());
  socket->monitor_ = std::move(*monitor);
  return socket;
}

DealerSocket::~DealerSocket() {
  // Before its pair is closed, or libzmq would wait for somebody to read the last event.
  if (monitor_ != nullptr) zmq_socket_monitor(handle_, nullptr, 0);
}

std::optional<ConnectionChange> DealerSocket::next_change() {
  while (const std::optional<MonitorEvent> event = monitor_->next()) {
    const bool up = event->kind == ZMQ_EVENT_HANDSHAKE_SUCCEEDED;
    if (up == connected_) continue;  // An attempt that failed ends as it began.
    connected_ = up;
    // Lets libzmq take over the new connection before anybody sends on it.
    static_cast<void>(readable());
    return up ? ConnectionChange::up : ConnectionChange::down;
  }
  return std::nullopt;
}

SendResult DealerSocket::send(const Frame& header, const Frame& body) {
  if (connected_) return send_parts(header, body);
  ++counters_.sends_full;
  return SendResult::full;
}

Receipt DealerSocket::receive(Received& out) {
  return receive_first() ? receive_parts(out, true) : Receipt::nothing;
}

}  // namespace mpreg
