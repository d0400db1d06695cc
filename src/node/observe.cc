#include <algorithm>
#include <utility>

#include "node/node_impl.h"

namespace mpreg {

// A fact, or what was lost; the same when it comes a second time, in the stream of another broker.
void Node::Impl::await_observers(const Now& now, StreamIndex stream, Number first, Number last) {
  ObserveDesk::Fact fact{first, last, now.instant + kNearCacheLease + kLeaseMargin, {}, {}};
  if (observe_.departed_until > now.instant) fact.not_before = observe_.departed_until;
  for (const auto& [client, slot] : slot_of_client_) {
    if (sessions_[slot]->observes) fact.clients.insert(client);
  }
  if (fact.clients.empty() && fact.not_before == Instant{}) return;
  observe_.waiting[stream].push_back(std::move(fact));
}

// So far every near cache of the cluster has applied a stream, or serves nothing older any more.
Number Node::Impl::observed_of(StreamIndex stream) const {
  const auto waiting = observe_.waiting.find(stream);
  if (waiting == observe_.waiting.end()) return streams_[stream].frontier;
  return waiting->second.front().first - 1;
}

void Node::Impl::on_observed(const Now& now, Session& session, const Observed& observed) {
  session.observes = true;
  for (const StreamPosition& position : observed.positions) {
    const auto index = stream_ids_.find(position.stream);
    if (!index) continue;
    const auto waiting = observe_.waiting.find(*index);
    if (waiting == observe_.waiting.end()) continue;
    for (ObserveDesk::Fact& fact : waiting->second) {
      if (fact.last > position.number) break;
      fact.clients.erase(session.client);
    }
  }
  settle_observed(now);
}

void Node::Impl::settle_observed(const Now& now) {
  for (auto it = observe_.waiting.begin(); it != observe_.waiting.end();) {
    auto& [stream, facts] = *it;
    const std::size_t before = facts.size();
    while (!facts.empty()) {
      const ObserveDesk::Fact& fact = facts.front();
      const bool is_over = now.instant >= fact.fence && now.instant >= fact.not_before;
      if (!is_over && (!fact.clients.empty() || now.instant < fact.not_before)) break;
      if (!fact.clients.empty()) metrics_.near_caches_fenced.add(fact.clients.size());
      facts.pop_front();
    }
    const StreamIndex changed = stream;
    const bool has_moved = facts.size() != before;
    it = facts.empty() ? observe_.waiting.erase(it) : std::next(it);
    if (has_moved && !streams_[changed].own) reports_due_[changed].insert(std::string());
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
