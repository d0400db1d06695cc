#include <algorithm>

#include "base/text.h"
#include "node/node_impl.h"

namespace mpreg {
namespace {

constexpr std::uint32_t kRetryMs = 1000;

}  // namespace

void Node::Impl::on_link_packet(Turn& turn, Address from, Packet& packet, Frame& body) {
  if (const auto* hello = std::get_if<LinkHello>(&packet)) {
    if (from.door == Door::link_in) return on_link_hello(turn, from.peer, *hello);
    return metrics_.packets_unexpected.add();
  }
  Link* link = links_.of(from);
  if (link == nullptr) {
    metrics_.packets_unexpected.add();
    // It still thinks that it is joined: let it say hello again.
    if (std::holds_alternative<LinkState>(packet)) {
      send(turn, from, Refused{ErrorCode::disconnected, "this link is not joined", 1});
    }
    return;
  }
  if (const auto* welcome = std::get_if<LinkWelcome>(&packet)) {
    return on_link_welcome(turn, *link, *welcome);
  }
  if (const auto* refused = std::get_if<Refused>(&packet)) {
    return on_link_refused(turn, *link, *refused);
  }
  if (!link->is_known()) return metrics_.packets_unexpected.add();
  if (from.door != Door::stream_in) link->last_heard = turn.now.instant;
  link->serving_due = link->serving_due || !std::holds_alternative<BatchHeader>(packet);
  if (auto* header = std::get_if<BatchHeader>(&packet)) {
    on_link_batch(turn, *link, *header, std::move(body));
  } else if (const auto* state = std::get_if<LinkState>(&packet)) {
    on_link_state(turn, *link, *state);
  } else if (const auto* applied = std::get_if<Applied>(&packet)) {
    on_applied(turn, *link, *applied);
  } else if (const auto* known = std::get_if<FailuresKnown>(&packet)) {
    on_failures_known(turn, *link, *known);
  } else if (const auto* request = std::get_if<Take>(&packet)) {
    on_take(turn, *link, *request);
  } else if (const auto* taken = std::get_if<Taken>(&packet)) {
    on_taken(turn.now, *link, *taken);
  } else if (const auto* gap = std::get_if<Gap>(&packet)) {
    on_link_gap(turn, *link, *gap);
  } else if (const auto* untake = std::get_if<Untake>(&packet)) {
    if (const auto index = stream_ids_.find(untake->stream)) {
      link->servings.erase(*index);
      forget_below(*index, link->id);
    }
  } else if (const auto* update = std::get_if<InterestUpdate>(&packet)) {
    on_interest_update(turn, *link, *update);
  } else if (const auto* digest = std::get_if<InterestDigest>(&packet)) {
    on_interest_digest(turn, *link, *digest);
  } else if (const auto* refill = std::get_if<Refill>(&packet)) {
    on_refill(turn, *link, *refill);
  } else if (const auto* trace = std::get_if<Trace>(&packet)) {
    on_trace(turn, *link, *trace);
  } else if (auto* get = std::get_if<CacheGet>(&packet)) {
    reads_.on_link_get(turn, *get);
  } else if (auto* got = std::get_if<CacheGot>(&packet)) {
    reads_.on_link_got(turn, *got);
  } else if (const auto* ask = std::get_if<StoreAsk>(&packet)) {
    on_store_ask(turn, *link, *ask);
  } else if (const auto* tell = std::get_if<StoreTell>(&packet)) {
    on_store_tell(turn, *link, *tell);
  } else if (auto* report = std::get_if<TraceReport>(&packet)) {
    on_trace_report(turn, *report);
  } else if (const auto* goodbye = std::get_if<Goodbye>(&packet)) {
    on_link_goodbye(turn, *link, *goodbye);
  } else {
    metrics_.packets_unexpected.add();
  }
}

void Node::Impl::on_link_up(Turn& turn, LinkId id) {
  Link& link = links_.at(id);
  link.phase = Link::Phase::greeting;
  link.connected = turn.now.instant;
  send_link_hello(turn, link);
}

void Node::Impl::on_link_down(Turn& turn, LinkId id) {
  Link& link = links_.at(id);
  lose_link(turn, link, "the connection broke");
  link.phase = Link::Phase::down;
}

void Node::Impl::send_link_hello(Turn& turn, Link& link) {
  LinkHello hello;
  hello.role = link.role;
  hello.cluster = options_.cluster;
  hello.region = options_.region;
  hello.record = incarnation_.record();
  hello.dial = link.dial;
  hello.settings = settings_.announced();
  link.greet_again = turn.now.instant + kHandshakeRetry;
  send(turn, link.address, hello);
}

// What cannot be right is refused with the reason, and with a retry where time may heal it.
std::optional<Refused> Node::Impl::check_link_hello(const Now& now, const LinkHello& hello) {
  if (hello.protocol_min > kProtocolVersion || hello.protocol_max < kProtocolVersion) {
    return Refused{ErrorCode::unsupported,
                   "the wire version is " + std::to_string(kProtocolVersion) + " at " +
                       options_.cluster + " and " + std::to_string(hello.protocol_min) + ".." +
                       std::to_string(hello.protocol_max) + " at " + hello.cluster,
                   0};
  }
  if (hello.cluster == options_.cluster) {
    return Refused{ErrorCode::refused,
                   hello.record.incarnation.instance == instance_
                       ? "a broker must not dial itself: this endpoint is its own"
                       : "cluster id " + in_quotes(hello.cluster) +
                             " is that of the broker dialled: every cluster needs an id of its own",
                   0};
  }
  if (auto refused = check_role(hello)) return refused;
  if (auto refused = check_settings(hello)) return refused;
  if (leaving_) return Refused{ErrorCode::disconnected, "the broker is stopping", kRetryMs};
  // One that follows it in the same directory shows that it has ended, whatever is on its way
  // still.
  const auto is_other = [&](const IncarnationRecord& record) {
    const bool has_directory = hello.record.parent && hello.record.parent->incarnation.counter > 0;
    const bool is_ancestor = has_directory && accounts_for(hello.record, record.incarnation);
    return record.incarnation.instance != hello.record.incarnation.instance && !is_ancestor;
  };
  for (const auto& [id, link] : links_) {
    if (!link.is_known() || link.peer.cluster != hello.cluster) continue;
    const bool is_alive = now.instant - link.last_heard < kPeerLate;
    if (is_other(link.peer.record) && is_alive) {
      links_.note_duplicate(hello.cluster, now.instant);
      return Refused{ErrorCode::refused,
                     "cluster id " + in_quotes(hello.cluster) +
                         " is in use by another broker that is connected here",
                     kRetryMs};
    }
  }
  return std::nullopt;
}

void Node::Impl::on_link_hello(Turn& turn, std::uint32_t peer, const LinkHello& hello) {
  const Address from{Door::link_in, peer};
  if (const auto refused = check_link_hello(turn.now, hello)) {
    metrics_.links_refused.add();
    log(turn, LogLevel::warning, "a link was refused: " + refused->text);
    return send(turn, from, *refused);
  }
  const Members::Known* known = members_.find(hello.cluster);
  LinkWelcome welcome;
  welcome.cluster = options_.cluster;
  welcome.region = options_.region;
  welcome.record = incarnation_.record();
  welcome.stream_endpoint = options_.stream_endpoint;
  welcome.settings = settings_.announced();
  // Whether it is an ancestor is known there. A greater one has to be numbered above first.
  if (known != nullptr && known->member.record.incarnation != hello.record.incarnation) {
    welcome.known = known->member.record.incarnation;
  }
  if (membership_.ledger().was_forgotten(hello.cluster, hello.record.incarnation)) {
    welcome.known =
        std::max(welcome.known, membership_.ledger().members().at(hello.cluster).incarnation);
  }
  if (welcome.known >= hello.record.incarnation) return send(turn, from, welcome);
  // The same broker on another connection has lost the one before.
  std::vector<LinkId> old;
  for (const auto& [id, link] : links_) {
    const bool is_same = link.dial == hello.dial ||
                         link.peer.record.incarnation.instance != hello.record.incarnation.instance;
    if (!link.dialled() && link.is_known() && link.peer.cluster == hello.cluster && is_same) {
      old.push_back(id);
    }
  }
  for (const LinkId id : old) {
    // Hello said twice on one connection: the Welcome was slow, and what it began goes on.
    const bool is_repeated = links_.at(id).address == from &&
                             links_.at(id).peer.record.incarnation == hello.record.incarnation;
    if (is_repeated) {
      welcome.session = links_.at(id).session;
      return send(turn, from, welcome);
    }
    lose_link(turn, links_.at(id), "it is back on another connection");
  }
  Link& link = links_.accept(peer);
  link.session = welcome.session = instance_ + link.id;
  link.role = hello.role;
  link.dial = hello.dial;
  link.phase = Link::Phase::welcomed;
  link.connected = link.last_heard = link.echo_progress = turn.now.instant;
  link.peer = {hello.cluster, hello.region, hello.record, 1, 0};
  link.peer.settings = hello.settings.namespaces;
  learn_claim_lease(turn, hello.cluster, hello.settings.claim_lease_max_ms);
  send(turn, from, welcome);
  join(turn, link);
}

void Node::Impl::on_link_welcome(Turn& turn, Link& link, const LinkWelcome& welcome) {
  if (!link.dialled() || link.phase != Link::Phase::greeting) return;
  if (welcome.known == incarnation_.incarnation()) {
    begin_incarnation(turn, {}, Renewal::forgotten);
    return send_link_hello(turn, link);
  }
  if (incarnation_.is_conflict(welcome.known)) {
    // It has joined this broker under the incarnation that was, unless the other one is greater.
    const bool is_joined_there = welcome.known < incarnation_.incarnation();
    begin_incarnation(turn, welcome.known, Renewal::conflict);
    if (!is_joined_there) return send_link_hello(turn, link);
  }
  link.phase = Link::Phase::welcomed;
  link.session = welcome.session;
  link.last_heard = link.echo_progress = turn.now.instant;
  link.refusal.clear();
  link.peer = {welcome.cluster, welcome.region, welcome.record, 1, 0};
  link.peer.settings = welcome.settings.namespaces;
  learn_claim_lease(turn, welcome.cluster, welcome.settings.claim_lease_max_ms);
  turn.outbox.stream_dials.push_back({link.address.peer, welcome.stream_endpoint});
  join(turn, link);
}

// What both sides do once the handshake is done.
void Node::Impl::join(Turn& turn, Link& link) {
  incarnation_.note_used();
  if (!has_taken_base_) {
    // What was published before anybody was joined is not for those who join. But what changes
    // caches is for those who are remembered.
    has_taken_base_ = true;
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      const bool is_for_all =
          lane != static_cast<std::size_t>(Lane::events) && !options_.memory.members.empty();
      if (!is_for_all) base_[lane] = streams_[own_[lane]].frontier;
    }
  }
  link.sequence = link.heard = link.echoed = 0;
  link.states_sent.clear();
  link.clock.restart();
  link.said_goodbye = false;
  metrics_.links_joined.add();
  log(turn, LogLevel::info,
      "link to " + link.peer.cluster + " (" + link.peer.region + ") is up, dialled by " +
          (link.dialled() ? "us" : "it") + " as a " + std::string(name_of(link.role)));
  books_.learn(link.peer.cluster);
  if (link.dialled()) membership_.meet_target({link.role, link.endpoint});
  if (members_.report(link.peer, link.id, turn.now.instant)) states_due_ = true;
  learn_settings(turn, link.peer.cluster);
  meet(turn, link.peer.cluster, link.peer.record);
  if (!interest_.is_federated()) {
    interest_.federate();
    rebuild_interest();
  }
  tell_interest(turn);
  send_link_state(turn, link);
  send(turn, link.address, interest_.table().digest());
  metrics_.members.set(static_cast<std::int64_t>(members_.all().size() + 1));
}

