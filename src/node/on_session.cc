#include <algorithm>

#include "base/text.h"
#include "node/node_impl.h"
#include "node/vouch.h"
#include "topic/topic.h"

namespace mpreg {
namespace {

constexpr std::uint64_t kSessionWindowBytesMin = 64ULL << 10U;
constexpr std::size_t kNameBytesMax = 256;
constexpr std::uint32_t kSessionRetryMs = 1000;

}  // namespace

void Node::Impl::on_session_packet(Turn& turn, std::uint32_t peer, Packet& packet,
                                   std::size_t bytes, Frame& body) {
  if (const auto* hello = std::get_if<Hello>(&packet)) return on_hello(turn, peer, *hello);
  Session* session = sessions_.of_peer(peer);
  if (session == nullptr) {
    // Whoever speaks without a session had one before this broker started, or fell silent.
    metrics_.packets_unexpected.add();
    if (std::holds_alternative<Goodbye>(packet)) return;
    return refuse_session(
        turn, peer,
        {ErrorCode::disconnected, "there is no session on this connection: say Hello first"}, 1);
  }
  session->last_heard = turn.now.instant;
  if (const auto* header = std::get_if<BatchHeader>(&packet)) {
    on_client_batch(turn, *session, *header, bytes, std::move(body));
  } else if (const auto* credit = std::get_if<Acknowledge>(&packet)) {
    session->consumed_bytes = std::min(credit->consumed_bytes, session->sent_bytes);
    QueueGroups::note_acknowledged(*session);
    mark_serving(*session);
  } else if (const auto* probe = std::get_if<Probe>(&packet)) {
    on_probe(turn, *session, *probe);
  } else if (const auto* subscribe = std::get_if<Subscribe>(&packet)) {
    on_subscribe(turn, *session, *subscribe);
  } else if (const auto* unsubscribe = std::get_if<Unsubscribe>(&packet)) {
    on_unsubscribe(turn, *session, *unsubscribe);
  } else if (const auto* barrier = std::get_if<Barrier>(&packet)) {
    on_barrier(turn, *session, *barrier);
  } else if (const auto* complete = std::get_if<CompleteOperation>(&packet)) {
    on_complete(turn, *session, *complete);
  } else if (const auto* get = std::get_if<CacheGet>(&packet)) {
    reads_.on_get(turn, *session, *get);
  } else if (const auto* load = std::get_if<LoadAsk>(&packet)) {
    reads_.on_load(turn, *session, *load);
  } else if (const auto* claim = std::get_if<ClaimAsk>(&packet)) {
    claims_.ask(turn, *session, *claim);
  } else if (const auto* observed = std::get_if<Observed>(&packet)) {
    on_observed(turn.now, *session, *observed);
  } else if (const auto* query = std::get_if<Query>(&packet)) {
    on_query(turn, *session, *query);
  } else if (std::holds_alternative<Goodbye>(packet)) {
    end_session(*session);
  } else {
    metrics_.packets_unexpected.add();
    refuse_session(turn, peer,
                   {ErrorCode::malformed, "this kind of packet is not for a client to send"}, 0);
  }
}

Result<void> Node::Impl::check_hello(const Hello& hello) const {
  if (hello.protocol_min > kProtocolVersion || hello.protocol_max < kProtocolVersion) {
    return fail(ErrorCode::unsupported, "protocol is " + std::to_string(hello.protocol_min) + ".." +
                                            std::to_string(hello.protocol_max) +
                                            ", and this broker speaks " +
                                            std::to_string(kProtocolVersion));
  }
  if (hello.client == 0) return fail(ErrorCode::malformed, "client is 0; it is a random number");
  if (hello.name.size() > kNameBytesMax) {
    return fail(ErrorCode::malformed, "name has " + std::to_string(hello.name.size()) +
                                          " bytes, at most 256 are allowed");
  }
  std::size_t patterns = 0;
  for (const Subscription& subscription : hello.subscriptions) {
    if (Result<void> checked = check_subscription(subscription); !checked) return checked;
    patterns += subscription.patterns.size();
  }
  if (patterns > options_.patterns_per_session_max) {
    return fail(ErrorCode::refused,
                "the session has " + std::to_string(patterns) + " patterns, at most " +
                    std::to_string(options_.patterns_per_session_max) + " are allowed");
  }
  if (patterns_.patterns() + patterns > options_.patterns_max) {
    return fail(ErrorCode::overloaded, "the broker holds " + std::to_string(patterns_.patterns()) +
                                           " patterns, at most " +
                                           std::to_string(options_.patterns_max) + " are allowed");
  }
  return {};
}

void Node::Impl::on_hello(Turn& turn, std::uint32_t peer, const Hello& hello) {
  if (leaving_ || retirement_) {
    return refuse_session(turn, peer, {ErrorCode::disconnected, "the broker is stopping"},
                          kSessionRetryMs);
  }
  if (Result<void> checked = check_hello(hello); !checked) {
    const bool retry = checked.error().code == ErrorCode::overloaded;
    return refuse_session(turn, peer, checked.error(), retry ? kSessionRetryMs : 0);
  }
  // Hello said twice on one connection: the Welcome took long, and is on its way.
  if (Session* old = sessions_.of_peer(peer)) {
    if (old->client == hello.client) return;
    end_session(*old);
  }
  // The same client on another connection has lost the first: the session begins anew, from the
  // positions that it names.
  if (Session* old = sessions_.of_client(hello.client)) end_session(*old);
  if (sessions_.open_sessions() >= options_.sessions_max) {
    return refuse_session(
        turn, peer,
        {ErrorCode::overloaded, "the broker has " + std::to_string(sessions_.open_sessions()) +
                                    " sessions, which is its limit"},
        kSessionRetryMs);
  }
  if (!clock_.observe(hello.clock, turn.now.wall, options_.clock_offset_max)) {
    metrics_.clock_readings_refused.add();
  }
  for (const StreamPosition& position : hello.positions) hear_of_self(turn, position);
  incarnation_.note_used();
  Session& session = open_session(turn.now, peer, hello);
  place_session(session, hello);
  plan_refills(turn, session, true);
  Welcome welcome;
  welcome.cluster = options_.cluster;
  welcome.region = options_.region;
  welcome.incarnation = incarnation_.incarnation();
  welcome.session = session.id;
  welcome.limits = {options_.payload_bytes_max,
                    options_.publish_window_bytes,
                    options_.patterns_per_session_max,
                    options_.session_aliases_max,
                    static_cast<std::uint32_t>(kHeartbeat.count()),
                    static_cast<std::uint32_t>(options_.session_timeout.count())};
  welcome.accepted = answered_.accepted(hello.client);
  for (const auto& [id, index] : stream_ids_.by_id()) {
    if (streams_[index].started) welcome.positions.push_back({id, feed_.told(session, index)});
  }
  if (hello.open_through != 0) welcome.applied = cache_positions();
  welcome.applied_last = seen_.applied();
  send(turn, {Door::session, peer}, welcome);
  notices_.repeat(turn, session.client, {Door::session, peer});
  tell_not_held(turn, session);
  mark_serving(session);
}

Session& Node::Impl::open_session(const Now& now, std::uint32_t peer, const Hello& hello) {
  Session& session = sessions_.open(peer, hello.client);
  session.name = hello.name;
  session.observes = hello.observes;
  session.open_through = hello.open_through;
  session.last_heard = now.instant;
  session.window_bytes =
      std::clamp(hello.receive_window_bytes, kSessionWindowBytesMin,
                 std::max(kSessionWindowBytesMin, options_.session_window_bytes_max));
  for (const Subscription& subscription : hello.subscriptions) {
    add_subscription(session, subscription);
  }
  std::vector<std::string> patterns;
  for (const Subscription& subscription : hello.subscriptions) {
    const auto wanted = wanted_by(subscription, options_.cluster);
    patterns.insert(patterns.end(), wanted.begin(), wanted.end());
  }
  require_complete(interest_.due_for(patterns));
  metrics_.sessions_opened.add();
  metrics_.sessions.set(static_cast<std::int64_t>(sessions_.open_sessions()));
  return session;
}

// Where it stands in each stream: where it says, or at the end; and so in each lane, live or
// behind.
void Node::Impl::place_session(Session& session, const Hello& hello) {
  Frontier positions(hello.positions);
  session.followed = positions;
  std::array<bool, kLanes> behind{};
  for (const auto& [id, index] : stream_ids_.by_id()) {
    const StreamState& state = streams_[index];
    const auto named = positions.find(id);
    positions.forget(id);
    if (!state.started) {
      if (named) session.set_told(index, *named);
      if (!named && session.follows_earlier(id)) session.set_told(index, 0);
      continue;
    }
    Number at = std::max(state.frontier, state.floor);
    if (named) {
      at = *named;
    } else if (session.follows_earlier(id)) {
      at = 0;
    } else if (hello.resume) {
      at = state.floor;
    }
    session.set_told(index, at);
    const auto lane = static_cast<std::size_t>(id.lane);
    if (at >= state.frontier) continue;
    LaneCursor& cursor = session.cursors[lane];
    const LogPosition position = log_of(index).seek(index, at);
    cursor.position = behind[lane] ? std::min(cursor.position, position) : position;
    cursor.behind = behind[lane] = true;
  }
  session.resumed = std::move(positions);
  session.resumed_at = session.last_heard;
}

void Node::Impl::on_probe(Turn& turn, Session& session, const Probe& probe) {
  if (session.late_acceptance_due) acceptances_.owe(session);
  ProbeEcho echo;
  echo.sent_at_ns = probe.sent_at_ns;
  echo.positions = feed_.positions_of(session);
  echo.vouches = vouches_of(*this, turn.now.instant);
  echo.is_behind = is_behind(session);
  send(turn, {Door::session, session.peer}, echo);
}

void Node::Impl::refuse_session(Turn& turn, std::uint32_t peer, Error error,
                                std::uint32_t retry_after_ms) {
  metrics_.sessions_refused.add();
  log(turn, LogLevel::debug, "a client was refused: " + error.text);
  send(turn, {Door::session, peer}, Refused{error.code, std::move(error.text), retry_after_ms});
  if (Session* session = sessions_.of_peer(peer)) end_session(*session);
}

void Node::Impl::end_session(Session& session) {
  const std::uint32_t slot = session.slot;
  if (session.observes) observers_.depart(turn_time_);
  std::vector<std::string> gone;
  for (const auto& [id, subscription] : session.subscriptions) {
    if (!subscription.group.empty()) groups_.leave(session, id);
  }
  for (const auto& [pattern, uses] : session.pattern_uses) {
    patterns_.remove(pattern, slot);
    if (interest_.is_federated()) gone.push_back(pattern);
  }
  for (const WaitingSubscribe& waiting : session.subscribes) {
    const auto patterns = wanted_by(waiting.request.subscription, options_.cluster);
    gone.insert(gone.end(), patterns.begin(), patterns.end());
  }
  interest_.linger(turn_time_, std::move(gone));
  metrics_.patterns.set(static_cast<std::int64_t>(patterns_.patterns()));
  sessions_.close(session);
  metrics_.sessions.set(static_cast<std::int64_t>(sessions_.open_sessions()));
}

void Node::Impl::tick_sessions(Turn& turn) {
  for (const auto& one : sessions_) {
    if (!one) continue;
    Session& session = *one;
    if (turn.now.instant - session.last_heard > options_.session_timeout) {
      metrics_.sessions_expired.add();
      log(turn, LogLevel::info,
          "session " + std::to_string(session.id) + " (" + in_quotes(session.name) +
              ") ended: nothing was heard of it for " +
              std::to_string(options_.session_timeout.count()) + " ms");
      end_session(session);
      continue;
    }
    tick_session_refills(turn, session);
    if (!session.resumed.positions().empty()) settle_resumed(turn, session);
  }
}

}  // namespace mpreg
