#include "net/socket.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

#include "net/zmq_message.h"

namespace mpreg {
namespace {

// A peer that is silent is given up by the transport after these; the protocol above is faster.
constexpr int kHeartbeatMs = 1000;
constexpr int kHeartbeatTimeoutMs = 3000;
constexpr int kHeartbeatTtlMs = 5000;
constexpr int kHandshakeMs = 2000;
constexpr int kConnectTimeoutMs = 5000;
constexpr int kReconnectMaxMs = 5000;
constexpr int kBacklog = 1024;

ErrorCode code_of(int error) {
  switch (error) {
    case EINVAL:
    case EPROTONOSUPPORT:
    case ENODEV:
      return ErrorCode::malformed;
    case EADDRINUSE:
    case EADDRNOTAVAIL:
    case EACCES:
    case ENOENT:
      return ErrorCode::refused;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
      return ErrorCode::overloaded;
    default:
      return ErrorCode::internal;
  }
}

tl::unexpected<Error> failed(std::string_view what, std::string_view where, int error) {
  return fail(code_of(error), std::string(what) + " " + std::string(where) + ": " +
                                  (error == ENODEV ? "no such address" : zmq_strerror(error)));
}

// libzmq removes whatever lies at the path before it binds: somebody's file, or the door of a
// program that is running.
Result<void> check_path_is_free(const Endpoint& endpoint) {
  struct stat status {};
  if (lstat(endpoint.path.c_str(), &status) != 0) return {};
  const std::string where = to_string(endpoint);
  if (!S_ISSOCK(status.st_mode)) {
    return fail(ErrorCode::refused, "cannot bind " + where + ": the file there is no socket");
  }
  const int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (probe < 0) return failed("cannot bind", where, errno);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, endpoint.path.data(), endpoint.path.size());
  const int rc = connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const bool is_served = rc == 0 || errno == EAGAIN;
  close(probe);
  return is_served ? failed("cannot bind", where, EADDRINUSE) : Result<void>();
}

}  // namespace

Socket::Socket() : first_(std::make_unique<ZmqMessage>()) {}

Socket::~Socket() {
  if (handle_ != nullptr) zmq_close(handle_);
}

void Socket::set(int option, int value) {
  MPREG_CHECK(zmq_setsockopt(handle_, option, &value, sizeof value) == 0);
}

void Socket::set_linger(std::chrono::milliseconds linger) {
  set(ZMQ_LINGER, static_cast<int>(linger.count()));
}

Result<void> Socket::open(NetContext& context, int type, const SocketLimits& limits) {
  handle_ = zmq_socket(context.handle(), type);
  if (handle_ == nullptr) return failed("cannot open", "a socket", errno);
  frame_bytes_max_ = limits.frame_bytes_max;
  set(ZMQ_LINGER, 0);
  set(ZMQ_SNDHWM, limits.queue_messages_max);
  set(ZMQ_RCVHWM, limits.queue_messages_max);
  if (type != ZMQ_PAIR) {
    set(ZMQ_IPV6, 1);
    set(ZMQ_TCP_KEEPALIVE, 1);
    set(ZMQ_BACKLOG, kBacklog);
    set(ZMQ_HEARTBEAT_IVL, kHeartbeatMs);
    set(ZMQ_HEARTBEAT_TIMEOUT, kHeartbeatTimeoutMs);
    set(ZMQ_HEARTBEAT_TTL, kHeartbeatTtlMs);
    set(ZMQ_HANDSHAKE_IVL, kHandshakeMs);
    set(ZMQ_CONNECT_TIMEOUT, kConnectTimeoutMs);
    set(ZMQ_RECONNECT_IVL, static_cast<int>(context.reconnect_after().count()));
    set(ZMQ_RECONNECT_IVL_MAX, kReconnectMaxMs);
    if (limits.kernel_buffer_bytes > 0) {
      set(ZMQ_SNDBUF, limits.kernel_buffer_bytes);
      set(ZMQ_RCVBUF, limits.kernel_buffer_bytes);
    }
    if (frame_bytes_max_ > 0) {
      const auto bytes_max = static_cast<std::int64_t>(frame_bytes_max_);
      MPREG_CHECK(zmq_setsockopt(handle_, ZMQ_MAXMSGSIZE, &bytes_max, sizeof bytes_max) == 0);
    }
  }
  std::size_t size = sizeof fd_;
  MPREG_CHECK(zmq_getsockopt(handle_, ZMQ_FD, &fd_, &size) == 0);
  return {};
}

