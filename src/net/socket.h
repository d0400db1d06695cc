#pragma once
// Socket: what every socket of this room has in common: one owner, limits, counters, and a hint
// whether something may be there to receive. Not for itself: see RouterSocket, DealerSocket,
// XpubSocket, SubSocket.
//
// Threads: one at a time. Two threads may share a socket under a mutex; then the one that sent must
// ask `readable` afterwards and wake the one that waits in a Poller, because sending may use up the
// signal that the other waits for.
//
// Every frame that is handed out points into the received message and owns it: nothing is copied.
// It starts at any address. A frame of at most 8 KiB may keep a receive buffer of 8 KiB alive.
// Of frames that are sent, short ones are copied; the owner of a long one is released later, on a
// thread of ZeroMQ.

#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/error.h"
#include "base/frame.h"
#include "net/endpoint.h"
#include "net/net_context.h"

namespace mpreg {

class ZmqMessage;

struct SocketLimits {
  std::uint64_t frame_bytes_max = 0;  // A peer that sends a longer one is cut off; 0: no limit.
  // Messages that may wait in each direction for one peer. What waits is bounded in bytes by the
  // credit of the protocol; this is the last resort.
  int queue_messages_max = 65'536;
  int kernel_buffer_bytes = 0;  // SO_SNDBUF and SO_RCVBUF; 0 leaves them to the kernel.
};

enum class SendResult : std::uint8_t {
  sent,
  full,  // The peer does not read, or (dealer) there is no connection.
  gone,  // No such peer.
};

enum class Receipt : std::uint8_t {
  message,
  dropped,  // Something was there and was no message of ours: counted, look again.
  nothing,
};

struct Received {
  std::uint32_t peer = 0;  // Router only.
  Frame header;
  Frame body;
};

// Never reset.
struct SocketCounters {
  std::uint64_t messages_received = 0;
  std::uint64_t bytes_received = 0;
  std::uint64_t messages_sent = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t dropped_frame_count = 0;  // Received, with too few or too many frames.
  std::uint64_t dropped_too_long = 0;     // Received, a frame above frame_bytes_max.
  std::uint64_t dropped_identity = 0;     // Received, from a peer that chose its own identity.
  std::uint64_t sends_full = 0;
  std::uint64_t sends_gone = 0;
};

class Socket {
 public:
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  [[nodiscard]] const SocketCounters& counters() const { return counters_; }

  // Readable (poll) when `receive` should be tried, but only once per change: see Poller.
  [[nodiscard]] int fd() const { return fd_; }
  // Something may be there: receive was not tried, or did not say `nothing` yet, since the last
  // event. May be called from any thread.
  [[nodiscard]] bool maybe_readable() const {
    return maybe_readable_.load(std::memory_order_relaxed);
  }
  void expect_message() { maybe_readable_.store(true, std::memory_order_relaxed); }
  // Asks libzmq, which also lets it do its housekeeping. Costs a system call.
  [[nodiscard]] bool readable();

  // For this room's own use.
  [[nodiscard]] void* handle() const { return handle_; }

  // When closed, what was sent and not yet written is tried for so long. Default: not at all.
  void set_linger(std::chrono::milliseconds linger);

 protected:
  Socket();
  ~Socket();

  Result<void> open(NetContext& context, int type, const SocketLimits& limits);
  // Binds, and returns the endpoint with the port that was chosen. For ipc, refuses a path where
  // somebody listens or that is no socket; a socket file left over is replaced.
  Result<Endpoint> bind_to(const Endpoint& endpoint);
  Result<void> connect_to(const Endpoint& endpoint);
  void disconnect_from(const Endpoint& endpoint);

  void set(int option, int value);
  // Receives the next message's first part into `first_`. False: nothing there.
  bool receive_first();
  // Receives what follows `first_`, or for a dealer `first_` itself, as header and body.
  Receipt receive_parts(Received& out, bool first_is_header);
  // Skips what follows `last` in its message, and counts it.
  Receipt refuse_rest(std::uint64_t& counter, const ZmqMessage& last);
  // Sends the parts after a first one that was accepted, or all of a dealer's.
  SendResult send_parts(const Frame& header, const Frame& body);
  // Sends one part. When the peer's queue seems full, looks whether it still is.
  SendResult send_first(ZmqMessage& message, bool more);

  void* handle_ = nullptr;
  std::unique_ptr<ZmqMessage> first_;
  SocketCounters counters_;

 private:
  int fd_ = -1;
  std::uint64_t frame_bytes_max_ = 0;
  std::atomic<bool> maybe_readable_{true};
};

}  // namespace mpreg
