#include "node/node.h"

#include <algorithm>

#include "coherence/protocols.h"
#include "node/node_impl.h"
#include "wire/packet_codec.h"

namespace mpreg {

Node::Node(NodeOptions options, Now now, std::uint64_t instance, CacheApplier* applier,
           MetricsRegistry& metrics)
    : impl_(std::make_unique<Impl>(std::move(options), now, instance, applier, metrics)) {}
Node::~Node() = default;

void Node::on_packet(const Now& now, Address from, Frame header, Frame body, Outbox& outbox) {
  impl_->on_packet(now, from, std::move(header), std::move(body), outbox);
}
void Node::on_link_up(const Now& now, std::uint32_t link, Outbox& outbox) {
  impl_->on_link_up(now, link, outbox);
}
void Node::on_link_down(const Now& now, std::uint32_t link, Outbox& outbox) {
  impl_->on_link_down(now, link, outbox);
}
void Node::on_peer_gone(const Now& now, Address peer, Outbox& outbox) {
  impl_->on_peer_gone(now, peer, outbox);
}
void Node::end_turn(const Now& now, Outbox& outbox) { impl_->end_turn(now, outbox); }
void Node::tick(const Now& now, Outbox& outbox) { impl_->tick(now, outbox); }
Instant Node::next_tick() const { return impl_->next_tick(); }
void Node::leave(const Now& now, Outbox& outbox) { impl_->leave(now, outbox); }
void Node::retire(const Now& now, std::chrono::milliseconds time, Outbox& outbox) {
  impl_->retire(now, time, outbox);
}
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
Epoch Node::epoch() const { return impl_->epoch(); }
bool Node::joined() const { return impl_->joined(); }

NodeState::NodeState(NodeOptions options, Now now, std::uint64_t instance, CacheApplier* applier,
                     MetricsRegistry& metrics)
    : options_(std::move(options)),
      instance_(instance),
      applier_(applier),
      registry_(metrics),
      metrics_(metrics),
      started_(now.instant),
      retention_(options_.retained_bytes_max),
      clients_(options_.clients_remembered_max),
      answered_(options_.clients_remembered_max),
      topics_(options_.topics_max),
      cache_(options_.cluster, options_.region, options_.cache_bytes_max, true),
      claims_(options_.cluster, options_.claim_lease_max, instance),
      pending_(options_.pending_operations_max),
      next_heartbeat_(now.instant),
      next_check_(now.instant) {}

Node::Impl::Impl(NodeOptions options, Now now, std::uint64_t instance, CacheApplier* applier,
                 MetricsRegistry& metrics)
    : NodeState(std::move(options), now, instance, applier, metrics) {
  epoch_ = static_cast<Epoch>(std::max<std::int64_t>(1, now.wall.time_since_epoch().count()));
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    own_[lane] = know_stream(now, {options_.cluster, epoch_, static_cast<Lane>(lane)});
    streams_[own_[lane]].own = true;
    streams_[own_[lane]].started = true;
  }
  generation_ = generation_of_epoch(epoch_);
  interests_.apply({options_.cluster, generation_, 0, {}, {}});
  observe_.departed_until = now.instant + kNearCacheLease + kLeaseMargin;  // Of an earlier life.
  observe_.known_to_all = now.instant + kOriginSilenceMax + kLeaseMargin;
  for (const auto& [name, resolver] : options_.resolvers) {
    cache_.resolved().set_resolver(name, resolver);
  }
  cache_.set_protocol(ProtocolTable(**make_protocol("mesi")));
  for (const auto& [name, protocol] : options_.protocols) {
    cache_.set_protocol(name, ProtocolTable(*protocol));
  }
  is_federated_ = !options_.dials.empty();
  for (const DialOptions& dial : options_.dials) {
    Link link;
    link.id = next_link_++;
    link.address = {Door::link_out, link.id};
    link.role = dial.role;
    link.dial = link.id;
    link.endpoint = dial.endpoint;
    links_.emplace(link.id, std::move(link));
  }
}

void Node::Impl::log(Outbox& outbox, LogLevel level, std::string text) const {
  outbox.log.push_back({level, std::move(text)});
}

void Node::Impl::send(Outbox& outbox, Address to, const Packet& packet, Frame body) {
  outbox.sendings.push_back({to, encode_packet(packet), std::move(body)});
}

void Node::Impl::on_packet(const Now& now, Address from, Frame header, Frame body, Outbox& outbox) {
  turn_time_ = now.instant;
  Result<Packet> packet = decode_packet(header.bytes());
  if (!packet) {
    metrics_.packets_malformed.add();
    if (from.door == Door::session) {
      refuse_session(from.peer, packet.error(), 0, outbox);
    } else {
      // A hole in what came over a link shows in its numbers, and is repaired by them.
      log(outbox, LogLevel::warning, "a packet of a link was ignored: " + packet.error().text);
    }
    return;
  }
  if (from.door == Door::session) {
    on_session_packet(now, from.peer, *packet, header.size(), body, outbox);
  } else {
    on_link_packet(now, from, *packet, body, outbox);
  }
}

