#include <algorithm>

#include "node/node_impl.h"
#include "topic/match.h"
#include "wire/packet_codec.h"

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
  if (entry.through <= told(session, stream)) return true;
  if (entry.gap) {
    send_gap(turn, session, *entry.gap, stream);
    return true;
  }
  if (!select_wanted(session, entry)) return true;
  const std::uint64_t bytes = entry.bytes();
  if (budget == 0 || !session.has_credit_for(bytes)) return false;
  budget -= std::min(budget, bytes);
  send_selected(turn, session, entry);
  return true;
}

// The records of the entry that the session wants, into records_scratch_; false when there are
// none.
bool Node::Impl::select_wanted(const Session& session, const LogEntry& entry) {
  std::vector<std::uint16_t>& wanted = records_scratch_;
  wanted.clear();
  overflow_matches_.clear();
  for (std::size_t i = 0; i < entry.body.records.size(); ++i) {
    const IdList* list = sessions_wanting(entry.stream, entry, i);
    if (list != nullptr && std::binary_search(list->begin(), list->end(), session.slot)) {
      wanted.push_back(static_cast<std::uint16_t>(i));
    }
  }
  return !wanted.empty();
}

void Node::Impl::send_selected(Turn& turn, Session& session, const LogEntry& entry) {
  const std::vector<std::uint16_t>& wanted = records_scratch_;
  if (wanted.size() == entry.body.records.size()) {
    send_batch(turn, session, entry.stream, entry, entry.body.frame, nullptr);
  } else {
    const Frame body = body_parts_.of(entry.body, wanted);
    send_batch(turn, session, entry.stream, entry, body, &wanted);
  }
}

// The log has lost what the cursor had not reached: every stream that lost something after it.
void Node::Impl::tell_lost(Turn& turn, Session& session, Lane lane, LogPosition from) {
  const RetainedLog& log = retention_.log(lane);
  for (const auto& [id, index] : stream_ids_.by_id()) {
    if (id.lane != lane || !streams_[index].started || log.lost_end(index) <= from) continue;
    const Number held = log.held_after(index).value_or(0);
    if (held <= told(session, index)) continue;
    Gap gap{id, 0, held, lost_scope(session, lane, from),
            "the broker's log does not reach back to where this session stood"};
    send_gap(turn, session, gap, index);
  }
}

