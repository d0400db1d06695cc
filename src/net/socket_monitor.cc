#include "net/socket_monitor.h"

#include <cstring>
#include <string>

#include "net/zmq_message.h"

namespace mpreg {

Result<std::unique_ptr<SocketMonitor>> SocketMonitor::open(NetContext& context, void* watched,
                                                           int kinds) {
  std::unique_ptr<SocketMonitor> monitor(new SocketMonitor);
  // Events are a few bytes each; libzmq's own default bounds them.
  const Result<void> opened =
      monitor->Socket::open(context, ZMQ_PAIR, SocketLimits{.queue_messages_max = 1000});
  if (!opened) return tl::unexpected(opened.error());
  const std::string address = "inproc://monitor-" + std::to_string(context.next_number());
  MPREG_CHECK(zmq_socket_monitor(watched, address.c_str(), kinds) == 0);
  MPREG_CHECK(zmq_connect(monitor->handle_, address.c_str()) == 0);
  return monitor;
}

std::optional<MonitorEvent> SocketMonitor::next() {
  // Two parts: u16 kind and i32 value, in the order of this machine; and the address.
  if (!receive_first()) return std::nullopt;
  std::uint16_t kind = 0;
  std::int32_t value = 0;
  const Bytes bytes = first_->bytes();
  MPREG_CHECK(bytes.size() == sizeof kind + sizeof value);
  std::memcpy(&kind, bytes.data(), sizeof kind);
  std::memcpy(&value, bytes.data() + sizeof kind, sizeof value);
  while (first_->more() && first_->receive(handle_, 0)) {
  }
  return MonitorEvent{kind, value};
}

}  // namespace mpreg
