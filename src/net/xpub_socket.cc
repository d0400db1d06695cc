#include "net/xpub_socket.h"

#include "net/zmq_message.h"

namespace mpreg {
namespace {

// Subscriptions that wait to be read. Beyond this libzmq loses them.
constexpr int kSubscriptionsWaitingMax = 65'536;

}  // namespace

Result<std::unique_ptr<XpubSocket>> XpubSocket::open(NetContext& context,
                                                     const SocketLimits& limits) {
  std::unique_ptr<XpubSocket> socket(new XpubSocket);
  const Result<void> opened = socket->Socket::open(context, ZMQ_XPUB, limits);
  if (!opened) return tl::unexpected(opened.error());
  socket->set(ZMQ_RCVHWM, kSubscriptionsWaitingMax);
  return socket;
}

void XpubSocket::publish(std::string_view channel, const Frame& header, const Frame& body) {
  ZmqMessage first(as_bytes(channel));
  // It fails for nobody's sake: without subscribers libzmq takes the message and drops it.
  if (send_first(first, true) == SendResult::sent) static_cast<void>(send_parts(header, body));
}

std::size_t XpubSocket::drain_subscriptions(std::size_t messages_max) {
  std::size_t count = 0;
  for (; count < messages_max && receive_first(); ++count) {
    const Bytes message = first_->bytes();
    if (!message.empty()) channels_wanted_ += message[0] == std::byte{1} ? 1 : -1;
    while (first_->more() && first_->receive(handle_, 0)) {
    }
  }
  return count;
}

}  // namespace mpreg
