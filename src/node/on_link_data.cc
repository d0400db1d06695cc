#include <algorithm>

#include "node/node_impl.h"
#include "topic/topic.h"

namespace mpreg {

void Node::Impl::on_link_batch(Turn& turn, Link& link, BatchHeader& header, Frame frame) {
  if (header.refill) return on_refill_answer(turn, header, std::move(frame));
  const auto index = stream_ids_.find(header.stream);
  // Of a stream whose offer has not come yet: it will be taken from its beginning then.
  if (!index || streams_[*index].own || !streams_[*index].started || streams_[*index].closed()) {
    return metrics_.packets_unexpected.add();
  }
  StreamState& state = streams_[*index];
  if (header.through < header.after || header.through == kNumberMax) {
    return metrics_.link_batches_malformed.add();
  }
  Arrival arrival;
  learn_completeness(link, *index, header, arrival);
  if (header.through == header.after) {  // Declarations alone, or completeness.
    if (!stream_topics_.declare(*index, header.declarations)) metrics_.link_batches_malformed.add();
    return;
  }
  if (header.through > state.head_seen) state.head_seen = header.through;
  if (!open_arrival(turn, header, std::move(frame), arrival)) return;
  accept(turn, *index, std::move(arrival));
}

// For whom the batch is complete: as it says, or as was said before it on this link.
void Node::Impl::learn_completeness(Link& link, StreamIndex stream, BatchHeader& header,
                                    Arrival& arrival) {
  if (header.stream.lane != Lane::events) return;
  moved_streams_.push_back(stream);
  if (header.completeness == Completeness::told_here) {
    link.told[stream] =
        std::make_shared<const std::vector<ClusterGeneration>>(std::move(header.complete_for));
    if (streams_[stream].upstream == link.id) streams_[stream].complete_for = link.told[stream];
  }
  if (header.completeness == Completeness::everybody) return;
  const auto told = link.told.find(stream);
  arrival.complete_for = told != link.told.end() ? told->second : complete_for_nobody();
}

// What a batch brings. One that cannot be read is a loss, which it becomes; false when there is
// nothing in it.
bool Node::Impl::open_arrival(Turn& turn, BatchHeader& header, Frame frame, Arrival& arrival) {
  arrival.after = header.after;
  arrival.through = header.through;
  arrival.hops = header.hops;
  arrival.declarations = std::move(header.declarations);
  arrival.left_out = std::move(header.left_out);
  if (!header.seen.empty()) {
    arrival.seen = std::make_shared<const std::vector<SeenPosition>>(std::move(header.seen));
  }
  if (header.through <= header.after || header.through == kNumberMax) {
    metrics_.link_batches_malformed.add();
    return false;
  }
  if (frame.empty()) return true;
  // What is too large for this cluster may be for another one behind it; values are looked at one
  // by one, and facts are small. A message has to fit, for it has to be delivered as it is.
  const bool has_limit = header.stream.lane == Lane::events;
  auto opened =
      open_body(std::move(frame), has_limit ? BodyLimits{options_.payload_bytes_max} : kOwnBody);
  const bool is_right = opened && opened->stamp.lane == header.stream.lane &&
                        opened->stamp.incarnation == header.stream.incarnation &&
                        opened->first() > header.after && opened->last() == header.through;
  if (is_right) {
    arrival.body = std::move(*opened);
    return true;
  }
  // It would come again as it is: what it holds is lost to this cluster, and that is told.
  if (!opened && opened.error() == BodyFault::payload_too_large) {
    metrics_.batches_without_room.add();
    log(turn, LogLevel::warning,
        "a batch of " + to_string(header.stream) + " is lost here: a message is larger than " +
            std::to_string(options_.payload_bytes_max) + " bytes (payload-max)");
    arrival.failure = ApplyFailure::too_large;
    arrival.gap = std::make_shared<Gap>(Gap{
        header.stream, header.after, header.through, {}, "a message was larger than payload-max"});
    return true;
  }
  arrival.failure = ApplyFailure::unreadable;
  metrics_.link_batches_malformed.add();
  log(turn, LogLevel::error,
      "a batch of " + to_string(header.stream) + " is not readable: " +
          std::string(opened ? "it is not what its header says" : name_of(opened.error())));
  arrival.gap = std::make_shared<Gap>(
      Gap{header.stream, header.after, header.through, {}, "a batch was not readable"});
  return true;
}

void Node::Impl::on_link_gap(Turn& turn, Link& link, const Gap& gap) {
  const auto index = stream_ids_.find(gap.stream);
  if (!index || streams_[*index].own || !streams_[*index].started || streams_[*index].closed() ||
      gap.through <= gap.after) {
    return metrics_.packets_unexpected.add();
  }
  log(turn, LogLevel::warning,
      link.peer.cluster + " has lost " + to_string(gap.stream) + " after " +
          std::to_string(gap.after));
  Arrival arrival;
  arrival.after = gap.after;
  arrival.through = gap.through;
  arrival.gap = std::make_shared<Gap>(gap);
  accept(turn, *index, std::move(arrival));
}

// Applies what is next and what it makes next; keeps what came early and asks for what is before
// it.
void Node::Impl::accept(Turn& turn, StreamIndex stream, Arrival arrival) {
  StreamState::Verdict verdict = streams_[stream].judge(arrival);
  if (verdict == StreamState::Verdict::duplicate) {
    // What is known already may still declare topics that are not.
    if (!stream_topics_.declare(stream, arrival.declarations))
      metrics_.link_batches_malformed.add();
    return metrics_.link_batches_duplicate.add();
  }
  if (!is_complete(stream, arrival)) return want_refill(turn, stream, arrival.through);
  if (verdict == StreamState::Verdict::overlap) {
    metrics_.link_batches_malformed.add();
    return retake(turn, stream);
  }
  if (verdict == StreamState::Verdict::early) {
    metrics_.link_batches_early.add();
    streams_[stream].keep(std::move(arrival), options_.link_window_bytes);
    return retake(turn, stream);
  }
  std::optional<Arrival> next = std::move(arrival);
  while (next) {
    // What was kept may have come before more was asked for.
    if (!is_complete(stream, *next)) return want_refill(turn, stream, next->through);
    const bool is_known = stream_topics_.declare(stream, next->declarations) &&
                          stream_topics_.aliases_known(stream, next->body);
    if (!is_known) {
      // An alias without a topic is a hole like any other, and repair declares what it sends.
      metrics_.link_batches_malformed.add();
      return retake(turn, stream);
    }
    if (stream_topics_.lacks_room(stream, next->body))
      stream_topics_.lose_for_room(turn, stream, *next);
    apply(turn, stream, std::move(*next));
    next = streams_[stream].next_kept();
  }
  if (streams_[stream].has_kept()) retake(turn, stream);
  if (streams_[stream].complete()) choose_upstreams(turn);
}

std::vector<Declaration> Node::Impl::declarations_for(
    StreamIndex stream, const Body& body, const std::vector<std::uint16_t>& records) const {
  std::vector<Declaration> declarations;
  std::set<Alias> told;
  for (const std::uint16_t i : records) {
    const Alias alias = body.records[i].alias;
    if (alias == kNoAlias || body.records[i].kind == RecordKind::none) continue;
    if (!told.insert(alias).second) continue;
    declarations.push_back({alias, topics_.text_of(topics_.find(stream, alias))});
  }
  return declarations;
}

// Who has applied how much: credit for what is served, confirmation of operations, and news for the
// broker from which this one takes the stream.
void Node::Impl::on_applied(Turn& turn, Link& link, const Applied& applied) {
  const auto index = stream_ids_.find(applied.stream);
  if (!index) return;
  const StreamState& state = streams_[*index];
  const auto serving = link.servings.find(*index);
  if (serving != link.servings.end()) note_behind(link, serving->second, applied);
  for (const AppliedBy& report : applied.reports) {
    if (report.cluster == options_.cluster) continue;
    if (report.cluster == link.peer.cluster && serving != link.servings.end()) {
      serving->second.acknowledge(report.number);
    }
    if (!state.own) {
      const auto [below, is_new] = downstream_[*index].try_emplace(report.cluster);
      below->second.link = link.id;
      Below& known = below->second;
      bool has_failed = false;
      for (const NotApplied& range : report.failures) {
        has_failed = known.failures.add(range) || has_failed;
      }
      if (!is_new && !has_failed && report.number <= known.number &&
          report.observed <= known.observed) {
        continue;
      }
      known.number = std::max(known.number, report.number);
      known.observed = std::max(known.observed, report.observed);
      reports_due_[*index].insert(report.cluster);
      continue;
    }
    const StreamId& id = applied.stream;
    if (*index != own_[static_cast<std::size_t>(id.lane)]) continue;
    // Nobody has applied what was not stamped.
    if (report.number > state.frontier) {
      metrics_.packets_unexpected.add();
      continue;
    }
    take_failures(turn, link, *index, report);
    pending_.applied(report.cluster, id.lane, report.number, turn.now.instant, ended_);
    if (id.lane == Lane::cache) {
      pending_.observed(report.cluster, std::min(report.observed, report.number), turn.now.instant,
                        ended_);
    }
  }
}

// Which clusters take a stream by a link, as the neighbour names them.
void Node::Impl::note_behind(const Link& link, Serving& serving, const Applied& applied) {
  if (!applied.is_all) {
    for (const AppliedBy& report : applied.reports) {
      interest_.intern(report.cluster);
      serving.filter.add(report.cluster);
    }
    return;
  }
  std::set<std::string> clusters{link.peer.cluster};
  for (const AppliedBy& report : applied.reports) {
    interest_.intern(report.cluster);
    clusters.insert(report.cluster);
  }
  serving.filter.replace(std::move(clusters));
}

// The stream is not taken by this link any more, or not for now.
void Node::Impl::forget_below(StreamIndex stream, LinkId link) {
  const auto below = downstream_.find(stream);
  if (below == downstream_.end()) return;
  std::erase_if(below->second, [&](const auto& entry) { return entry.second.link == link; });
}

}  // namespace mpreg
