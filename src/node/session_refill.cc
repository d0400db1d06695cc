// A session that comes from elsewhere, or after a while, stands before what this broker has been
// sent for the session's patterns: what was left out for lack of interest is fetched for it alone,
// before it goes on from the log.

#include <algorithm>

#include "node/node_impl.h"
#include "wire/packet_codec.h"

namespace mpreg {
namespace {

constexpr std::chrono::milliseconds kSessionAskAgainAfter{300};

}  // namespace

void Node::Impl::plan_refills(Turn& turn, Session& session, bool has_resumed) {
  std::vector<std::string> patterns;
  for (const auto& [pattern, uses] : session.pattern_uses) {
    if (!is_group_name(pattern)) patterns.push_back(pattern);
  }
  session.refill_generation = interest_.due_for(patterns);
  if (session.refill_generation == 0) return;
  tell_interest(turn);  // Whoever answers must know it first.
  for (StreamIndex stream = 0; stream < streams_.size(); ++stream) {
    const StreamState& state = streams_[stream];
    const bool is_theirs = stream_ids_.id_of(stream).lane == Lane::events && !state.own;
    if (!is_theirs || !state.started || state.closed()) continue;
    // One that is under way begins again, for what is wanted now.
    const Number at = has_resumed ? feed_.told(session, stream) : feed_.served_to(session, stream);
    if (at >= state.frontier || is_held_complete(stream, at, session.refill_generation)) continue;
    session.refills[stream] = {at, state.frontier, turn.now.instant, {}};
    ask_session_refill(turn, session, stream);
  }
}

// Everything after the number, up to the frontier, for that generation of our interest.
bool Node::Impl::is_held_complete(StreamIndex stream, Number after, Generation generation) const {
  const RetainedLog& log = log_of(stream);
  const Number frontier = streams_[stream].frontier;
  if (log.held_after(stream).value_or(frontier) > after) return false;
  for (Number at = after; at < frontier;) {
    const LogEntry* entry = log.find(log.seek(stream, at));
    if (entry == nullptr) return false;
    if (!entry->gap) {
      const auto known = generation_for(entry->complete_for, options_.cluster);
      if (!known || *known < generation) return false;
    }
    at = entry->through;
  }
  return true;
}

void Node::Impl::ask_session_refill(Turn& turn, Session& session, StreamIndex stream) {
  SessionRefill& refill = session.refills.at(stream);
  if (turn.now.instant - refill.sent < kSessionAskAgainAfter || !session.has_credit_for(1)) return;
  const auto link = links_.find(streams_[stream].upstream);
  if (link == links_.end() || !link->second.is_known()) return;
  refill.sent = turn.now.instant;
  metrics_.refills_sent.add();
  send(turn, link->second.address,
       Refill{stream_ids_.id_of(stream),
              refill.done,
              refill.through,
              options_.cluster,
              session.refill_generation,
              session.id,
              {options_.cluster}});
}

void Node::Impl::on_session_refill(Turn& turn, StreamIndex stream, const RefillMark& mark,
                                   Arrival arrival) {
  Session* const found = sessions_.of_id(mark.tag);
  if (found == nullptr) return;
  Session& session = *found;
  const auto pending = session.refills.find(stream);
  if (pending == session.refills.end() || mark.generation < session.refill_generation ||
      arrival.through <= pending->second.done || arrival.after > pending->second.done) {
    return;
  }
  SessionRefill& refill = pending->second;
  if (!stream_topics_.declare(stream, arrival.declarations) ||
      !stream_topics_.aliases_known(stream, arrival.body)) {
    return metrics_.link_batches_malformed.add();
  }
  refill.done = arrival.through;
  refill.since = turn.now.instant;
  refill.sent = turn.now.instant;  // More of the answer may follow.
  if (mark.is_lost || arrival.gap) {
    feed_.send_gap(turn, session,
                   {stream_ids_.id_of(stream), 0, arrival.through,
                    lost_scope(session, Lane::events, 0), "it is not held any more"},
                   stream);
  } else if (!arrival.body.frame.empty()) {
    LogEntry entry;
    entry.stream = stream;
    entry.after = arrival.after;
    entry.through = arrival.through;
    entry.hops = arrival.hops;
    entry.body = std::move(arrival.body);
    if (feed_.select(session, entry)) feed_.send_selected(turn, session, entry);
  }
  if (refill.done < refill.through) return;
  end_session_refill(turn, session, stream);
}

// What follows comes from the log, or live.
void Node::Impl::end_session_refill(Turn& turn, Session& session, StreamIndex stream) {
  const Number through = session.refills.at(stream).through;
  session.refills.erase(stream);
  if (feed_.told(session, stream) < through) {
    BatchHeader header;
    header.stream = stream_ids_.id_of(stream);
    header.after = feed_.told(session, stream);
    header.through = through;
    header.interest_generation = session.interest_generation;
    const Frame frame = encode_packet(header);
    session.set_told(stream, through);
    session.sent_bytes += frame.size();
    turn.outbox.sendings.push_back({{Door::session, session.peer}, frame, {}});
  }
  mark_serving(session);
}

void Node::Impl::tick_session_refills(Turn& turn, Session& session) {
  std::vector<StreamIndex> given_up;
  for (auto& [stream, refill] : session.refills) {
    if (turn.now.instant - refill.since > refill_patience(streams_[stream])) {
      given_up.push_back(stream);
    } else {
      ask_session_refill(turn, session, stream);
    }
  }
  for (const StreamIndex stream : given_up) {
    metrics_.refills_given_up.add();
    feed_.send_gap(
        turn, session,
        {stream_ids_.id_of(stream), 0, session.refills.at(stream).through,
         lost_scope(session, Lane::events, 0), "nobody who can be reached holds what was left out"},
        stream);
    end_session_refill(turn, session, stream);
  }
}

}  // namespace mpreg