void Node::Impl::on_link_refused(Turn& turn, Link& link, const Refused& refused) {
  if (link.is_known()) {
    lose_link(turn, link, refused.text);
    if (!link.dialled()) return;
    return on_link_up(turn, link.id);
  }
  metrics_.links_refused.add();
  if (link.refusal != refused.text) {
    log(turn, refused.retry_after_ms > 0 ? LogLevel::warning : LogLevel::error,
        "the broker at " + link.endpoint + " refuses the link: " + refused.text);
  }
  link.refusal = refused.text;
  // Without a hint it is tried rarely: somebody may put the other side right.
  link.greet_again = turn.now.instant + (refused.retry_after_ms > 0
                                             ? std::chrono::milliseconds(refused.retry_after_ms)
                                             : kReconnectMax);
}

// The neighbour ends its numbering: what it told is all there is.
void Node::Impl::on_link_goodbye(Turn& turn, Link& link, const Goodbye& goodbye) {
  log(turn, LogLevel::info, link.peer.cluster + " says goodbye: " + goodbye.reason);
  link.said_goodbye = true;
  for (const StreamPosition& last : goodbye.final_positions) {
    const auto index = stream_ids_.find(last.stream);
    if (!index || last.stream.origin != link.peer.cluster || streams_[*index].own) continue;
    StreamState& state = streams_[*index];
    if (state.is_end_unknown) continue;
    state.final = true;
    state.final_number = last.number;
    if (last.number > state.frontier && state.head_seen < last.number) {
      state.head_seen = last.number;
      state.progressed = turn.now.instant;
    }
  }
  states_due_ = true;
}