RetainedLog& Node::Impl::log_of(StreamIndex stream) {
  return retention_.log(stream_ids_.id_of(stream).lane);
}
const RetainedLog& Node::Impl::log_of(StreamIndex stream) const {
  return retention_.log(stream_ids_.id_of(stream).lane);
}

void Node::Impl::on_peer_gone(const Now& now, Address peer, Outbox& outbox) {
  turn_time_ = now.instant;
  if (peer.door == Door::session) {
    if (Session* session = session_of(peer.peer)) end_session(*session);
  } else if (peer.door == Door::link_in) {
    if (Link* link = link_of(peer)) lose_link(now, *link, "it does not read", outbox);
  }
}

void Node::Impl::end_turn(const Now& now, Outbox& outbox) {
  serve_groups(now, outbox);
  tell_interest(outbox);
  if (requests_waiting_) settle_requests(now, outbox);
  report_own_observed(now);
  if (claims_.is_due()) settle_claims(now, outbox);
  if (states_due_) {
    states_due_ = false;
    for (auto& [id, link] : links_) {
      if (link.is_known()) send_link_state(now, link, outbox);
    }
  }
  serve_links(outbox);
  serve_sessions(outbox);
  send_applied(false, outbox);
  tell_outcomes(now, outbox);
  send_acceptances(outbox);
  enforce_retention();
}

void Node::Impl::tick(const Now& now, Outbox& outbox) {
  turn_time_ = now.instant;
  if (now.instant >= next_heartbeat_) {
    next_heartbeat_ = now.instant + kHeartbeat;
    note_lags(now);
    note_passed(now);
    books_.note_violations(cache_.violations());
    tick_interest(now);
    tell_all_passed_over(outbox);
    for (auto& [id, link] : links_) {
      if (link.is_known()) send_link_state(now, link, outbox);
      link.serving_due = true;
    }
    send_applied(true, outbox);
    tick_sessions(now, outbox);
    const Instant old = now.instant - std::chrono::seconds(60);
    while (!notices_.empty() && notices_.front().at < old) forget_notice();
  }
  if (now.instant >= next_check_) {
    next_check_ = now.instant + kHeartbeat / 5;
    tick_links(now, outbox);
    if (!traces_.empty()) settle_traces(now, outbox);
    if (!observe_.waiting.empty()) settle_observed(now);
    if (!claims_.empty()) settle_claims(now, outbox);
    tick_streams(now, outbox);
    tick_comparison(now, outbox);
    if (retirement_) send_away(now, outbox);
  }
  if (late_answers_due_ && now.instant >= *late_answers_due_) {
    mark_late_acceptances();
    send_acceptances(outbox);
  }
  const std::size_t before = ended_.size();
  pending_.expire(now.instant, ended_);
  if (ended_.size() != before) tell_outcomes(now, outbox);
}

Instant Node::Impl::next_tick() const {
  if (more_to_serve_) return {};
  Instant next = next_heartbeat_;
  if (!links_.empty() || requests_waiting_ || retirement_ || !observe_.waiting.empty() ||
      !claims_.empty()) {
    next = std::min(next, next_check_);
  }
  if (late_answers_due_) next = std::min(next, *late_answers_due_);
  if (const auto deadline = pending_.next_deadline()) next = std::min(next, *deadline);
  return next;
}

void Node::Impl::leave(const Now& now, Outbox& outbox) {
  if (leaving_) return;
  leave_groups(now, outbox);
  claims_.give_up(now.instant);
  settle_claims(now, outbox);
  leaving_ = true;
  Goodbye goodbye{"the broker is stopping", {}};
  for (const StreamIndex own : own_) {
    streams_[own].final = true;
    streams_[own].final_number = streams_[own].frontier;
    goodbye.final_positions.push_back({stream_ids_.id_of(own), streams_[own].frontier});
  }
  mark_late_acceptances();
  send_acceptances(outbox);
  pending_.fail_all(now.instant, ended_);
  tell_outcomes(now, outbox);
  for (const auto& session : sessions_) {
    if (session) send(outbox, {Door::session, session->peer}, goodbye);
  }
  for (auto& [id, link] : links_) {
    if (link.is_known()) send(outbox, link.address, goodbye);
  }
  log(outbox, LogLevel::info,
      "leaving: " + std::to_string(slot_of_client_.size()) + " sessions and " +
          std::to_string(joined_links()) + " links are told");
}

bool Node::Impl::drained() const {
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
