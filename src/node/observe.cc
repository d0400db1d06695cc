#include <algorithm>
#include <utility>

#include "message/cache_key.h"
#include "node/node_impl.h"

namespace mpreg {
namespace {

constexpr std::size_t kWaitingGetsMax = 10'000;
constexpr std::chrono::milliseconds kGetWaitMax{60'000};

}  // namespace

// Whether facts were applied that the session has not been sent, or may come from what it knows and
// this broker does not yet.
bool Node::Impl::is_behind(const Session& session) const {
  const auto& unknown = session.resumed.positions();
  return session.cursors[static_cast<std::size_t>(Lane::cache)].behind ||
         std::any_of(unknown.begin(), unknown.end(), [&](const StreamPosition& position) {
           return position.stream.lane == Lane::cache &&
                  session.told_unknown.count(position.stream) == 0;
         });
}

std::uint32_t Node::Impl::age_of(Instant now, const StreamState& stream) {
  if (stream.own) return 0;
  const Instant as_of = stream.freshness.complete_as_of();
  if (as_of == Instant{}) return kAgeUnknown;
  const auto age = std::chrono::ceil<std::chrono::milliseconds>(now - as_of).count();
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(age, 0, kAgeUnknown - 1));
}

// Of an earlier life, too, something may be missing: until all of it has come or is given up.
std::uint32_t Node::Impl::age_of(Instant now, const std::string& origin) const {
  std::uint32_t age = kAgeUnknown;
  std::uint32_t before = 0;
  const Members::Known* member = members_.find(origin);
  const StreamId first{origin, 0, Lane::cache};
  for (auto it = stream_ids_.by_id().lower_bound(first);
       it != stream_ids_.by_id().end() && it->first.origin == origin; ++it) {
    const StreamState& state = streams_[it->second];
    if (it->first.lane != Lane::cache || !state.started) continue;
    if (member != nullptr && it->first.epoch >= member->member.epoch) {
      age = age_of(now, state);
    } else if (!state.complete()) {
      before = std::max(before, age_of(now, state));
    }
  }
  return std::max(age, before);
}

// ---- Level observed.

void Node::Impl::await_observers(const Now& now, StreamIndex stream, Number number) {
  ObserveDesk::Fact fact{number, now.instant + kNearCacheLease + kLeaseMargin, {}, {}};
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
  return waiting->second.front().number - 1;
}

void Node::Impl::on_observed(const Now& now, Session& session, const Observed& observed) {
  session.observes = true;
  for (const StreamPosition& position : observed.positions) {
    const auto index = stream_ids_.find(position.stream);
    if (!index) continue;
    const auto waiting = observe_.waiting.find(*index);
    if (waiting == observe_.waiting.end()) continue;
    for (ObserveDesk::Fact& fact : waiting->second) {
      if (fact.number > position.number) break;
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

// ---- What the store holds.

bool Node::Impl::has_reached(const std::vector<StreamPosition>& positions) const {
  return std::all_of(positions.begin(), positions.end(), [&](const StreamPosition& position) {
    const auto index = stream_ids_.find(position.stream);
    return index && streams_[*index].started && streams_[*index].frontier >= position.number;
  });
}

void Node::Impl::on_cache_get(const Now& now, const Session& session, const CacheGet& request,
                              Outbox& outbox) {
  const Address to{Door::session, session.peer};
  const CacheAddress& address = request.address;
  for (const Result<void>& checked :
       {check_namespace(address.namespace_name), check_key(address.key),
        check_subkey(address.subkey), check_key_version(address.version)}) {
    if (checked) continue;
    return send(outbox, to,
                Answer{request.request, false, checked.error().code, checked.error().text});
  }
  if (has_reached(request.positions)) return send(outbox, to, cache_.get(now.instant, request));
  if (observe_.gets.size() >= kWaitingGetsMax) {
    return send(outbox, to,
                Answer{request.request, false, ErrorCode::overloaded,
                       "10000 requests wait for what has not been applied, which is the limit"});
  }
  const auto wait = std::min(std::chrono::milliseconds(request.wait_ms), kGetWaitMax);
  observe_.gets.push_back({session.id, session.slot, request, now.instant + wait});
  requests_waiting_ = true;
}

bool Node::Impl::settle_gets(const Now& now, Outbox& outbox) {
  std::erase_if(observe_.gets, [&](const ObserveDesk::WaitingGet& waiting) {
    const bool is_there = waiting.slot < sessions_.size() && sessions_[waiting.slot] &&
                          sessions_[waiting.slot]->id == waiting.session;
    if (!is_there) return true;
    const Address to{Door::session, sessions_[waiting.slot]->peer};
    if (has_reached(waiting.request.positions)) {
      send(outbox, to, cache_.get(now.instant, waiting.request));
      return true;
    }
    if (now.instant < waiting.deadline) return false;
    send(outbox, to,
         Answer{waiting.request.request, false, ErrorCode::timed_out,
                options_.cluster + " has not applied what the token names"});
    return true;
  });
  return !observe_.gets.empty();
}

void Node::Impl::on_load_ask(const Now& now, const Session& session, const LoadAsk& ask,
                             Outbox& outbox) {
  Result<void> checked = check_namespace(ask.address.namespace_name);
  if (checked) checked = check_key(ask.address.key);
  if (!checked) {
    const Answer refused{ask.request, false, checked.error().code, checked.error().text};
    return send(outbox, {Door::session, session.peer}, refused);
  }
  LoadGranted granted{ask.request, true, 0};
  if (ask.lease_ms == 0) {
    const auto seen = loads_.done(now.instant, ask.address, session.client);
    if (seen && ask.loaded) cache_.fill(now.instant, ask, *seen);
  } else {
    const Duration wait = loads_.ask(now.instant, ask.address, session.client,
                                     std::chrono::milliseconds(ask.lease_ms), clock_.last());
    granted.granted = wait == Duration::zero();
    granted.wait_ms =
        static_cast<std::uint32_t>(std::chrono::ceil<std::chrono::milliseconds>(wait).count());
  }
  send(outbox, {Door::session, session.peer}, granted);
}

// What is being loaded may be older than this.
void Node::Impl::void_loads(const CacheAddress& address, bool is_one_key) {
  if (loads_.size() == 0) return;
  if (is_one_key) {
    loads_.note(address);
  } else {
    loads_.note_space(address.namespace_name);
  }
}

}  // namespace mpreg
