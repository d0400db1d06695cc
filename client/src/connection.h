#pragma once
// Connection: the one DEALER of a client, and which endpoint it is or will be dialled to. Used
// under the mutex of its owner; waits on its poller are without it, by the receiving thread only.

#include <deque>
#include <memory>
#include <optional>
#include <random>
#include <vector>

#include "mpreg/client_options.h"
#include "net/dealer_socket.h"
#include "net/net_context.h"
#include "net/poller.h"
#include "session/client_session.h"

namespace mpreg {

class Connection {
 public:
  // `seed` makes the waits of many clients differ.
  Connection(const ClientOptions& options, std::vector<Endpoint> endpoints, std::uint64_t seed,
             const Wakeup& wakeup);

  // ---- The receiving thread.
  // Dials, tells the session what became of it, and dials again. Returns what went wrong, if
  // anything.
  std::optional<Error> turn(const Now& now, ClientSession& session);
  // When turn() has something to do by itself.
  [[nodiscard]] Instant next_turn() const;
  Receipt receive(Received& out);
  // receive() has not said `nothing` since there was news.
  [[nodiscard]] bool maybe_readable() const { return socket_ && socket_->maybe_readable(); }
  // Gives up the connection and dials the next endpoint, after `at_least` and the back-off.
  void redial(const Now& now, Duration at_least);
  // The broker has welcomed: the back-off starts over.
  void succeeded() { backoff_ = options_.reconnect_min; }
  // No more dialling.
  void close();
  // Without the mutex.
  void wait(Duration timeout) { static_cast<void>(poller_.wait(timeout)); }

  // ---- Any thread.
  // Sends in order; keeps what the socket does not take. Empties `output`.
  void send(std::vector<Outgoing>& output);
  // Sending may have used up the signal for which the receiving thread waits.
  [[nodiscard]] bool needs_wake() { return socket_ && socket_->readable(); }
  [[nodiscard]] bool has_unsent() const { return !unsent_.empty(); }
  [[nodiscard]] const Endpoint& endpoint() const { return endpoints_[at_]; }

 private:
  std::optional<Error> dial(const Now& now);
  void drop();
  [[nodiscard]] Duration next_wait();

  const ClientOptions& options_;
  const std::vector<Endpoint> endpoints_;
  std::mt19937_64 random_;
  NetContext context_;
  Poller poller_;
  std::unique_ptr<DealerSocket> socket_;
  std::size_t at_ = 0;
  bool was_dialled_ = false;
  bool closed_ = false;
  std::chrono::milliseconds backoff_;
  Instant dial_at_{};     // Without a socket.
  Instant give_up_at_{};  // With a socket that is not connected.
  std::deque<Outgoing> unsent_;
};

}  // namespace mpreg
