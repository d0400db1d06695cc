#include "node/node.h"

#include <algorithm>

#include "coherence/protocols.h"
#include "node/node_impl.h"
#include "wire/packet_codec.h"

namespace mpreg {
namespace {

std::uint64_t counter_without_memory(WallTime wall) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(1, wall.time_since_epoch().count()));
}

}  // namespace

Node::Node(NodeOptions options, Now now, std::uint64_t instance, CacheApplier* applier,
           MetricsRegistry& metrics)
    : impl_(std::make_unique<Impl>(std::move(options), now, instance, applier, metrics)) {}
Node::~Node() = default;

void Node::on_packet(Turn& turn, Address from, Frame header, Frame body) {
  impl_->on_packet(turn, from, std::move(header), std::move(body));
}
void Node::on_link_up(Turn& turn, std::uint32_t link) { impl_->on_link_up(turn, link); }
void Node::on_link_down(Turn& turn, std::uint32_t link) { impl_->on_link_down(turn, link); }
void Node::on_peer_gone(Turn& turn, Address peer) { impl_->on_peer_gone(turn, peer); }
void Node::end_turn(Turn& turn) { impl_->end_turn(turn); }
void Node::on_saved(Turn& turn, MemoryTicket ticket) { impl_->on_saved(turn, ticket); }
void Node::tick(Turn& turn) { impl_->tick(turn); }
Instant Node::next_tick() const { return impl_->next_tick(); }
void Node::leave(Turn& turn) { impl_->leave(turn); }
void Node::retire(Turn& turn, std::chrono::milliseconds time) { impl_->retire(turn, time); }
bool Node::retired(const Now& now) const { return impl_->retired(now); }
void Node::take_on(const NodeOptions& options) { impl_->take_on(options); }
bool Node::drained() const { return impl_->drained(); }
std::string Node::report(const Now& now, std::string_view question) const {
  return impl_->report(now, question);
}
void Node::for_each_cached(const Now& now, const VisitCached& visit) {
  impl_->cache().for_each(now.instant, visit);
}
const NodeOptions& Node::options() const { return impl_->options(); }
Incarnation Node::incarnation() const { return impl_->own().incarnation(); }
const IncarnationMemory& Node::memory() const { return impl_->own().memory(); }
void Node::on_remembered(std::uint64_t revision) { impl_->own().on_remembered(revision); }
HybridTime Node::clock() const { return impl_->clock(); }
bool Node::joined() const { return impl_->joined(); }

NodeState::NodeState(NodeOptions options, Now now, std::uint64_t instance, CacheApplier* applier,
                     MetricsRegistry& metrics)
    : options_(std::move(options)),
      instance_(instance),
      applier_(applier),
      registry_(metrics),
      metrics_(metrics),
      incarnation_(options_.record, options_.ancestors, counter_without_memory(now.wall), instance),
      retention_(options_.retained_bytes_max),
      clients_(options_.clients_remembered_max),
      answered_(options_.clients_remembered_max),
      seen_(options_.cluster),
      topics_(options_.topics_max),
      body_parts_(metrics_.bodies_built),
      stream_topics_({options_, metrics_, topics_, stream_ids_}),
      feed_({options_, metrics_, topics_, patterns_, sessions_, stream_ids_, streams_, retention_,
             body_parts_}),
      cache_(options_.cluster, options_.region, options_.cache_bytes_max, true,
             std::make_shared<DependencyGraph>(), &seen_.table()),
      observers_(now.instant),
      pending_(options_.pending_operations_max),
      membership_(membership_of(options_), now.instant),
      settings_(settings_of(options_)),
      reads_({options_, metrics_, sessions_, links_, members_, stream_ids_, streams_, lineages_,
              cache_}),
      claims_({options_, settings_, members_, cache_, clock_, books_}, now.instant, instance),
      interest_(options_, metrics_),
      groups_({options_, metrics_, topics_, sessions_, stream_ids_, interest_.table(), members_,
               body_parts_}),
      cluster_matches_(RecordMatches::Of::clusters, topics_, interest_.table().index()),
      next_heartbeat_(now.instant),
      next_check_(now.instant) {}

Node::Impl::Impl(NodeOptions options, Now now, std::uint64_t instance, CacheApplier* applier,
                 MetricsRegistry& metrics)
    : NodeState(std::move(options), now, instance, applier, metrics) {
  clock_.raise(options_.clock_floor);
  (void)lineages_.of(options_.cluster).meet(incarnation_.record());
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    own_[lane] =
        know_stream(now, {options_.cluster, incarnation_.incarnation(), static_cast<Lane>(lane)});
    streams_[own_[lane]].own = true;
    streams_[own_[lane]].started = true;
  }
  seen_.begin(own_[static_cast<std::size_t>(Lane::cache)]);
  membership_.begin(incarnation_.incarnation());
  for (const auto& [cluster, standing] : membership_.ledger().members()) {
    if (standing.state == MemberState::forgotten) continue;
    members_.remember(cluster, standing);
  }
  interest_.begin(incarnation_.incarnation().counter);
  for (const auto& [name, resolver] : options_.resolvers) {
    cache_.resolved().set_resolver(name, resolver);
  }
  cache_.set_protocol(ProtocolTable(**make_protocol("mesi")));
  for (const auto& [name, protocol] : options_.protocols) {
    cache_.set_protocol(name, ProtocolTable(*protocol));
  }
  if (!options_.dials.empty()) interest_.federate();
  for (const DialOptions& dial : options_.dials) links_.dial(dial.role, dial.endpoint);
}

