// Incarnations, of this broker and of others: which one is current, where those before it have
// ended, and what of them is lost. Their records decide (stream/incarnation.h); nothing is guessed
// from what somebody remembers.

#include <algorithm>

#include "node/node_impl.h"

namespace mpreg {

// A neighbour, or somebody behind it, says what it knows of this cluster. While the other one is
// still heard from, that is a second broker of this name: it, or this one, was started by mistake,
// and numbering above each other would not end.
void Node::Impl::hear_of_self(Turn& turn, const Member& member) {
  const bool is_heard =
      member.hops < kHopsMax && std::chrono::milliseconds(member.age_ms) < kPeerDown;
  const Incarnation known = member.record.incarnation;
  if (incarnation_.is_conflict(known) && !is_heard) {
    begin_incarnation(turn, known, Renewal::conflict);
  }
  if (incarnation_.is_conflict(member.stray)) {
    begin_incarnation(turn, member.stray, Renewal::conflict);
  }
}

// A client that comes back stands there, or a neighbour. A number above the head means that this
// process was rolled back. An incarnation that nobody here knows numbered something of which
// perhaps only this client has heard.
void Node::Impl::hear_of_self(Turn& turn, const StreamPosition& position) {
  const StreamId& id = position.stream;
  if (id.origin != options_.cluster || position.number == 0) return;
  const Number head = streams_[own_[static_cast<std::size_t>(id.lane)]].frontier;
  const bool is_present = id.incarnation == incarnation_.incarnation();
  if (is_present && position.number > head && position.number != kNumberMax) {
    begin_incarnation(turn, {}, Renewal::rolled_back);
  } else if (incarnation_.believes(id.incarnation)) {
    begin_incarnation(turn, id.incarnation, Renewal::conflict);
  }
}

// In the same process. What was published in the one before stays what it is, and is over.
void Node::Impl::begin_incarnation(Turn& turn, const Incarnation& above, Renewal why) {
  for (const StreamIndex own : own_) {
    streams_[own].final = true;
    streams_[own].final_number = streams_[own].frontier;
  }
  const Incarnation before = incarnation_.incarnation();
  incarnation_.begin(why, above, heads_of(streams_, own_));
  const Incarnation& now = incarnation_.incarnation();
  (void)lineages_.of(options_.cluster).meet(incarnation_.record());
  membership_.begin(now);
  compare_.sampled_head = 0;
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    own_[lane] = know_stream(turn.now, {options_.cluster, now, static_cast<Lane>(lane)});
    streams_[own_[lane]].own = true;
    streams_[own_[lane]].started = true;
  }
  // What was numbered beside it, or after it, is known to nobody here: what is held may be older,
  // and what clients were told does not cover it.
  seen_.begin(own_[static_cast<std::size_t>(Lane::cache)]);
  doubt_all();
  base_ = {};
  has_taken_base_ = true;  // It begins as somebody joins: all of it is for everybody.
  interest_.begin_again(now.counter);
  spread(turn, interest_.all_of_ours(), kNoLink);
  pending_.fail_all(turn.now.instant, ended_);
  pending_.forget_positions();
  values_.clear();
  claims_.claims().renumbered(turn.now.instant);
  states_due_ = true;
  log(turn, LogLevel::warning,
      "incarnation " + to_string(now) + " follows " + to_string(before) + ": " +
          std::string(name_of(why)));
}

// Somebody announced this record of another cluster: its broker, or whoever has heard of it. Where
// it follows one that is known here, the streams of that one end: in each lane everything is held,
// or the rest comes from whoever holds it, or ends as a gap (tick_streams).
void Node::Impl::meet(Turn& turn, const std::string& cluster, const IncarnationRecord& record) {
  Lineage& lineage = lineages_.of(cluster);
  // What is said with each heartbeat.
  if (lineage.current() && lineage.current()->incarnation == record.incarnation) return;
  const std::optional<IncarnationRecord> held = lineage.current();
  if (lineage.meet(record) == Lineage::News::older) return;
  supersede(turn.now, cluster, record.incarnation);
  if (!held) return;
  LaneNumbers numbers{};
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    const auto index = stream_ids_.find({cluster, held->incarnation, static_cast<Lane>(lane)});
    if (index && streams_[*index].started) numbers[lane] = streams_[*index].frontier;
  }
  for (const StreamEnd& end : ends_at_succession(*held, numbers, record)) {
    const StreamId id{cluster, end.incarnation, end.lane};
    if (end.last == Number{0} && !stream_ids_.find(id)) continue;
    const StreamIndex index = know_stream(turn.now, id);
    StreamState& state = streams_[index];
    if (state.own || state.closed()) continue;
    if (!state.started) {
      state.started = true;
      // What was left out on the way, because nobody had asked for it, has to be asked for.
      if (end.lane == Lane::events && interest_.told_size() > 0) state.required = interest_.due();
      moved_streams_.push_back(index);
      if (id.lane == Lane::cache) seen_.await_end(seen_.place_of(index, id));
      if (applier_ != nullptr) applier_->follow(id, 0);
    }
    if (state.superseded == Instant{}) state.superseded = turn.now.instant;
    state.progressed = turn.now.instant;
    state.final = end.last.has_value();
    state.final_number = end.last.value_or(0);
    state.is_end_unknown = !end.last;
    state.head_seen = std::max(state.head_seen, state.final_number);
  }
}

// It has left, and its last number is known. What it numbered meanwhile may not have come here, as
// after a partition; whoever holds it still is asked for it, or it is reported as a gap. Of one
// that had left before this broker started nothing is held here.
void Node::Impl::end_left(Turn& turn, const Member& member) {
  const Lineage* lineage = lineages_.find(member.cluster);
  if (lineage == nullptr || !lineage->current()) return;
  meet(turn, member.cluster, member.record);
  const StreamId id{member.cluster, member.record.incarnation, Lane::cache};
  const Number last = member.word.last_fact;
  if (last == 0 && !stream_ids_.find(id)) return;
  const StreamIndex index = know_stream(turn.now, id);
  StreamState& state = streams_[index];
  if (state.own || state.final || state.closed()) return;
  if (!state.started) {
    state.started = true;
    moved_streams_.push_back(index);
    seen_.await_end(seen_.place_of(index, id));
    if (applier_ != nullptr) applier_->follow(id, 0);
  }
  if (state.superseded == Instant{}) state.superseded = turn.now.instant;
  state.progressed = turn.now.instant;
  state.final = true;
  state.final_number = last;
  state.head_seen = std::max(state.head_seen, last);
}

void Node::Impl::supersede(const Now& now, const std::string& cluster, const Incarnation& current) {
  for (const auto& [id, index] : stream_ids_.by_id()) {
    StreamState& state = streams_[index];
    if (id.origin != cluster || id.incarnation >= current) continue;
    if (state.superseded == Instant{}) state.superseded = now.instant;
  }
}

}  // namespace mpreg