Result<Endpoint> Socket::bind_to(const Endpoint& endpoint) {
  if (endpoint.transport == Transport::ipc) {
    const Result<void> free = check_path_is_free(endpoint);
    if (!free) return tl::unexpected(free.error());
  }
  const std::string text = to_string(endpoint);
  if (zmq_bind(handle_, text.c_str()) != 0) return failed("cannot bind", text, errno);
  Endpoint bound = endpoint;
  if (endpoint.transport == Transport::tcp) {
    // Only the port is taken: libzmq spells hosts in its own way (tcp://[::]:7100).
    char last[512] = {};
    std::size_t size = sizeof last;
    MPREG_CHECK(zmq_getsockopt(handle_, ZMQ_LAST_ENDPOINT, last, &size) == 0);
    const std::string_view spelled(last);
    const Result<Endpoint> parsed =
        parse_bind_endpoint("tcp://*" + std::string(spelled.substr(spelled.rfind(':'))));
    MPREG_CHECK(parsed.has_value());
    bound.port = parsed->port;
  }
  return bound;
}

Result<void> Socket::connect_to(const Endpoint& endpoint) {
  const std::string text = to_string(endpoint);
  if (zmq_connect(handle_, text.c_str()) != 0) return failed("cannot dial", text, errno);
  return {};
}

void Socket::disconnect_from(const Endpoint& endpoint) {
  // It fails only where nothing was connected.
  zmq_disconnect(handle_, to_string(endpoint).c_str());
}

bool Socket::readable() {
  int events = 0;
  std::size_t size = sizeof events;
  if (zmq_getsockopt(handle_, ZMQ_EVENTS, &events, &size) != 0) return false;
  const bool is_readable = (events & ZMQ_POLLIN) != 0;
  if (is_readable) expect_message();
  return is_readable;
}

bool Socket::receive_first() {
  if (first_->receive(handle_, ZMQ_DONTWAIT)) return true;
  // After "nothing there" the next message makes the descriptor readable again.
  maybe_readable_.store(false, std::memory_order_relaxed);
  return false;
}

Receipt Socket::refuse_rest(std::uint64_t& counter, const ZmqMessage& last) {
  ++counter;
  // The parts of a message come together: this does not wait.
  bool more = last.more();
  while (more && first_->receive(handle_, 0)) more = first_->more();
  return Receipt::dropped;
}

Receipt Socket::receive_parts(Received& out, bool first_is_header) {
  auto parts = std::make_shared<ReceivedParts>();
  if (first_is_header) {
    parts->header.take(*first_);
  } else if (!first_->more() || !parts->header.receive(handle_, 0)) {
    ++counters_.dropped_frame_count;
    return Receipt::dropped;
  }
  const bool has_body = parts->header.more();
  if (has_body && !parts->body.receive(handle_, 0)) return Receipt::dropped;
  if (has_body && parts->body.more()) {
    return refuse_rest(counters_.dropped_frame_count, parts->body);
  }
  const Bytes header = parts->header.bytes();
  const Bytes body = parts->body.bytes();
  if (frame_bytes_max_ > 0 && std::max(header.size(), body.size()) > frame_bytes_max_) {
    ++counters_.dropped_too_long;
    return Receipt::dropped;
  }
  ++counters_.messages_received;
  counters_.bytes_received += header.size() + body.size();
  out.body = body.empty() ? Frame() : Frame(parts, body);
  out.header = Frame(std::move(parts), header);
  return Receipt::message;
}

SendResult Socket::send_first(ZmqMessage& message, bool more) {
  const int flags = ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0);
  // Sending lets libzmq look for news, and so may use up the signal of a message to receive.
  expect_message();
  if (message.send(handle_, flags)) return SendResult::sent;
  if (errno == EAGAIN) {
    // libzmq looks for news at most once a millisecond on this path: the peer may have read, or the
    // connection may be there, and it does not know yet.
    static_cast<void>(readable());
    if (message.send(handle_, flags)) return SendResult::sent;
  }
  if (errno == EAGAIN) {
    ++counters_.sends_full;
    return SendResult::full;
  }
  ++counters_.sends_gone;
  return SendResult::gone;
}

SendResult Socket::send_parts(const Frame& header, const Frame& body) {
  ZmqMessage header_message(header);
  const SendResult result = send_first(header_message, !body.empty());
  if (result != SendResult::sent) return result;
  if (!body.empty()) {
    ZmqMessage body_message(body);
    const SendResult body_result = send_first(body_message, false);
    if (body_result != SendResult::sent) return body_result;
  }
  ++counters_.messages_sent;
  counters_.bytes_sent += header.size() + body.size();
  return SendResult::sent;
}

}  // namespace mpreg