// A session that resumes from before what this broker holds: evicted, or never taken.
void Node::Impl::tell_not_held(Turn& turn, Session& session) {
  for (const auto& [id, index] : stream_ids_.by_id()) {
    const StreamState& state = streams_[index];
    if (!state.started) continue;
    const RetainedLog& log = log_of(index);
    const Number held = log.held_after(index).value_or(state.frontier);
    if (held <= told(session, index) || session.refills.count(index) > 0) continue;
    const bool was_held = log.lost_end(index) > 0 && told(session, index) >= state.base;
    Gap gap{id, 0, held, was_held ? lost_scope(session, id.lane, 0) : Scope{},
            "the broker does not hold what came after the position of this session"};
    send_gap(turn, session, gap, index);
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

// Streams that it knew and this broker does not. When their origin has begun a later incarnation,
// or they do not come up for a while, what they still had for it is lost.
void Node::Impl::settle_resumed(Turn& turn, Session& session) {
  const std::vector<StreamPosition> positions = session.resumed.positions();
  for (const StreamPosition& position : positions) {
    const StreamId& id = position.stream;
    const Members::Known* origin = members_.find(id.origin);
    bool is_over = id.origin == options_.cluster
                       ? id.incarnation < incarnation_
                       : origin != nullptr && origin->member.incarnation > id.incarnation;
    const bool is_late = turn.now.instant - session.resumed_at >= kUnknownStreamPatience;
    if (!is_over && !is_late) continue;
    // Of a life that is not the present one, though its clock may have been ahead.
    const bool is_reached = origin != nullptr && origin->next_hop != kNoLink;
    is_over = is_over || id.origin == options_.cluster ||
              (is_reached && origin->member.incarnation != id.incarnation);
    // While its origin may live it may come: so no more is called lost than the next number.
    const bool is_told = session.told_unknown.count(id) > 0;
    if (position.number != kNumberMax && (is_over || !is_told)) {
      metrics_.gaps_told.add();
      send(turn, {Door::session, session.peer},
           Gap{id,
               position.number + (is_told ? 1 : 0),
               is_over ? kNumberMax : position.number + 1,
               {},
               "this broker does not know the stream"});
      session.told_unknown.insert(id);
    }
    if (!is_over && position.number != kNumberMax) continue;
    session.resumed.forget(id);
    session.told_unknown.erase(id);
  }
}

// The newest messages that match, oldest first, from before where the session stands.
void Node::Impl::send_backlog(Turn& turn, Session& session, const Subscription& subscription) {
  struct Found {
    std::uint64_t created_ms;
    Lane lane;
    LogPosition position;
    std::uint16_t record;
  };
  const auto wall = static_cast<std::uint64_t>(turn.now.wall.time_since_epoch().count());
  const std::uint64_t oldest =
      subscription.backlog_age_ms == 0 || subscription.backlog_age_ms > wall
          ? 0
          : wall - subscription.backlog_age_ms;
  std::vector<Found> found;
  std::set<OperationId> operations;  // Stamped by two brokers: the newer copy is enough.
  for (const Lane lane : {Lane::cache, Lane::events}) {
    const RetainedLog& log = retention_.log(lane);
    const LaneCursor& cursor = session.cursors[static_cast<std::size_t>(lane)];
    std::size_t in_lane = 0;
    LogPosition position = cursor.behind ? std::min(cursor.position, log.end()) : log.end();
    while (position > log.begin() && in_lane < subscription.backlog_count) {
      const LogEntry& entry = *log.find(--position);
      const Body& body = entry.body;
      if (body.frame.empty() || body.stamp.created_ms < oldest) continue;
      for (std::size_t i = body.records.size(); i-- > 0;) {
        const Record& record = body.records[i];
        if (record.kind == RecordKind::none || in_lane >= subscription.backlog_count) continue;
        const TopicIndex topic = topics_.topic_of(entry.stream, body, record);
        const std::string_view text = topic == kNoTopic ? body.inline_topic_of(record)
                                                        : std::string_view(topics_.text_of(topic));
        const bool wanted = std::any_of(
            subscription.patterns.begin(), subscription.patterns.end(),
            [&](const std::string& pattern) { return matches_for_clients(pattern, text); });
        if (!wanted) continue;
        const OperationId operation = operation_of(body.segments, record.index);
        if (operation.client != 0 && !operations.insert(operation).second) continue;
        found.push_back({body.stamp.created_ms, lane, position, static_cast<std::uint16_t>(i)});
        ++in_lane;
      }
    }
  }
  std::sort(found.begin(), found.end(), [](const Found& a, const Found& b) {
    return std::tie(a.created_ms, a.lane, a.position, a.record) <
           std::tie(b.created_ms, b.lane, b.position, b.record);
  });
  if (found.size() > subscription.backlog_count) {
    found.erase(found.begin(), found.end() - subscription.backlog_count);
  }
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < found.size();) {
    const LogEntry& entry = *retention_.log(found[i].lane).find(found[i].position);
    std::vector<std::uint16_t> records;
    const std::size_t first = i;
    while (i < found.size() && found[i].lane == found[first].lane &&
           found[i].position == found[first].position) {
      records.push_back(found[i++].record);
    }
    bytes += entry.bytes();
    if (bytes > session.window_bytes) break;  // It asked for more than it can take in.
    send_backlog_part(turn, session, subscription.id, entry, records);
  }
}

void Node::Impl::send_backlog_part(Turn& turn, Session& session, std::uint32_t subscription,
                                   const LogEntry& entry,
                                   const std::vector<std::uint16_t>& records) {
  BatchHeader header;
  header.stream = stream_ids_.id_of(entry.stream);
  header.after = entry.after;
  header.through = entry.through;
  header.interest_generation = session.interest_generation;
  header.hops = entry.hops;
  header.only_subscription = subscription;
  for (const std::uint16_t i : records) {
    const Record& record = entry.body.records[i];
    if (record.alias != kNoAlias && session.tell_alias(entry.stream, record.alias)) {
      header.declarations.push_back(
          {record.alias, topics_.text_of(topics_.find(entry.stream, record.alias))});
    }
  }
  const Frame body = records.size() == entry.body.records.size()
                         ? entry.body.frame
                         : body_parts_.of(entry.body, records);
  const Frame frame = encode_packet(header);
  session.sent_bytes += frame.size() + body.size();
  metrics_.records_delivered.add(records.size());
  turn.outbox.sendings.push_back({{Door::session, session.peer}, frame, body});
}

}  // namespace mpreg
