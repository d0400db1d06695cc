#include <algorithm>
#include <utility>

#include "node/node_impl.h"

namespace mpreg {

// A fact, or what was lost; the same when it comes a second time, in the stream of another broker.
void Node::Impl::await_observers(const Now& now, StreamIndex stream, Number first, Number last) {
  observers_.await(stream, first, last, now.instant, sessions_.observing_clients());
}

// So far every near cache of the cluster has applied a stream, or serves nothing older any more.
Number Node::Impl::observed_of(StreamIndex stream) const {
  return observers_.observed_through(stream, streams_[stream].frontier);
}

void Node::Impl::on_observed(const Now& now, Session& session, const Observed& observed) {
  session.observes = true;
  for (const StreamPosition& position : observed.positions) {
    if (const auto index = stream_ids_.find(position.stream)) {
      observers_.applied(session.client, *index, position.number);
    }
  }
  settle_observed(now);
}

void Node::Impl::settle_observed(const Now& now) {
  const Observers::Settled settled = observers_.settle(now.instant);
  metrics_.near_caches_fenced.add(settled.fenced);
  for (const StreamIndex stream : settled.moved) {
    if (!streams_[stream].own) reports_due_[stream].insert(std::string());
  }
  report_own_observed(now);
}

// This cluster's own near caches, to its own operations.
void Node::Impl::report_own_observed(const Now& now) {
  if (!pending_.awaits_observers()) return;
  const StreamIndex cache = own_[static_cast<std::size_t>(Lane::cache)];
  const StreamIndex bulk = own_[static_cast<std::size_t>(Lane::bulk)];
  pending_.applied(options_.cluster, Lane::bulk, streams_[bulk].frontier, now.instant, ended_);
  pending_.applied(options_.cluster, Lane::cache, streams_[cache].frontier, now.instant, ended_);
  pending_.observed(options_.cluster, observed_of(cache), now.instant, ended_);
}

}  // namespace mpreg