void Node::Impl::lose_link(Turn& turn, Link& link, std::string_view reason) {
  if (link.is_known()) {
    metrics_.links_lost.add();
    log(turn, link.said_goodbye ? LogLevel::info : LogLevel::warning,
        "link to " + link.peer.cluster +
            " is down: " + (link.said_goodbye ? "it has left" : std::string(reason)));
    members_.lose_link(link.id);
    states_due_ = true;
  }
  for (const std::string& channel : link.channels) {
    turn.outbox.interests.push_back({link.address.peer, channel, false});
  }
  link.channels.clear();
  for (const auto& [stream, serving] : link.servings) forget_below(stream, link.id);
  link.servings.clear();
  link.offers.clear();
  link.told.clear();
  link.is_late = false;
  link.phase = Link::Phase::greeting;
  if (!link.dialled()) links_.drop(link);
  choose_upstreams(turn);
  metrics_.links.set(static_cast<std::int64_t>(links_.joined_links()));
}

void Node::Impl::tick_links(Turn& turn) {
  std::vector<LinkId> ids;
  for (const auto& [id, link] : links_) ids.push_back(id);
  for (const LinkId id : ids) {
    Link& link = links_.at(id);
    if (link.phase == Link::Phase::greeting) {
      if (turn.now.instant >= link.greet_again) send_link_hello(turn, link);
      continue;
    }
    if (!link.is_known()) continue;
    const bool is_silent = turn.now.instant - link.last_heard > kPeerDown;
    const bool is_one_way =
        turn.now.instant - link.echo_progress > kPeerDown && link.echoed < link.sequence;
    if (!is_silent && !is_one_way) continue;
    lose_link(turn, link, is_silent ? "nothing was heard for 3 s" : "it does not hear us");
  }
  note_late_links(turn);
}

}  // namespace mpreg
