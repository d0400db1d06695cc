#include <algorithm>

#include "node/node_impl.h"

namespace mpreg {
namespace {

// How much one session is served in one turn: others wait no longer than that takes.
constexpr std::uint64_t kServedBytesPerTurn = 1ULL << 20U;
constexpr std::size_t kScopePatternsMax = 16;
constexpr std::chrono::seconds kUnknownStreamPatience{5};
// Facts first, then values, then everything else.
constexpr Lane kReplayOrder[] = {Lane::cache, Lane::bulk, Lane::events};

}  // namespace

void Node::Impl::mark_serving(Session& session) {
  if (session.serving_due) return;
  session.serving_due = true;
  serving_slots_.push_back(session.slot);
}

void Node::Impl::serve_sessions(Turn& turn) {
  more_to_serve_ = false;
  if (serving_slots_.empty()) return;
  const std::vector<std::uint32_t> slots = std::exchange(serving_slots_, {});
  for (const std::uint32_t slot : slots) {
    if (!sessions_.is_open(slot)) continue;
    Session& session = sessions_.at(slot);
    if (!session.serving_due) continue;
    session.serving_due = false;
    std::uint64_t budget = kServedBytesPerTurn;
    for (const Lane lane : kReplayOrder) {
      if (!serve_lane(turn, session, lane, budget)) break;
    }
    if (budget == 0) {
      mark_serving(session);
      more_to_serve_ = true;
    }
  }
}

// False when it stopped for lack of credit or budget.
bool Node::Impl::serve_lane(Turn& turn, Session& session, Lane lane, std::uint64_t& budget) {
  LaneCursor& cursor = session.cursors[static_cast<std::size_t>(lane)];
  const RetainedLog& log = retention_.log(lane);
  if (lane == Lane::events && !session.refills.empty()) return true;
  while (cursor.behind) {
    if (cursor.position < log.begin()) {
      tell_lost(turn, session, lane, cursor.position);
      cursor.position = log.begin();
    }
    const LogEntry* entry = log.find(cursor.position);
    if (entry == nullptr) {
      cursor.behind = false;
      break;
    }
    if (!serve_entry(turn, session, *entry, budget)) return false;
    ++cursor.position;
  }
  return true;
}

bool Node::Impl::serve_entry(Turn& turn, Session& session, const LogEntry& entry,
                             std::uint64_t& budget) {
  const StreamIndex stream = entry.stream;
  if (entry.through <= feed_.told(session, stream)) return true;
  if (entry.gap) {
    feed_.send_gap(turn, session, *entry.gap, stream);
    return true;
  }
  if (!feed_.select(session, entry)) return true;
  const std::uint64_t bytes = entry.bytes();
  if (budget == 0 || !session.has_credit_for(bytes)) return false;
  budget -= std::min(budget, bytes);
  feed_.send_selected(turn, session, entry);
  return true;
}

// The log has lost what the cursor had not reached: every stream that lost something after it.
void Node::Impl::tell_lost(Turn& turn, Session& session, Lane lane, LogPosition from) {
  const RetainedLog& log = retention_.log(lane);
  for (const auto& [id, index] : stream_ids_.by_id()) {
    if (id.lane != lane || !streams_[index].started || log.lost_end(index) <= from) continue;
    const Number held = log.held_after(index).value_or(0);
    if (held <= feed_.told(session, index)) continue;
    Gap gap{id, 0, held, lost_scope(session, lane, from),
            "the broker's log does not reach back to where this session stood"};
    feed_.send_gap(turn, session, gap, index);
  }
}

// A session that resumes from before what this broker holds: evicted, or never taken.
void Node::Impl::tell_not_held(Turn& turn, Session& session) {
  for (const auto& [id, index] : stream_ids_.by_id()) {
    const StreamState& state = streams_[index];
    if (!state.started) continue;
    const RetainedLog& log = log_of(index);
    const Number held = log.held_after(index).value_or(state.frontier);
    if (held <= feed_.told(session, index) || session.refills.count(index) > 0) continue;
    const bool was_held = log.lost_end(index) > 0 && feed_.told(session, index) >= state.base;
    Gap gap{id, 0, held, was_held ? lost_scope(session, id.lane, 0) : Scope{},
            "the broker does not hold what came after the position of this session"};
    feed_.send_gap(turn, session, gap, index);
  }
}

Scope Node::Impl::lost_scope(const Session& session, Lane lane, LogPosition from) const {
  if (lane == Lane::cache) return retention_.lost_since(from);
  Scope scope{ScopeKind::patterns, {}};
  for (const auto& [id, subscription] : session.subscriptions) {
    scope.names.insert(scope.names.end(), subscription.patterns.begin(),
                       subscription.patterns.end());
  }
  std::sort(scope.names.begin(), scope.names.end());
  scope.names.erase(std::unique(scope.names.begin(), scope.names.end()), scope.names.end());
  if (scope.names.empty() || scope.names.size() > kScopePatternsMax) return {};
  return scope;
}

// Streams that it knew and this broker does not. When they are over, or do not come up for a while,
// what they still had for it is lost: exactly that, where their end is known.
void Node::Impl::settle_resumed(Turn& turn, Session& session) {
  const std::vector<StreamPosition> positions = session.resumed.positions();
  for (const StreamPosition& position : positions) {
    const StreamId& id = position.stream;
    const Lineage* lineage = lineages_.find(id.origin);
    const bool is_known_over = lineage != nullptr && lineage->is_over(id.incarnation);
    const bool is_late = turn.now.instant - session.resumed_at >= kUnknownStreamPatience;
    if (!is_known_over && !is_late) continue;
    // Of an incarnation that is not the present one, though it may count above.
    const Members::Known* origin = members_.find(id.origin);
    const bool is_reached = origin != nullptr && origin->next_hop != kNoLink;
    const bool is_over = is_known_over || id.origin == options_.cluster ||
                         (is_reached && origin->member.record.incarnation != id.incarnation);
    // While its origin may live it may come: so no more is called lost than the next number.
    const bool is_told = session.told_unknown.count(id) > 0;
    const Number after = position.number + (is_told && position.number != kNumberMax ? 1 : 0);
    const Number end =
        is_known_over ? lineage->end_before_current(id.incarnation, id.lane).value_or(kNumberMax)
                      : kNumberMax;
    if (after < end && (is_over || !is_told)) {
      metrics_.gaps_told.add();
      send(turn, {Door::session, session.peer},
           Gap{id,
               after,
               is_over ? end : position.number + 1,
               {},
               "this broker does not know the stream"});
      session.told_unknown.insert(id);
    }
    if (!is_over && position.number != kNumberMax) continue;
    session.resumed.forget(id);
    session.told_unknown.erase(id);
  }
}

}  // namespace mpreg
