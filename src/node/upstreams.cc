#include <algorithm>
#include <utility>

#include "node/node_impl.h"

namespace mpreg {
namespace {

constexpr std::chrono::milliseconds kStalled{500};      // A head is known and nothing comes.
constexpr std::chrono::milliseconds kRetakeAfter{300};  // Between two requests to repair one hole.
constexpr std::chrono::milliseconds kClosingAfter{1500};  // For what is still on its way.

}  // namespace

StreamIndex Node::Impl::know_stream(const Now& now, const StreamId& id) {
  if (const auto known = stream_ids_.find(id)) return *known;
  const StreamIndex index = stream_ids_.intern(id);
  streams_.resize(stream_ids_.size());
  streams_[index].progressed = now.instant;
  if (id.lane == Lane::cache) (void)seen_.place_of(index, id);  // Others may have seen it already.
  for (const auto& session : sessions_) {
    if (!session) continue;
    const auto position = session->resumed.find(id);
    if (!position) continue;
    session->set_told(index, *position);
    session->resumed.forget(id);
    session->told_unknown.erase(id);
  }
  for (const auto& session : sessions_) {
    const bool is_told = session && session->told(index, kNumberMax) != kNumberMax;
    if (session && !is_told && session->follows_earlier(id)) session->set_told(index, 0);
  }
  return index;
}

// A neighbour holds the stream. One of an older life, never heard of here, is left alone.
void Node::Impl::learn_offer(const Now& now, const Offer& offer) {
  const StreamId& id = offer.stream;
  if (!stream_ids_.find(id)) {
    const Members::Known* origin = members_.find(id.origin);
    const bool is_old =
        id.origin == options_.cluster
            ? id.incarnation < incarnation_.incarnation()
            : origin != nullptr && origin->member.record.incarnation > id.incarnation;
    if (is_old || (id.origin == options_.cluster && id.incarnation >= incarnation_.incarnation()))
      return;
  }
  const StreamIndex index = know_stream(now, id);
  StreamState& state = streams_[index];
  if (state.own || state.closed()) return;
  if (!state.own) state.passed = std::max(state.passed, offer.passed);
  if (offer.head > state.head_seen) {
    if (state.head_seen <= state.frontier) state.progressed = now.instant;
    state.head_seen = offer.head;
  }
  if (offer.final && !state.final && !state.is_end_unknown) {
    state.final = true;
    state.final_number = offer.head;
  }
  if (!state.started) start_stream(now, index, offer);
}

// Where it begins here. Of an origin that nobody here knew, with what it published after it had
// joined somebody; of the next life of one that was known, with its first number.
void Node::Impl::start_stream(const Now& now, StreamIndex stream, const Offer& offer) {
  const StreamId& id = stream_ids_.id_of(stream);
  StreamState& state = streams_[stream];
  const bool is_next_life =
      std::any_of(stream_ids_.by_id().begin(), stream_ids_.by_id().end(), [&](const auto& entry) {
        return entry.first.origin == id.origin && entry.first.lane == id.lane &&
               entry.first.incarnation < id.incarnation && streams_[entry.second].started;
      });
  state.started = true;
  state.base = is_next_life ? 0 : offer.base;
  state.first_head = offer.head;
  state.frontier = state.base;
  // What is told now of the past may be without what was told by lives that are over, our own among
  // them. What still counts comes from a store that knew them.
  const bool is_first = id.lane == Lane::cache && !seen_.has_others();
  // Its earlier incarnations, too, may have told what never came here.
  const Lineage* lineage = lineages_.find(id.origin);
  const bool has_past = lineage != nullptr && lineage->current() && lineage->current()->parent;
  state.has_unheard = id.lane == Lane::cache && !is_next_life && (state.base > 0 || has_past);
  if (is_first || state.has_unheard) {
    seen_.move(seen_.place_of(stream, id), state.frontier);
    doubt_all();
  }
  moved_streams_.push_back(stream);
  // A session that came from elsewhere may stand before that: then from there, if anybody holds it.
  for (const auto& session : sessions_) {
    if (session) state.frontier = std::min(state.frontier, session->told(stream, state.base));
  }
  if (id.lane == Lane::cache) seen_.move(seen_.place_of(stream, id), state.frontier);
  state.progressed = now.instant;
  // Sessions that have no position of their own: every fact, and of the rest what was published
  // since the way to the origin was open.
  if (id.lane == Lane::events && interest_.told_size() > 0) state.required = interest_.due();
  const bool skips_old = id.lane != Lane::cache && offer.hops == 0 && !is_next_life;
  state.floor = skips_old ? std::max(state.base, offer.head) : state.base;
  if (applier_ != nullptr) applier_->follow(id, state.floor);
}

void Node::Impl::choose_upstreams(Turn& turn) {
  for (StreamIndex stream = 0; stream < streams_.size(); ++stream) {
    choose_upstream(turn, stream);
  }
  update_channels(turn);
}

// By standing, then by distance; the present upstream, unless another is strictly better. Where all
// are cut off, whoever holds more than we do; else the present one, which may come back.
Choice Node::Impl::best_upstream(StreamIndex stream) const {
  const StreamState& state = streams_[stream];
  const StreamId& id = stream_ids_.id_of(stream);
  Choice best;
  Number best_head = state.frontier;
  for (const auto& [link_id, link] : links_) {
    const auto found = link.offers.find(id);
    if (!link.is_joined() || found == link.offers.end()) continue;
    const Offer& offer = found->second;
    const bool is_present = link_id == state.upstream;
    const bool is_cut_off = link.is_late || state.superseded != Instant{};
    const Choice choice{link_id, is_cut_off ? Standing::cut_off : offer.standing,
                        static_cast<std::uint8_t>(offer.hops + 1)};
    if (choice.standing == Standing::cut_off) {
      const bool is_more = offer.head > best_head;
      const bool is_none_better = best.link == kNoLink && is_present;
      if (best.standing != Standing::cut_off || !(is_more || is_none_better)) continue;
      best_head = std::max(best_head, offer.head);
      best = choice;
      continue;
    }
    const auto rank = std::tie(choice.standing, choice.hops);
    const auto best_rank = std::tie(best.standing, best.hops);
    if (best.link == kNoLink || rank < best_rank || (rank == best_rank && is_present)) {
      best = choice;
    }
  }
  return best;
}

void Node::Impl::choose_upstream(Turn& turn, StreamIndex stream) {
  StreamState& state = streams_[stream];
  if (state.own || !state.started) return;
  metrics_.upstreams_considered.add();
  const StreamId& id = stream_ids_.id_of(stream);
  const Choice chosen = state.complete() ? Choice{} : best_upstream(stream);
  if (chosen.standing != state.standing) states_due_ = true;
  if (chosen.link != kNoLink && chosen.hops != state.hops) {
    // Told at once: brokers that take a stream from each other in a circle, its origin being gone,
    // count to kHopsMax, and should be quick.
    states_due_ = true;
    state.hops = std::min<std::uint8_t>(chosen.hops, kHopsMax);
  }
  state.standing = chosen.standing;
  if (chosen.link == state.upstream) return;
  if (const auto old = links_.find(state.upstream);
      old != links_.end() && old->second.is_joined()) {
    send(turn, old->second.address, Untake{id});
  }
  state.upstream = chosen.link;
  states_due_ = true;  // What is offered to whom has changed.
  if (id.lane == Lane::events) state.complete_for = complete_for_nobody();
  moved_streams_.push_back(stream);
  if (chosen.link == kNoLink) return;
  links_.at(chosen.link).told.erase(stream);
  take(turn, stream, true);
  all_reports_due_.insert(stream);
}

void Node::Impl::update_channels(Turn& turn) {
  for (auto& [link_id, link] : links_) {
    if (!link.dialled() || !link.is_known()) continue;
    std::set<std::string> wanted;
    for (const auto& [id, index] : stream_ids_.by_id()) {
      if (streams_[index].upstream == link_id && id.lane == Lane::cache) {
        wanted.insert(channel_of(id));
      }
    }
    for (const std::string& channel : link.channels) {
      if (wanted.count(channel) == 0)
        turn.outbox.interests.push_back({link.address.peer, channel, false});
    }
    for (const std::string& channel : wanted) {
      if (link.channels.count(channel) == 0) {
        turn.outbox.interests.push_back({link.address.peer, channel, true});
      }
    }
    link.channels = std::move(wanted);
  }
}

// With `everything` the neighbour declares all topics of the stream first.
void Node::Impl::take(Turn& turn, StreamIndex stream, bool everything) {
  StreamState& state = streams_[stream];
  const auto link = links_.find(state.upstream);
  if (link == links_.end()) return;
  const StreamId& id = stream_ids_.id_of(stream);
  state.take_pending = true;
  state.take_sent = turn.now.instant;
  metrics_.takes_sent.add();
  send(turn, link->second.address,
       Take{id, state.frontier, everything,
            id.lane == Lane::bulk ? options_.bulk_window_bytes : options_.link_window_bytes});
}

// Something before what came is missing. Asked for once, and again only when it takes too long.
void Node::Impl::retake(Turn& turn, StreamIndex stream) {
  StreamState& state = streams_[stream];
  if (state.upstream == kNoLink) return;
  if (state.refill_through > state.frontier) return ask_refill(turn, stream);
  if (state.take_pending && turn.now.instant - state.take_sent < kRetakeAfter) return;
  metrics_.takes_repeated.add();
  take(turn, stream, false);
}

void Node::Impl::on_taken(const Now& now, Link& link, const Taken& taken) {
  const auto index = stream_ids_.find(taken.stream);
  if (!index || streams_[*index].own || streams_[*index].upstream != link.id) return;
  StreamState& state = streams_[*index];
  if (taken.head <= state.head_seen) return;
  if (state.head_seen <= state.frontier) state.progressed = now.instant;
  state.head_seen = taken.head;
}

// The greatest head that a neighbour offers now.
Number Node::Impl::offered_head(StreamIndex stream) const {
  Number head = 0;
  for (const auto& [link_id, link] : links_) {
    const auto offer = link.offers.find(stream_ids_.id_of(stream));
    if (link.is_joined() && offer != link.offers.end()) head = std::max(head, offer->second.head);
  }
  return head;
}

void Node::Impl::tick_streams(Turn& turn) {
  for (StreamIndex stream = 0; stream < streams_.size(); ++stream) {
    StreamState& state = streams_[stream];
    if (state.own || !state.started || state.closed()) continue;
    if (state.complete() && stream_ids_.id_of(stream).lane == Lane::cache) {
      seen_.complete(seen_.place_of(stream, stream_ids_.id_of(stream)));
    }
    if (state.head_seen > state.frontier && turn.now.instant - state.progressed > kStalled &&
        turn.now.instant - state.take_sent > kStalled) {
      retake(turn, stream);
    }
    if (state.refill_through > state.frontier) {
      ask_refill(turn, stream);
      // As long as nobody can be asked nothing is known to be lost.
      if (offered_head(stream) <= state.frontier) state.refill_since = turn.now.instant;
      const Instant since = std::max(state.refill_since, state.progressed);
      if (turn.now.instant - since > refill_patience(state)) give_up_refill(turn, stream);
    }
    if (state.superseded == Instant{} || state.complete()) continue;
    if (turn.now.instant - state.superseded < kClosingAfter) continue;
    if (state.frontier < offered_head(stream)) continue;  // Somebody still has more of it.
    // The origin lives on in a later incarnation, and nobody has the rest.
    const StreamId& id = stream_ids_.id_of(stream);
    Arrival arrival;
    arrival.after = state.frontier;
    arrival.through = state.final ? state.final_number : kNumberMax;
    log(turn, LogLevel::warning,
        "stream " + to_string(id) + " is over, and what was numbered after " +
            std::to_string(state.frontier) + (state.final ? " is" : " may be") + " lost");
    arrival.gap = std::make_shared<Gap>(Gap{
        id,
        arrival.after,
        arrival.through,
        {},
        state.final ? "the origin began a new incarnation, and nobody holds the rest of this one"
                    : "the origin began a new incarnation without a goodbye: its last messages "
                      "may be lost"});
    state.drop_kept();
    apply(turn, stream, std::move(arrival));
    choose_upstream(turn, stream);
  }
}

}  // namespace mpreg