void Node::Impl::on_packet(Turn& turn, Address from, Frame header, Frame body) {
  turn_time_ = turn.now.instant;
  turn.outbox.told = seen_.applied();
  watch_own_clock(turn);
  Result<Packet> packet = decode_packet(header.bytes());
  if (!packet) {
    metrics_.packets_malformed.add();
    if (from.door == Door::session) {
      refuse_session(turn, from.peer, packet.error(), 0);
    } else {
      // A hole in what came over a link shows in its numbers, and is repaired by them.
      log(turn, LogLevel::warning, "a packet of a link was ignored: " + packet.error().text);
    }
    return;
  }
  if (from.door == Door::session) {
    on_session_packet(turn, from.peer, *packet, header.size(), body);
  } else {
    on_link_packet(turn, from, *packet, body);
  }
}

void Node::Impl::on_peer_gone(Turn& turn, Address peer) {
  turn_time_ = turn.now.instant;
  if (peer.door == Door::session) {
    if (Session* session = sessions_.of_peer(peer.peer)) end_session(*session);
  } else if (peer.door == Door::link_in) {
    if (Link* link = links_.of(peer)) lose_link(turn, *link, "it does not read");
  }
}

void Node::Impl::end_turn(Turn& turn) {
  groups_.serve(turn);
  stamp_copies(turn);
  tell_interest(turn);
  if (requests_waiting_ || reads_.is_waiting()) settle_requests(turn);
  report_own_observed(turn.now);
  if (claims_.claims().is_due()) settle_claims(turn);
  if (auto save = membership_.take_save()) turn.outbox.save = std::move(save);
  if (states_due_) {
    states_due_ = false;
    for (auto& [id, link] : links_) {
      if (link.is_known()) send_link_state(turn, link);
    }
  }
  serve_links(turn);
  serve_sessions(turn);
  send_applied(turn, false);
  tell_outcomes(turn);
  send_acceptances(turn);
  enforce_retention();
}

void Node::Impl::tick(Turn& turn) {
  turn_time_ = turn.now.instant;
  watch_own_clock(turn);
  if (turn.now.instant >= next_heartbeat_) {
    next_heartbeat_ = turn.now.instant + kHeartbeat;
    note_lags(turn.now);
    choose_upstreams(turn);
    note_passed(turn.now);
    books_.note_violations(cache_.violations());
    tick_interest(turn.now);
    tell_all_passed_over(turn);
    for (auto& [id, link] : links_) {
      if (link.is_known()) send_link_state(turn, link);
      link.serving_due = true;
    }
    send_applied(turn, true);
    tick_sessions(turn);
    const Instant old = turn.now.instant - std::chrono::seconds(60);
    notices_.forget_before(old);
  }
  take_waiting(turn);
  if (turn.now.instant >= next_check_) {
    next_check_ = turn.now.instant + kHeartbeat / 5;
    tick_links(turn);
    if (!traces_.empty()) settle_traces(turn);
    if (observers_.is_waiting()) settle_observed(turn.now);
    if (!claims_.claims().empty()) settle_claims(turn);
    tick_streams(turn);
    tick_comparison(turn);
    if (retirement_) send_away(turn);
  }
  if (const auto due = acceptances_.next_deadline(); due && turn.now.instant >= *due) {
    acceptances_.hasten(sessions_);
    send_acceptances(turn);
  }
  const std::size_t before = ended_.size();
  pending_.expire(turn.now.instant, ended_);
  if (ended_.size() != before) tell_outcomes(turn);
}

Instant Node::Impl::next_tick() const {
  if (more_to_serve_) return {};
  Instant next = next_heartbeat_;
  if (!links_.empty() || requests_waiting_ || reads_.is_waiting() || retirement_ ||
      observers_.is_waiting() || !claims_.claims().empty()) {
    next = std::min(next, next_check_);
  }
  if (const auto due = acceptances_.next_deadline()) next = std::min(next, *due);
  if (const auto deadline = pending_.next_deadline()) next = std::min(next, *deadline);
  return next;
}

void Node::Impl::leave(Turn& turn) {
  if (leaving_) return;
  leave_groups(turn);
  claims_.claims().give_up();
  settle_claims(turn);
  leaving_ = true;
  incarnation_.note_final(heads_of(streams_, own_));
  for (const StreamIndex own : own_) {
    streams_[own].final = true;
    streams_[own].final_number = streams_[own].frontier;
  }
  acceptances_.hasten(sessions_);
  send_acceptances(turn);
  pending_.fail_all(turn.now.instant, ended_);
  tell_outcomes(turn);
  membership_.leave(streams_[own_[static_cast<std::size_t>(Lane::cache)]].frontier);
  say_goodbye(turn);
}

bool Node::Impl::drained() const {
  if (!membership_.has_said_goodbye()) return false;
  for (const auto& session : sessions_) {
    if (!session) continue;
    const bool behind = std::any_of(session->cursors.begin(), session->cursors.end(),
                                    [](const LaneCursor& cursor) { return cursor.behind; });
    if (behind || session->consumed_bytes < session->sent_bytes) return false;
  }
  for (const auto& [id, link] : links_) {
    if (!link.is_joined()) continue;
    for (const Lane lane : {Lane::cache, Lane::bulk}) {
      const Number head = streams_[own_[static_cast<std::size_t>(lane)]].frontier;
      if (pending_.applied_by(link.peer.cluster, lane) < head) return false;
    }
  }
  return true;
}

}  // namespace mpreg
