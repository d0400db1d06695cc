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
  }
  return {};
}

void Node::Impl::add_subscription(Session& session, const Subscription& subscription) {
  // The new patterns go in before the old ones go out: what both match is never missed.
  Subscription unique = subscription;
  std::sort(unique.patterns.begin(), unique.patterns.end());
  unique.patterns.erase(std::unique(unique.patterns.begin(), unique.patterns.end()),
                        unique.patterns.end());
  for (const std::string& pattern : unique.patterns) {
    if (++session.pattern_uses[pattern] == 1) patterns_.add(pattern, session.slot);
  }
  remove_subscription(session, subscription.id);
  session.subscriptions[subscription.id] = std::move(unique);
  ++session.interest_generation;
  metrics_.patterns.set(static_cast<std::int64_t>(patterns_.patterns()));
}

void Node::Impl::remove_subscription(Session& session, std::uint32_t id) {
  const auto it = session.subscriptions.find(id);
  if (it == session.subscriptions.end()) return;
  for (const std::string& pattern : it->second.patterns) {
    const auto uses = session.pattern_uses.find(pattern);
    if (--uses->second > 0) continue;
    session.pattern_uses.erase(uses);
    patterns_.remove(pattern, session.slot);
  }
  session.subscriptions.erase(it);
  ++session.interest_generation;
  metrics_.patterns.set(static_cast<std::int64_t>(patterns_.patterns()));
}

void Node::Impl::on_subscribe(const Now& now, Session& session, const Subscribe& request,
                              Outbox& outbox) {
  const Address to{Door::session, session.peer};
  Result<void> checked = check_subscription(request.subscription);
  const std::size_t after = session.pattern_uses.size() + request.subscription.patterns.size();
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
    return send(outbox, to,
                Answer{request.request, false, checked.error().code, checked.error().text});
  }
  add_subscription(session, request.subscription);
  send(outbox, to, Subscribed{request.request, request.subscription.id, positions_of(session)});
  if (request.subscription.backlog_count > 0) {
    send_backlog(now, session, session.subscriptions[request.subscription.id], outbox);
  }
}

void Node::Impl::on_unsubscribe(Session& session, const Unsubscribe& request, Outbox& outbox) {
  const bool known = session.subscriptions.count(request.subscription) > 0;
  remove_subscription(session, request.subscription);
  Answer answer{request.request, known, ErrorCode::refused, ""};
  if (!known) answer.text = "there is no subscription " + std::to_string(request.subscription);
  send(outbox, {Door::session, session.peer}, answer);
}

// Up to where a session has been served: in a lane that it is behind of, up to what its cursor has
// not reached.
std::vector<StreamPosition> Node::Impl::positions_of(const Session& session) const {
  std::vector<StreamPosition> positions;
  for (const auto& [id, index] : stream_ids_.by_id()) {
    const StreamState& state = streams_[index];
    if (!state.started || state.closed()) continue;
    const LaneCursor& cursor = session.cursors[static_cast<std::size_t>(id.lane)];
    const RetainedLog& log = log_of(index);
    Number at = state.frontier;
    if (cursor.behind && log.lost_end(index) > cursor.position) {
      at = 0;  // It will be told what was evicted before it came there.
    } else if (cursor.behind) {
      at = log.come_to(index, cursor.position).value_or(at);
    }
    positions.push_back({id, std::max(at, told(session, index))});
  }
  return positions;
}

bool Node::Impl::joined() const {
  return std::all_of(links_.begin(), links_.end(), [](const auto& entry) {
    return !entry.second.dialled() || entry.second.is_joined();
  });
}

// When every dialled link is joined, every stream that is published anywhere is taken, from a
// number that had not been given when the barrier was asked for.
void Node::Impl::on_barrier(const Now& now, Session& session, const Barrier& request,
                            Outbox& outbox) {
  if (joined()) {
    return send(outbox, {Door::session, session.peer},
                Answer{request.request, true, ErrorCode::internal, ""});
  }
  session.barriers.push_back(
      {request.request, now.instant + std::chrono::milliseconds(request.timeout_ms)});
  barriers_waiting_ = true;
}

void Node::Impl::answer_barriers(const Now& now, Outbox& outbox) {
  const bool done = joined();
  std::string missing;
  for (const auto& [id, link] : links_) {
    if (!link.dialled() || link.is_joined()) continue;
    missing += (missing.empty() ? "" : ", ") + link.endpoint;
    if (!link.refusal.empty()) missing += " (" + link.refusal + ")";
  }
  barriers_waiting_ = false;
  for (const auto& session : sessions_) {
    if (!session) continue;
    auto& barriers = session->barriers;
    for (auto it = barriers.begin(); it != barriers.end();) {
      if (!done && now.instant < it->deadline) {
        barriers_waiting_ = true;
        ++it;
        continue;
      }
      send(outbox, {Door::session, session->peer},
           done ? Answer{it->request, true, ErrorCode::internal, ""}
                : Answer{it->request, false, ErrorCode::timed_out,
                         "these links are not joined: " + missing});
      it = barriers.erase(it);
    }
  }
}

void Node::Impl::mark_acceptance(Session& session) {
  if (session.acceptance_due) return;
  session.acceptance_due = true;
  accepting_slots_.push_back(session.slot);
}

void Node::Impl::send_acceptances(Outbox& outbox) {
  for (const std::uint32_t slot : accepting_slots_) {
    if (!sessions_[slot] || !sessions_[slot]->acceptance_due) continue;
    Session& session = *sessions_[slot];
    session.acceptance_due = false;
    Accepted accepted{0, session.received_bytes};
    // The operations of one connection come in the order of their numbers, batch by batch: the
    // range that holds the lowest is what has come so far without a hole.
    if (session.lowest_operation > 0) {
      accepted.through_operation =
          answered_.contiguous_end(session.client, session.lowest_operation);
    }
    send(outbox, {Door::session, session.peer}, accepted);
  }
  accepting_slots_.clear();
}

}  // namespace mpreg
