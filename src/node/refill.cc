#include <algorithm>

#include "message/target_names.h"
#include "node/node_impl.h"

namespace mpreg {
namespace {

constexpr std::chrono::milliseconds kRefillAgainAfter{300};
constexpr std::uint64_t kAnswerBytes = 1ULL << 20U;  // At most, for one request.
constexpr std::size_t kRouteHopsMax = 32;

}  // namespace

// Whether something in the arrival that is for this cluster may have been left out on its way.
bool Node::Impl::is_complete(StreamIndex stream, const Arrival& arrival) const {
  if (arrival.gap) return true;
  if (stream_ids_.id_of(stream).lane == Lane::bulk) {
    return !selects(arrival.left_out, options_.cluster, options_.region);
  }
  const Generation required = streams_[stream].required;
  if (required == 0) return true;
  const auto generation = generation_for(arrival.complete_for, options_.cluster);
  return generation && *generation >= required;
}

// The same of what is held here, for anybody.
bool Node::Impl::is_complete_for(const LogEntry& entry, const std::string& cluster,
                                 Generation generation) const {
  if (entry.gap) return false;
  if (stream_ids_.id_of(entry.stream).lane == Lane::bulk) {
    if (!entry.targets || !entry.body.frame.empty()) return true;
    const auto& targets = entry.targets->front();
    const Members::Known* member = members_.find(cluster);
    const bool is_placed = member != nullptr || cluster == options_.cluster;
    return is_placed ? !selects(targets, cluster,
                                member != nullptr ? member->member.region : options_.region)
                     : std::none_of(targets.begin(), targets.end(), [&](const std::string& target) {
                         return target == cluster || is_target_selector(target);
                       });
  }
  const auto known = generation_for(entry.complete_for, cluster);
  return known && *known >= generation && interest_.table().generation_of(cluster) >= generation;
}

// The arrival up to that number is of no use.
void Node::Impl::want_refill(Turn& turn, StreamIndex stream, Number through) {
  metrics_.link_batches_incomplete.add();
  StreamState& state = streams_[stream];
  if (state.refill_through <= state.frontier) state.refill_since = turn.now.instant;
  state.refill_through = std::max(state.refill_through, through);
  ask_refill(turn, stream);
}

void Node::Impl::ask_refill(Turn& turn, StreamIndex stream) {
  StreamState& state = streams_[stream];
  if (state.refill_through <= state.frontier) return;
  if (turn.now.instant - state.refill_sent < kRefillAgainAfter) return;
  const auto link = links_.find(state.upstream);
  if (link == links_.end() || !link->second.is_known()) return;
  state.refill_sent = turn.now.instant;
  metrics_.refills_sent.add();
  // What has come after it was filtered in the same way, most likely: one question for all of it.
  send(turn, link->second.address,
       Refill{stream_ids_.id_of(stream),
              state.frontier,
              std::max(state.refill_through, state.head_seen),
              options_.cluster,
              state.required,
              0,
              {options_.cluster}});
}

// Nobody who can be reached holds it complete: that is told, and the stream goes on behind it. It
// may concern any topic: who is told of it later may want other patterns than anybody here does
// now.
void Node::Impl::give_up_refill(Turn& turn, StreamIndex stream) {
  StreamState& state = streams_[stream];
  ++state.refills_given_up;
  const StreamId& id = stream_ids_.id_of(stream);
  log(turn, LogLevel::warning,
      to_string(id) + " " + std::to_string(state.frontier + 1) + ".." +
          std::to_string(state.refill_through) + " came incomplete, and nobody has the rest");
  Arrival arrival;
  arrival.after = state.frontier;
  arrival.through = state.refill_through;
  arrival.gap = std::make_shared<Gap>(Gap{id,
                                          state.frontier,
                                          state.refill_through,
                                          {},
                                          "what was left out for others is not held any more"});
  metrics_.refills_given_up.add();
  accept(turn, stream, std::move(arrival));
}

void Node::Impl::on_refill(Turn& turn, Link& link, const Refill& request) {
  const auto index = stream_ids_.find(request.stream);
  if (!index || !streams_[*index].started || request.route.empty() ||
      request.through <= request.after) {
    return metrics_.packets_unexpected.add();
  }
  if (answer_refill(turn, link, *index, request)) return;
  const auto upstream = links_.find(streams_[*index].upstream);
  const bool has_passed = std::find(request.route.begin(), request.route.end(), options_.cluster) !=
                          request.route.end();
  if (upstream == links_.end() || !upstream->second.is_joined() || upstream->first == link.id ||
      has_passed || request.route.size() >= kRouteHopsMax) {
    return metrics_.refills_unanswered.add();
  }
  Refill further = request;
  further.route.push_back(options_.cluster);
  send(turn, upstream->second.address, further);
}

// With what is held here without a break and complete for whom it is; false when that is nothing.
bool Node::Impl::answer_refill(Turn& turn, Link& link, StreamIndex stream, const Refill& request) {
  const StreamId& id = request.stream;
  const StreamState& state = streams_[stream];
  const RetainedLog& log = log_of(stream);
  BatchHeader header;
  header.stream = id;
  header.after = header.through = request.after;
  header.refill =
      RefillMark{request.cluster, request.generation, request.tag, false, request.route};
  const Number held = log.held_after(stream).value_or(state.frontier);
  if (held > request.after) {
    if (!state.own) return false;
    header.through = std::min(held, request.through);
    header.refill->is_lost = true;
    send(turn, link.address, header);
    return true;
  }
  const auto* asking = interest_.table().find(request.cluster);
  std::uint64_t bytes = 0;
  Number sent = request.after;
  for (LogPosition position = log.seek(stream, request.after);
       header.through < request.through && bytes < kAnswerBytes;) {
    const LogEntry* entry = log.find(position);
    if (entry == nullptr || !is_complete_for(*entry, request.cluster, request.generation)) break;
    std::vector<std::uint16_t> records;
    cluster_matches_.begin_body();
    for (std::size_t i = 0; i < entry->body.records.size(); ++i) {
      const Record& record = entry->body.records[i];
      bool is_wanted = id.lane == Lane::bulk;
      if (!is_wanted && record.kind != RecordKind::none && asking != nullptr) {
        const IdList& wanting = cluster_matches_.wanting(stream, entry->body, record);
        is_wanted = std::binary_search(wanting.begin(), wanting.end(), asking->index);
      }
      if (is_wanted) records.push_back(static_cast<std::uint16_t>(i));
    }
    header.through = entry->through;
    header.hops = static_cast<std::uint8_t>(entry->hops + 1);
    if (!records.empty()) {
      header.declarations = declarations_for(stream, entry->body, records);
      const Frame body = records.size() == entry->body.records.size()
                             ? entry->body.frame
                             : body_parts_.of(entry->body, records);
      bytes += body.size();
      send(turn, link.address, header, body);
      sent = header.after = header.through;
      header.declarations.clear();
    } else if (id.lane == Lane::bulk) {
      header.left_out = all_targets(*entry);
      send(turn, link.address, header);
      sent = header.after = header.through;
      header.left_out.clear();
    }
    position = log.seek(stream, header.through);
  }
  if (header.through > sent) send(turn, link.address, header);
  if (header.through == request.after) return false;
  metrics_.refills_answered.add();
  return true;
}

// On its way back along the route, or here.
void Node::Impl::on_refill_answer(Turn& turn, BatchHeader& header, Frame body) {
  RefillMark& mark = *header.refill;
  if (mark.cluster != options_.cluster) {
    if (!mark.route.empty() && mark.route.back() == options_.cluster) mark.route.pop_back();
    if (mark.route.empty()) return metrics_.packets_unexpected.add();
    for (const auto& [id, link] : links_) {
      if (!link.is_joined() || link.peer.cluster != mark.route.back()) continue;
      header.hops = static_cast<std::uint8_t>(header.hops + 1);
      return send(turn, link.address, header, std::move(body));
    }
    return metrics_.refills_unanswered.add();
  }
  const auto index = stream_ids_.find(header.stream);
  if (!index || streams_[*index].own || !streams_[*index].started || streams_[*index].closed()) {
    return metrics_.packets_unexpected.add();
  }
  Arrival arrival;
  if (!open_arrival(turn, header, std::move(body), arrival)) return;
  if (mark.tag != 0) return on_session_refill(turn, *index, mark, std::move(arrival));
  arrival.complete_for = std::make_shared<const std::vector<ClusterGeneration>>(
      1, ClusterGeneration{options_.cluster, mark.generation});
  if (mark.is_lost) {
    arrival.gap = std::make_shared<Gap>(Gap{
        header.stream, header.after, header.through, {}, "the origin does not hold it any more"});
  }
  // More of the answer may follow: what is missing after that is asked for by the next tick.
  if (arrival.through > streams_[*index].frontier) streams_[*index].refill_sent = turn.now.instant;
  accept(turn, *index, std::move(arrival));
}

}  // namespace mpreg
