#pragma once
// RouterSocket: the door at which others knock: clients at `listen`, brokers at `link`. Each
// connection has a number of its own, which is not given to another one while the process lives
// (2^32 connections), and a message goes to exactly the connection that it names, or to none.

#include <memory>

#include "net/socket.h"

namespace mpreg {

class RouterSocket final : public Socket {
 public:
  static Result<std::unique_ptr<RouterSocket>> open(NetContext& context,
                                                    const SocketLimits& limits);

  // Errors: `refused` (in use, not of this machine, not allowed), `malformed`.
  Result<Endpoint> bind(const Endpoint& endpoint) { return bind_to(endpoint); }

  // A message is [header] or [header][body]. Peers that chose an identity of their own are not
  // heard: they could take the place of another one. Never blocks; allocates once per message.
  Receipt receive(Received& out);

  // Never blocks. An empty body is not sent. After anything but `sent`, nothing of the message
  // has left.
  SendResult send(std::uint32_t peer, const Frame& header, const Frame& body);

 private:
  RouterSocket() = default;
};

}  // namespace mpreg
