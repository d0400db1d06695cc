#include "network.h"

#include <algorithm>
#include <limits>

namespace mpreg::sim {
namespace {

using std::chrono::microseconds;

constexpr std::uint64_t kBytesPerMicrosecond = 100;  // About a gigabit.

}  // namespace

Network::Network(const NetworkOptions& options, std::uint64_t seed, std::size_t hosts,
                 EventQueue& queue, Trace& trace, NetworkUser& user)
    : options_(options),
      random_(seed),
      hosts_(hosts),
      queue_(queue),
      trace_(trace),
      user_(user),
      cuts_(hosts * hosts),
      cut_generations_(hosts * hosts) {}

bool Network::is_cut(const ConnectionEnds& ends, Toward toward) {
  return toward == Toward::listener ? cuts(ends.dialler, ends.listener) > 0
                                    : cuts(ends.listener, ends.dialler) > 0;
}

ConnectionId Network::dial(const ConnectionEnds& ends) {
  const auto id = static_cast<ConnectionId>(connections_.size());
  Connection& connection = connections_.emplace_back();
  connection.ends = ends;
  const bool is_client = ends.plug == Plug::session;
  for (Pipe& pipe : connection.pipes) {
    pipe.latency = is_client
                       ? random_.duration(options_.client_latency_min, options_.client_latency_max)
                       : random_.duration(options_.broker_latency_min, options_.broker_latency_max);
  }
  for (const NetworkOptions::Way& way : options_.ways) {
    if (way.from == ends.dialler && way.to == ends.listener) {
      connection.pipes[index(Toward::listener)].latency = way.latency;
    } else if (way.from == ends.listener && way.to == ends.dialler) {
      connection.pipes[index(Toward::dialler)].latency = way.latency;
    }
  }
  if (ends.plug == Plug::stream) {
    connection.pipes[index(Toward::listener)].latency +=
        random_.duration({}, options_.slow_joiner_max);
  }
  const Duration handshake =
      3 * connection.pipes[index(Toward::dialler)].latency + microseconds(100);
  queue_.in(handshake, [this, id] { establish(id); });
  return id;
}

void Network::establish(ConnectionId id) {
  Connection& connection = connections_[id];
  if (connection.phase != Phase::dialling) return;
  const bool is_possible = user_.is_listening(connection.ends.listener) &&
                           !is_cut(connection.ends, Toward::listener) &&
                           !is_cut(connection.ends, Toward::dialler);
  trace_.note(id * 2 + (is_possible ? 1 : 0));
  if (is_possible) {
    connection.phase = Phase::up;
    return user_.on_up(id);
  }
  connection.phase = Phase::gone;
  connection.listener_knows = queue_.now();
  user_.on_down(id);
}

bool Network::send(ConnectionId id, Toward toward, Parcel parcel) {
  Connection& connection = connections_[id];
  if (connection.phase == Phase::gone) {
    return toward == Toward::dialler && queue_.now() < connection.listener_knows;
  }
  if (connection.phase != Phase::up) return true;
  Pipe& pipe = connection.pipes[index(toward)];
  if (connection.ends.plug == Plug::stream && toward == Toward::dialler) {
    const bool is_full = pipe.flying.size() + pipe.held.size() >= options_.stream_parcels_max;
    if (is_full || random_.chance(options_.stream_drop_percent)) {
      trace_.line([&] { return "connection " + std::to_string(id) + " drops a publication"; });
      return true;
    }
  }
  if (is_cut(connection.ends, toward)) {
    pipe.held.push_back(std::move(parcel));
  } else {
    fly(id, toward, std::move(parcel));
  }
  return true;
}

void Network::fly(ConnectionId id, Toward toward, Parcel parcel) {
  Pipe& pipe = connections_[id].pipes[index(toward)];
  const std::uint64_t bytes = parcel.header.size() + parcel.body.size();
  const Instant due = queue_.now() + pipe.latency + random_.duration({}, options_.jitter_max) +
                      microseconds(bytes / kBytesPerMicrosecond);
  pipe.last_due = std::max(pipe.last_due, due);
  pipe.flying.push_back({pipe.last_due, std::move(parcel)});
  queue_.at(pipe.last_due, [this, id, toward] { arrive(id, toward); });
}

void Network::arrive(ConnectionId id, Toward toward) {
  Connection& connection = connections_[id];
  Pipe& pipe = connection.pipes[index(toward)];
  if (pipe.flying.empty() || pipe.flying.front().due > queue_.now()) return;
  const Parcel parcel = std::move(pipe.flying.front().parcel);
  pipe.flying.pop_front();
  trace_.note(id * 2 + index(toward));
  trace_.note(parcel.header.bytes());
  trace_.note(parcel.body.bytes());
  user_.on_parcel(id, toward, parcel);
}

void Network::close(ConnectionId id) {
  if (connections_[id].phase != Phase::gone) break_at(id, false);
}

void Network::reset(ConnectionId id) {
  if (connections_[id].phase != Phase::gone) break_at(id, true);
}

void Network::break_at(ConnectionId id, bool tell_dialler) {
  Connection& connection = connections_[id];
  trace_.line([&] { return "connection " + std::to_string(id) + " breaks"; });
  connection.phase = Phase::gone;
  for (Pipe& pipe : connection.pipes) {
    pipe.flying.clear();
    pipe.held.clear();
  }
  // Usually both ends learn of it soon; now and then the listening one sends into the void.
  const Duration soon = random_.duration({}, options_.notice_max);
  const bool is_late = random_.chance(options_.late_notice_percent);
  connection.listener_knows =
      queue_.now() + (is_late ? random_.duration({}, options_.late_notice_max) : soon);
  if (!tell_dialler) return;
  queue_.in(random_.duration({}, options_.notice_max), [this, id] { user_.on_down(id); });
}

void Network::drop_host(Host host, bool orderly) {
  for (ConnectionId id = 0; id < connections_.size(); ++id) {
    Connection& connection = connections_[id];
    const ConnectionEnds& ends = connection.ends;
    if (connection.phase == Phase::gone) continue;
    if (ends.dialler != host && ends.listener != host) continue;
    const Toward away = ends.dialler == host ? Toward::listener : Toward::dialler;
    if (!orderly || connection.phase != Phase::up || is_cut(ends, away)) {
      reset(id);
      continue;
    }
    connection.phase = Phase::closing;
    const Instant last = std::max(queue_.now(), connection.pipes[index(away)].last_due);
    queue_.at(last + microseconds(1), [this, id] { reset(id); });
  }
}

void Network::cut(Host from, Host to) {
  if (cuts(from, to)++ > 0) return;
  const std::uint32_t generation = ++cut_generations_[from * hosts_ + to];
  trace_.line([&] {
    return "the way from host " + std::to_string(from) + " to " + std::to_string(to) + " is cut";
  });
  // Whoever hears no heartbeat, or no acknowledgement, gives up in the end.
  const Duration reset_in = random_.duration(options_.cut_reset_min, options_.cut_reset_max);
  queue_.in(reset_in, [this, from, to, generation] {
    if (cuts(from, to) == 0 || cut_generations_[from * hosts_ + to] != generation) return;
    for (const ConnectionId id : up_connections()) {
      const ConnectionEnds& ends = connections_[id].ends;
      if ((ends.dialler == from && ends.listener == to) ||
          (ends.dialler == to && ends.listener == from)) {
        reset(id);
      }
    }
  });
}

void Network::heal(Host from, Host to) {
  if (cuts(from, to) == 0 || --cuts(from, to) > 0) return;
  trace_.line([&] {
    return "the way from host " + std::to_string(from) + " to " + std::to_string(to) + " heals";
  });
  for (ConnectionId id = 0; id < connections_.size(); ++id) {
    const ConnectionEnds& ends = connections_[id].ends;
    if (ends.dialler == from && ends.listener == to) release(id, Toward::listener);
    if (ends.dialler == to && ends.listener == from) release(id, Toward::dialler);
  }
}

void Network::calm() {
  for (Host from = 0; from < hosts_; ++from) {
    for (Host to = 0; to < hosts_; ++to) {
      cuts(from, to) = std::min(cuts(from, to), 1U);
      heal(from, to);
    }
  }
  options_.stream_parcels_max = std::numeric_limits<std::uint32_t>::max();
  options_.stream_drop_percent = 0;
}

void Network::release(ConnectionId id, Toward toward) {
  Connection& connection = connections_[id];
  Pipe& pipe = connection.pipes[index(toward)];
  if (connection.phase == Phase::gone || pipe.held.empty()) return;
  if (random_.chance(options_.reset_on_heal_percent)) return reset(id);
  std::deque<Parcel> held;
  held.swap(pipe.held);
  for (Parcel& parcel : held) fly(id, toward, std::move(parcel));
}

std::vector<ConnectionId> Network::up_connections() const {
  std::vector<ConnectionId> ids;
  for (ConnectionId id = 0; id < connections_.size(); ++id) {
    if (connections_[id].phase == Phase::up) ids.push_back(id);
  }
  return ids;
}

}  // namespace mpreg::sim
