#include "net/router_socket.h"

#include <array>

#include "net/zmq_message.h"

namespace mpreg {
namespace {

// What libzmq calls a peer that names itself nothing: a zero and a number that it counts up, from a
// random start. That number is our peer handle: no table, and nothing to forget. A hostile peer can
// claim such a name, though never one that is in use; it gains what anybody gains who connects,
// until connections are authenticated.
constexpr std::size_t kIdentityBytes = 5;

bool is_given_by_libzmq(Bytes identity) {
  return identity.size() == kIdentityBytes && identity[0] == std::byte{0};
}

std::uint32_t peer_of(Bytes identity) {
  std::uint32_t peer = 0;
  for (std::size_t i = 1; i < kIdentityBytes; ++i) {
    peer = (peer << 8U) | std::to_integer<std::uint32_t>(identity[i]);
  }
  return peer;
}

std::array<std::byte, kIdentityBytes> identity_of(std::uint32_t peer) {
  return {std::byte{0}, static_cast<std::byte>(peer >> 24U), static_cast<std::byte>(peer >> 16U),
          static_cast<std::byte>(peer >> 8U), static_cast<std::byte>(peer)};
}

}  // namespace

Result<std::unique_ptr<RouterSocket>> RouterSocket::open(NetContext& context,
                                                         const SocketLimits& limits) {
  std::unique_ptr<RouterSocket> socket(new RouterSocket);
  const Result<void> opened = socket->Socket::open(context, ZMQ_ROUTER, limits);
  if (!opened) return tl::unexpected(opened.error());
  // Otherwise what cannot be delivered is dropped without a word.
  socket->set(ZMQ_ROUTER_MANDATORY, 1);
  return socket;
}

Receipt RouterSocket::receive(Received& out) {
  if (!receive_first()) return Receipt::nothing;
  const Bytes identity = first_->bytes();
  if (!is_given_by_libzmq(identity)) return refuse_rest(counters_.dropped_identity, *first_);
  out.peer = peer_of(identity);
  return receive_parts(out, false);
}

SendResult RouterSocket::send(std::uint32_t peer, const Frame& header, const Frame& body) {
  const auto identity = identity_of(peer);
  ZmqMessage first{Bytes(identity)};
  const SendResult result = send_first(first, true);
  return result == SendResult::sent ? send_parts(header, body) : result;
}

}  // namespace mpreg
