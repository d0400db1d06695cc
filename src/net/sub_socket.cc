#include "net/sub_socket.h"

#include "net/zmq_message.h"

namespace mpreg {
namespace {

// Subscriptions on their way to the publisher. Beyond this libzmq loses them.
constexpr int kSubscriptionsWaitingMax = 65'536;

}  // namespace

Result<std::unique_ptr<SubSocket>> SubSocket::open(NetContext& context,
                                                   const SocketLimits& limits) {
  std::unique_ptr<SubSocket> socket(new SubSocket);
  const Result<void> opened = socket->Socket::open(context, ZMQ_SUB, limits);
  if (!opened) return tl::unexpected(opened.error());
  socket->set(ZMQ_SNDHWM, kSubscriptionsWaitingMax);
  return socket;
}

Result<void> SubSocket::dial(const Endpoint& endpoint) {
  if (dialled_ == endpoint) return {};
  if (dialled_) disconnect_from(*dialled_);
  dialled_.reset();
  const Result<void> connected = connect_to(endpoint);
  if (connected) dialled_ = endpoint;
  expect_message();
  return connected;
}

void SubSocket::subscribe(std::string_view channel) {
  MPREG_CHECK(zmq_setsockopt(handle_, ZMQ_SUBSCRIBE, channel.data(), channel.size()) == 0);
  expect_message();
}

void SubSocket::unsubscribe(std::string_view channel) {
  MPREG_CHECK(zmq_setsockopt(handle_, ZMQ_UNSUBSCRIBE, channel.data(), channel.size()) == 0);
  expect_message();
}

Receipt SubSocket::receive(Received& out) {
  return receive_first() ? receive_parts(out, false) : Receipt::nothing;
}

}  // namespace mpreg
