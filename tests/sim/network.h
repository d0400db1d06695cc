#pragma once
// Network: connections between hosts, as TCP and ZeroMQ make them: what is sent arrives in order
// and late, or not at all because the connection broke; nobody is told at once that it did.
//
//   - A break loses what is on its way, both ways.
//   - A way that is cut holds everything back. When it heals, what was held goes on (TCP repeats)
//     or the connection is reset; a cut that lasts resets it by itself.
//   - A stream connection (XPUB -> SUB) drops at its high-water mark without a word.

#include <cstdint>
#include <deque>
#include <vector>

#include "base/frame.h"
#include "event_queue.h"
#include "trace.h"

namespace mpreg::sim {

using Host = std::uint32_t;
using ConnectionId = std::uint32_t;
inline constexpr ConnectionId kNoConnection = 0xFFFFFFFFU;

enum class Plug : std::uint8_t {
  session,  // A client's DEALER to a broker's ROUTER.
  link,     // A broker's DEALER to another's ROUTER.
  stream,   // A broker's SUB to another's XPUB.
};
enum class Toward : std::uint8_t { listener, dialler };

// One message. On a stream connection towards the listener: '+' or '-' and a channel.
struct Parcel {
  Frame header;
  Frame body;
};

struct ConnectionEnds {
  Plug plug = Plug::session;
  Host dialler = 0;
  Host listener = 0;
  std::uint32_t link = 0;  // Of the dialling broker.
};

struct NetworkOptions {
  Duration client_latency_min{};
  Duration client_latency_max{};
  Duration broker_latency_min{};
  Duration broker_latency_max{};
  Duration jitter_max{};
  Duration slow_joiner_max{};  // Until a subscription of a SUB is in effect.
  std::uint32_t stream_parcels_max = 1000;
  std::uint32_t stream_drop_percent = 0;  // Of what is published to each SUB.
  // Until an end learns that a connection broke; at the listening end it may take longer.
  Duration notice_max = std::chrono::milliseconds(20);
  std::uint32_t late_notice_percent = 20;
  Duration late_notice_max = std::chrono::seconds(3);
  // A cut that lasts so long resets connections.
  Duration cut_reset_min = std::chrono::seconds(3);
  Duration cut_reset_max = std::chrono::seconds(8);
  std::uint32_t reset_on_heal_percent = 40;
  // In place of what is drawn.
  struct Way {
    Host from = 0;
    Host to = 0;
    Duration latency{};
  };
  std::vector<Way> ways;
};

// Who is told what happens to connections.
class NetworkUser {
 public:
  NetworkUser() = default;
  virtual ~NetworkUser() = default;
  NetworkUser(const NetworkUser&) = delete;
  NetworkUser& operator=(const NetworkUser&) = delete;

  [[nodiscard]] virtual bool is_listening(Host host) const = 0;
  virtual void on_up(ConnectionId id) = 0;
  // Told to the dialling end alone.
  virtual void on_down(ConnectionId id) = 0;
  virtual void on_parcel(ConnectionId id, Toward toward, Parcel parcel) = 0;
};

class Network {
 public:
  Network(const NetworkOptions& options, std::uint64_t seed, std::size_t hosts, EventQueue& queue,
          Trace& trace, NetworkUser& user);

  // on_up follows, or on_down when nobody listens or a way is cut.
  [[nodiscard]] ConnectionId dial(const ConnectionEnds& ends);
  // False when the connection is known to be gone. True does not mean that it arrives.
  bool send(ConnectionId id, Toward toward, Parcel parcel);
  // By the dialling end, which is not told.
  void close(ConnectionId id);
  // Broken in between: both ends learn of it in their own time.
  void reset(ConnectionId id);

  // The process at the host is gone. With `orderly`, what it had sent still arrives.
  void drop_host(Host host, bool orderly);

  void cut(Host from, Host to);
  void heal(Host from, Host to);
  // Every way is whole, and nothing is dropped any more.
  void calm();

  [[nodiscard]] bool is_up(ConnectionId id) const { return connections_[id].phase == Phase::up; }
  [[nodiscard]] const ConnectionEnds& ends(ConnectionId id) const { return connections_[id].ends; }
  // The handle by which the listening end knows the connection; for that end to use.
  void set_peer(ConnectionId id, std::uint32_t peer) { connections_[id].peer = peer; }
  [[nodiscard]] std::uint32_t peer(ConnectionId id) const { return connections_[id].peer; }
  [[nodiscard]] std::vector<ConnectionId> up_connections() const;

 private:
  enum class Phase : std::uint8_t { dialling, up, closing, gone };
  struct Pipe {
    struct Flying {
      Instant due;
      Parcel parcel;
    };
    std::deque<Flying> flying;
    std::deque<Parcel> held;
    Instant last_due{};
    Duration latency{};
  };
  struct Connection {
    ConnectionEnds ends;
    Phase phase = Phase::dialling;
    Pipe pipes[2];
    std::uint32_t peer = 0;
    Instant listener_knows = Instant::max();
  };

  void establish(ConnectionId id);
  void arrive(ConnectionId id, Toward toward);
  void fly(ConnectionId id, Toward toward, Parcel parcel);
  void break_at(ConnectionId id, bool tell_dialler);
  void release(ConnectionId id, Toward toward);
  [[nodiscard]] std::uint32_t& cuts(Host from, Host to) { return cuts_[from * hosts_ + to]; }
  [[nodiscard]] bool is_cut(const ConnectionEnds& ends, Toward toward);
  [[nodiscard]] static std::size_t index(Toward toward) { return static_cast<std::size_t>(toward); }

  NetworkOptions options_;
  Random random_;
  std::size_t hosts_;
  EventQueue& queue_;
  Trace& trace_;
  NetworkUser& user_;
  std::deque<Connection> connections_;
  std::vector<std::uint32_t> cuts_;
  std::vector<std::uint32_t> cut_generations_;
};

}  // namespace mpreg::sim
