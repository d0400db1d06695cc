// What this cluster, or one behind it, has passed in a stream and does not hold: reported towards
// the origin, whose operations end as failed for that cluster, until the origin knows.

#include <algorithm>

#include "node/node_impl.h"
#include "wire/packet_limits.h"

namespace mpreg {

static_assert(ApplyFailures::kRangesMax <= kFailuresMax, "a report must be accepted");

void Node::Impl::note_failure(StreamIndex stream, const NotApplied& range) {
  const StreamId& id = stream_ids_.id_of(stream);
  if (streams_[stream].own || id.lane == Lane::events) return;
  if (!failures_[stream].add(range)) return;
  metrics_.not_applied.add(range.last - range.first + 1);
  reports_due_[stream].insert(std::string());
}

std::vector<NotApplied> Node::Impl::own_failures(StreamIndex stream) const {
  const auto known = failures_.find(stream);
  return known == failures_.end() ? std::vector<NotApplied>() : known->second.ranges();
}

// At the origin: what a report names ends operations, and the cluster need not repeat it.
void Node::Impl::take_failures(Turn& turn, const Link& link, StreamIndex stream,
                               const AppliedBy& report) {
  if (report.failures.empty()) return;
  const StreamId& id = stream_ids_.id_of(stream);
  const Number head = streams_[stream].frontier;
  for (NotApplied range : report.failures) {
    if (range.first > head) return metrics_.packets_unexpected.add();
    range.last = std::min(range.last, head);
    pending_.failed(report.cluster, id.lane, range, turn.now.instant, ended_);
  }
  const Number through = std::min(report.failures.back().last, head);
  send(turn, link.address, FailuresKnown{id, {{report.cluster, through}}});
}

// From the side of the origin: for this cluster, or for those behind it.
void Node::Impl::on_failures_known(Turn& turn, const Link& link, const FailuresKnown& known) {
  const auto index = stream_ids_.find(known.stream);
  if (!index || streams_[*index].own || streams_[*index].upstream != link.id) {
    return metrics_.packets_unexpected.add();
  }
  for (const FailuresKnown::Of& one : known.clusters) {
    if (one.cluster == options_.cluster) {
      if (const auto own = failures_.find(*index); own != failures_.end()) {
        own->second.know(one.through);
        if (own->second.empty()) failures_.erase(own);
      }
      continue;
    }
    const auto stream = downstream_.find(*index);
    if (stream == downstream_.end()) continue;
    const auto below = stream->second.find(one.cluster);
    if (below == stream->second.end()) continue;
    below->second.failures.know(one.through);
    const auto way = links_.find(below->second.link);
    if (way == links_.end() || !way->second.is_known() || way->first == link.id) continue;
    send(turn, way->second.address, FailuresKnown{known.stream, {one}});
  }
}

}  // namespace mpreg
