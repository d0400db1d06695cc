#pragma once
// SocketMonitor: what happens to the connections of another socket. It must be read often: while
// its queue of 1000 events is full, a thread of ZeroMQ and all its connections stand still. So ask
// for few kinds of events.

#include <memory>
#include <optional>

#include "net/socket.h"

namespace mpreg {

struct MonitorEvent {
  int kind = 0;   // One of ZMQ_EVENT_*.
  int value = 0;  // A descriptor or an error number, as zmq_socket_monitor(3) says.
};

class SocketMonitor final : public Socket {
 public:
  // `watched` outlives the monitor, and stops it (zmq_socket_monitor with no address) before.
  static Result<std::unique_ptr<SocketMonitor>> open(NetContext& context, void* watched, int kinds);
  // Never blocks.
  [[nodiscard]] std::optional<MonitorEvent> next();

 private:
  SocketMonitor() = default;
};

}  // namespace mpreg
