#include <algorithm>

#include "base/text.h"
#include "node/node_impl.h"
#include "topic/topic.h"

namespace mpreg {

Result<void> Node::Impl::check_subscription(const Subscription& subscription) const {
  if (subscription.id == 0) return fail(ErrorCode::malformed, "subscription id is 0");
  if (subscription.patterns.empty()) {
    return fail(ErrorCode::malformed, "subscription " + std::to_string(subscription.id) +
                                          " has no pattern, at least one is needed");
  }
  for (const std::string& pattern : subscription.patterns) {
    if (Result<void> checked = check_pattern(pattern); !checked) return checked;
    if (is_group_name(pattern)) {
      return fail(ErrorCode::refused, "pattern " + in_quotes(pattern) +
                                          " is of the names by which brokers know groups");
    }
  }
  return groups_.check(subscription);
}

void Node::Impl::add_subscription(Session& session, const Subscription& subscription) {
  // The new patterns go in before the old ones go out: what both match is never missed.
  Subscription unique = subscription;
  std::sort(unique.patterns.begin(), unique.patterns.end());
  unique.patterns.erase(std::unique(unique.patterns.begin(), unique.patterns.end()),
                        unique.patterns.end());
  for (const std::string& pattern : wanted_by(unique, options_.cluster)) {
    if (++session.pattern_uses[pattern] > 1) continue;
    if (!is_group_name(pattern)) patterns_.add(pattern, session.slot);
    interest_.want(pattern);
  }
  remove_subscription(session, subscription.id, true);
  if (!unique.group.empty()) {
    if (const auto channel = groups_.expect(unique.group)) interest_.want(*channel);
    groups_.join(session, unique);
  }
  session.subscriptions[subscription.id] = std::move(unique);
  ++session.interest_generation;
  metrics_.patterns.set(static_cast<std::int64_t>(patterns_.patterns()));
}

void Node::Impl::remove_subscription(Session& session, std::uint32_t id, bool is_replaced) {
  const auto it = session.subscriptions.find(id);
  if (it == session.subscriptions.end()) return;
  std::vector<std::string> gone;
  if (!it->second.group.empty()) groups_.leave(session, id, is_replaced);
  for (const std::string& pattern : wanted_by(it->second, options_.cluster)) {
    const auto uses = session.pattern_uses.find(pattern);
    if (--uses->second > 0) continue;
    session.pattern_uses.erase(uses);
    patterns_.remove(pattern, session.slot);
    gone.push_back(pattern);
  }
  interest_.linger(turn_time_, std::move(gone));
  session.subscriptions.erase(it);
  ++session.interest_generation;
  metrics_.patterns.set(static_cast<std::int64_t>(patterns_.patterns()));
}

void Node::Impl::on_subscribe(Turn& turn, Session& session, const Subscribe& request) {
  const Address to{Door::session, session.peer};
  Result<void> checked = check_subscription(request.subscription);
  const std::size_t after =
      session.pattern_uses.size() + session.waiting_patterns + request.subscription.patterns.size();
  if (checked && after > options_.patterns_per_session_max) {
    checked = fail(ErrorCode::overloaded,
                   "the session would have " + std::to_string(after) + " patterns, at most " +
                       std::to_string(options_.patterns_per_session_max) + " are allowed");
  }
  if (checked &&
      patterns_.patterns() + request.subscription.patterns.size() > options_.patterns_max) {
    checked =
        fail(ErrorCode::overloaded, "the broker holds " + std::to_string(patterns_.patterns()) +
                                        " patterns, which is its limit");
  }
  if (!checked) {
    return send(turn, to,
                Answer{request.request, false, checked.error().code, checked.error().text});
  }
  const auto wanted = wanted_by(request.subscription, options_.cluster);
  for (const std::string& pattern : wanted) interest_.want(pattern);
  if (!request.subscription.group.empty()) {
    const auto channel = groups_.expect(request.subscription.group);
    if (channel) interest_.want(*channel);
  }
  session.waiting_patterns += request.subscription.patterns.size();
  session.subscribes.push_back(
      {request, turn.now.instant + kSubscribePatience, interest_.due_for(wanted)});
  if (!settle_subscribes(turn, session, false)) requests_waiting_ = true;
}

// The oldest first, when everybody filters for them, or has had the time to: what was filtered
// otherwise is asked for again. True when none is left.
bool Node::Impl::settle_subscribes(Turn& turn, Session& session, bool at_once) {
  while (!session.subscribes.empty()) {
    const WaitingSubscribe& oldest = session.subscribes.front();
    const bool is_due = at_once || turn.now.instant >= oldest.deadline;
    if (!is_due && !is_interest_known(oldest.generation)) return false;
    require_complete(oldest.generation);
    begin_subscription(turn, session, oldest.request);
    session.waiting_patterns -= oldest.request.subscription.patterns.size();
    for (const std::string& pattern : wanted_by(oldest.request.subscription, options_.cluster)) {
      interest_.unwant(pattern);
    }
    session.subscribes.pop_front();
  }
  return true;
}

void Node::Impl::begin_subscription(Turn& turn, Session& session, const Subscribe& request) {
  add_subscription(session, request.subscription);
  const bool is_behind = session.cursors[static_cast<std::size_t>(Lane::events)].behind;
  if (is_behind || !session.refills.empty()) plan_refills(turn, session, false);
  send(turn, {Door::session, session.peer},
       Subscribed{request.request, request.subscription.id, feed_.positions_of(session),
                  seen_.applied()});
  if (request.subscription.backlog_count > 0) {
    feed_.send_backlog(turn, session, session.subscriptions[request.subscription.id]);
  }
}

void Node::Impl::on_unsubscribe(Turn& turn, Session& session, const Unsubscribe& request) {
  settle_subscribes(turn, session, true);
  const bool known = session.subscriptions.count(request.subscription) > 0;
  remove_subscription(session, request.subscription);
  Answer answer{request.request, known, ErrorCode::refused, ""};
  if (!known) answer.text = "there is no subscription " + std::to_string(request.subscription);
  send(turn, {Door::session, session.peer}, answer);
}

// When everybody from whom events can come filters them for what this cluster wants now. A cluster
// that cannot be reached filters as it did: what it sends later is asked for again.
void Node::Impl::on_barrier(Turn& turn, Session& session, const Barrier& request) {
  session.barriers.push_back({request.request,
                              turn.now.instant + std::chrono::milliseconds(request.timeout_ms),
                              interest_.due()});
  if (!settle_barriers(turn, session)) requests_waiting_ = true;
}

bool Node::Impl::settle_barriers(Turn& turn, Session& session) {
  auto& barriers = session.barriers;
  if (barriers.empty()) return true;
  const bool is_ready = links_.is_joined() && session.subscribes.empty();
  for (auto it = barriers.begin(); it != barriers.end();) {
    const bool is_done = is_ready && is_interest_known(it->generation);
    if (!is_done && turn.now.instant < it->deadline) {
      ++it;
      continue;
    }
    if (is_done) require_complete(it->generation);
    send(turn, {Door::session, session.peer},
         is_done
             ? Answer{it->request, true, ErrorCode::internal, ""}
             : Answer{it->request, false, ErrorCode::timed_out, what_is_missing(it->generation)});
    it = barriers.erase(it);
  }
  return barriers.empty();
}

// For a barrier that timed out.
std::string Node::Impl::what_is_missing(Generation generation) const {
  std::string missing;
  for (const auto& [id, link] : links_) {
    if (!link.dialled() || link.is_joined()) continue;
    missing += (missing.empty() ? "" : ", ") + link.endpoint;
    if (!link.refusal.empty()) missing += " (" + link.refusal + ")";
  }
  if (!missing.empty()) return "these links are not joined: " + missing;
  for (const auto& [id, index] : stream_ids_.by_id()) {
    if (is_interest_known_to(index, generation)) continue;
    missing += (missing.empty() ? "" : ", ") + id.origin;
  }
  return "these clusters have not said that they know what is wanted here: " + missing;
}

// The broker stops: nobody picks it any more, and what waits here goes to other clusters.
void Node::Impl::leave_groups(Turn& turn) {
  for (const auto& session : sessions_) {
    if (!session) continue;
    for (const auto& [id, subscription] : session->subscriptions) {
      if (subscription.group.empty()) continue;
      groups_.resign(*session, id);
      for (const std::string& name : wanted_by(subscription, options_.cluster)) {
        interest_.unwant(name);
      }
    }
  }
  groups_.serve(turn);
  stamp_copies(turn);
  tell_interest(turn);
}

void Node::Impl::settle_requests(Turn& turn) {
  requests_waiting_ = false;
  for (const auto& session : sessions_) {
    if (!session) continue;
    const bool is_done =
        settle_subscribes(turn, *session, false) && settle_barriers(turn, *session);
    if (!is_done) requests_waiting_ = true;
  }
  reads_.settle(turn);
}

// What is due, or may come later: it is due no more.
Accepted Node::Impl::take_acceptance(Session& session) {
  session.acceptance_due = session.late_acceptance_due = false;
  Accepted accepted;
  accepted.consumed_bytes = session.received_bytes;
  accepted.incarnation = incarnation_.incarnation();
  accepted.cache_number = streams_[own_[static_cast<std::size_t>(Lane::cache)]].frontier;
  // The operations of one connection come in the order of their numbers, batch by batch: the
  // range that holds the lowest is what has come so far without a hole.
  if (session.lowest_operation > 0) {
    accepted.through_operation = answered_.contiguous_end(session.client, session.lowest_operation);
  }
  if (session.open_through != 0) {
    accepted.applied = cache_positions();
    if (accepted.through_operation >= session.open_through) session.open_through = 0;
  }
  return accepted;
}

void Node::Impl::send_acceptances(Turn& turn) {
  acceptances_.answer_all(sessions_, [&](Session& session) {
    send(turn, {Door::session, session.peer}, take_acceptance(session));
  });
}

}  // namespace mpreg
