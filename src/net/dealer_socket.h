#pragma once
// DealerSocket: one dialled connection. It tells when the connection is there and when it is lost;
// until then libzmq tries again by itself, after 100 ms to 5 s. Without a connection nothing is
// queued. One that was lost does not come back: the owner drops the socket at once, with what was
// not sent, and opens another. (libzmq would renew it, and send the successor of the peer what was
// meant for the peer. ZMQ_IMMEDIATE, which is against that, ends the process in 4.3.4 when the
// connection breaks between the two frames of a message.)

#include <memory>
#include <optional>

#include "net/socket.h"
#include "net/socket_monitor.h"

namespace mpreg {

enum class ConnectionChange : std::uint8_t { up, down };

class DealerSocket final : public Socket {
 public:
  static Result<std::unique_ptr<DealerSocket>> open(NetContext& context,
                                                    const SocketLimits& limits);
  ~DealerSocket();

  // Begins to dial and returns. Errors: `malformed`.
  Result<void> connect(const Endpoint& endpoint) { return connect_to(endpoint); }

  // The next change of the connection, if there is one: up, and later down. Ask before receiving,
  // and until there is none.
  [[nodiscard]] std::optional<ConnectionChange> next_change();
  [[nodiscard]] bool connected() const { return connected_; }

  // As of a RouterSocket, without a peer.
  Receipt receive(Received& out);
  SendResult send(const Frame& header, const Frame& body);

  [[nodiscard]] SocketMonitor& monitor() { return *monitor_; }

 private:
  DealerSocket() = default;

  std::unique_ptr<SocketMonitor> monitor_;
  bool connected_ = false;
};

}  // namespace mpreg
