#include "connection.h"

#include <algorithm>

namespace mpreg {
namespace {

// How long one endpoint is tried before the next one; a single endpoint is dialled afresh then, in
// case its name means another address now.
constexpr std::chrono::milliseconds kAttempt{2000};
// A broker that sends longer frames is no broker. The window may ask for more.
constexpr std::uint64_t kFrameBytesMax = 64ULL << 20U;
// A farewell still leaves when the socket is closed right after it.
constexpr std::chrono::milliseconds kLinger{500};

}  // namespace

Connection::Connection(const ClientOptions& options, std::vector<Endpoint> endpoints,
                       std::uint64_t seed, const Wakeup& wakeup)
    : options_(options),
      endpoints_(std::move(endpoints)),
      random_(seed),
      backoff_(options.reconnect_min) {
  poller_.add(wakeup);
}

// A random part of 50 to 100 % of the back-off, which doubles.
Duration Connection::next_wait() {
  const Duration whole = backoff_;
  backoff_ = std::min(backoff_ * 2, options_.reconnect_max);
  const auto half = static_cast<std::uint64_t>(whole.count() / 2);
  return Duration(static_cast<Duration::rep>(half + random_() % (half + 1)));
}

std::optional<Error> Connection::dial(const Now& now) {
  if (was_dialled_) at_ = (at_ + 1) % endpoints_.size();
  was_dialled_ = true;
  SocketLimits limits;
  limits.frame_bytes_max = std::max(kFrameBytesMax, options_.receive_window_bytes);
  auto socket = DealerSocket::open(context_, limits);
  if (socket) {
    if (auto dialled = (*socket)->connect(endpoints_[at_]); !dialled) {
      socket = tl::unexpected(dialled.error());
    }
  }
  if (!socket) {
    dial_at_ = now.instant + next_wait();
    return socket.error();
  }
  socket_ = std::move(*socket);
  socket_->set_linger(kLinger);
  poller_.add(*socket_);
  give_up_at_ = now.instant + kAttempt;
  return std::nullopt;
}

void Connection::drop() {
  unsent_.clear();
  if (!socket_) return;
  poller_.remove(*socket_);
  socket_.reset();
}

void Connection::redial(const Now& now, Duration at_least) {
  drop();
  dial_at_ = now.instant + std::max(at_least, next_wait());
}

void Connection::close() {
  closed_ = true;
  drop();
}

std::optional<Error> Connection::turn(const Now& now, ClientSession& session) {
  if (closed_) return std::nullopt;
  if (!socket_) {
    if (now.instant < dial_at_) return std::nullopt;
    if (auto error = dial(now)) return error;
  }
  while (socket_->monitor().maybe_readable()) {
    const auto change = socket_->next_change();
    if (!change) break;
    if (*change == ConnectionChange::up) {
      unsent_.clear();
      session.on_connected(now);
      continue;
    }
    session.on_disconnected(now, "the connection to " + to_string(endpoint()) + " is lost");
    // What was for this broker is not for its successor.
    socket_->set_linger({});
    redial(now, {});
    return std::nullopt;
  }
  if (socket_->connected() || now.instant < give_up_at_) return std::nullopt;
  redial(now, {});
  return Error{ErrorCode::disconnected, "nobody answers at " + to_string(endpoint())};
}

Instant Connection::next_turn() const {
  if (closed_) return Instant::max();
  if (!socket_) return dial_at_;
  return socket_->connected() ? Instant::max() : give_up_at_;
}

Receipt Connection::receive(Received& out) {
  return socket_ ? socket_->receive(out) : Receipt::nothing;
}

void Connection::send(std::vector<Outgoing>& output) {
  if (!socket_) {
    output.clear();
    return;
  }
  while (!unsent_.empty()) {
    if (socket_->send(unsent_.front().header, unsent_.front().body) != SendResult::sent) break;
    unsent_.pop_front();
  }
  for (Outgoing& outgoing : output) {
    if (unsent_.empty() && socket_->send(outgoing.header, outgoing.body) == SendResult::sent) {
      continue;
    }
    unsent_.push_back(std::move(outgoing));
  }
  output.clear();
}

}  // namespace mpreg
