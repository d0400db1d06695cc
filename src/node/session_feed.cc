#include "node/session_feed.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "message/target_names.h"
#include "topic/match.h"
#include "wire/packet_codec.h"

namespace mpreg {
namespace {

// About what a header costs beside its body, for credit that is asked before it is encoded.
constexpr std::uint64_t kHeaderBytes = 256;

}  // namespace

// ---- Live.

bool SessionFeed::is_value_for_us(const LogEntry& entry, std::size_t record) const {
  if (around_.ids.id_of(entry.stream).origin == around_.options.cluster) return true;
  return selects((*entry.targets)[record], around_.options.cluster, around_.options.region);
}

// Null when nobody may have it, or when the topic has no place in the table any more.
const IdList* SessionFeed::wanting(const LogEntry& entry, std::size_t record_index) {
  const Record& record = entry.body.records[record_index];
  if (record.kind == RecordKind::none) return nullptr;
  if (entry.targets && !is_value_for_us(entry, record_index)) return nullptr;
  return &matches_.wanting(entry.stream, entry.body, record);
}

void SessionFeed::deliver(Turn& turn, const LogEntry& entry, LogPosition position) {
  if (around_.sessions.empty()) return;
  const std::size_t records = entry.body.records.size();
  matches_.begin_body();
  selection_.begin(records);
  for (std::size_t i = 0; i < records; ++i) {
    selection_.add(wanting(entry, i));
  }
  for (const Selection::Group& group : selection_.finish()) {
    deliver_group(turn, group, entry, position);
  }
}

void SessionFeed::deliver_group(Turn& turn, const Selection::Group& group, const LogEntry& entry,
                                LogPosition position) {
  const auto lane = static_cast<std::size_t>(entry.body.stamp.lane);
  const auto* records = group.everything ? nullptr : &group.records;
  Frame body = group.everything ? entry.body.frame : Frame();
  for (const std::uint32_t slot : group.sessions) {
    Session& session = around_.sessions.at(slot);
    LaneCursor& cursor = session.cursors[lane];
    if (cursor.behind || entry.through <= told(session, entry.stream)) continue;
    if (body.empty()) body = around_.parts.of(entry.body, group.records);
    if (!session.has_credit_for(body.size() + kHeaderBytes)) {
      cursor = {true, position};
      around_.metrics.sessions_fell_behind.add();
      continue;
    }
    send_batch(turn, session, entry, body, records);
  }
}

// Null records: all of them.
void SessionFeed::send_batch(Turn& turn, Session& session, const LogEntry& entry, const Frame& body,
                             const std::vector<std::uint16_t>* records) {
  const StreamIndex stream = entry.stream;
  std::vector<Declaration> declarations;
  const std::size_t count = records != nullptr ? records->size() : entry.body.records.size();
  for (std::size_t i = 0; i < count; ++i) {
    const Record& record = entry.body.records[records != nullptr ? (*records)[i] : i];
    if (record.alias == kNoAlias || record.kind == RecordKind::none) continue;
    if (session.tell_alias(stream, record.alias)) {
      declarations.push_back(
          {record.alias, around_.topics.text_of(around_.topics.find(stream, record.alias))});
    }
  }
  const Number after = told(session, stream);
  // Sessions that were told the same so far share one header.
  const bool is_plain = declarations.empty();
  const bool is_same = is_plain && last_header_.stream == stream && last_header_.after == after &&
                       last_header_.through == entry.through &&
                       last_header_.generation == session.interest_generation;
  Frame frame = last_header_.frame;
  if (!is_same || frame.empty()) {
    BatchHeader header;
    header.stream = around_.ids.id_of(stream);
    header.after = after;
    header.through = entry.through;
    header.interest_generation = session.interest_generation;
    header.hops = entry.hops;
    header.declarations = std::move(declarations);
    header.applied = entry.applied;
    if (entry.unusable) header.unusable = *entry.unusable;
    frame = encode_packet(header);
    if (is_plain) {
      last_header_ = {stream, after, entry.through, session.interest_generation, frame};
    }
  }
  session.set_told(stream, entry.through);
  session.sent_bytes += frame.size() + body.size();
  around_.metrics.batches_delivered.add();
  around_.metrics.batch_bytes_delivered.add(frame.size() + body.size());
  around_.metrics.records_delivered.add(count);
  turn.outbox.sendings.push_back({{Door::session, session.peer}, std::move(frame), body});
}

void SessionFeed::deliver_gap(Turn& turn, const LogEntry& entry) {
  const auto lane = static_cast<std::size_t>(around_.ids.id_of(entry.stream).lane);
  for (const auto& session : around_.sessions) {
    if (!session || session->cursors[lane].behind) continue;
    if (entry.through > told(*session, entry.stream)) {
      send_gap(turn, *session, *entry.gap, entry.stream);
    }
  }
}

void SessionFeed::send_gap(Turn& turn, Session& session, const Gap& gap, StreamIndex stream) {
  Gap own = gap;
  own.after = told(session, stream);
  session.set_told(stream, gap.through);
  around_.metrics.gaps_told.add();
  send(turn, {Door::session, session.peer}, own);
}

// ---- From the log.

bool SessionFeed::select(const Session& session, const LogEntry& entry) {
  selected_.clear();
  matches_.begin_body();
  for (std::size_t i = 0; i < entry.body.records.size(); ++i) {
    const IdList* list = wanting(entry, i);
    if (list != nullptr && std::binary_search(list->begin(), list->end(), session.slot)) {
      selected_.push_back(static_cast<std::uint16_t>(i));
    }
  }
  return !selected_.empty();
}

void SessionFeed::send_selected(Turn& turn, Session& session, const LogEntry& entry) {
  if (selected_.size() == entry.body.records.size()) {
    send_batch(turn, session, entry, entry.body.frame, nullptr);
  } else {
    const Frame body = around_.parts.of(entry.body, selected_);
    send_batch(turn, session, entry, body, &selected_);
  }
}

void SessionFeed::send_backlog(Turn& turn, Session& session, const Subscription& subscription) {
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
    const RetainedLog& log = around_.retention.log(lane);
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
        const TopicIndex topic = around_.topics.topic_of(entry.stream, body, record);
        const std::string_view text = topic == kNoTopic
                                          ? body.inline_topic_of(record)
                                          : std::string_view(around_.topics.text_of(topic));
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
    const LogEntry& entry = *around_.retention.log(found[i].lane).find(found[i].position);
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

void SessionFeed::send_backlog_part(Turn& turn, Session& session, std::uint32_t subscription,
                                    const LogEntry& entry,
                                    const std::vector<std::uint16_t>& records) {
  BatchHeader header;
  header.stream = around_.ids.id_of(entry.stream);
  header.after = entry.after;
  header.through = entry.through;
  header.interest_generation = session.interest_generation;
  header.hops = entry.hops;
  header.only_subscription = subscription;
  for (const std::uint16_t i : records) {
    const Record& record = entry.body.records[i];
    if (record.alias != kNoAlias && session.tell_alias(entry.stream, record.alias)) {
      header.declarations.push_back(
          {record.alias, around_.topics.text_of(around_.topics.find(entry.stream, record.alias))});
    }
  }
  const Frame body = records.size() == entry.body.records.size()
                         ? entry.body.frame
                         : around_.parts.of(entry.body, records);
  const Frame frame = encode_packet(header);
  session.sent_bytes += frame.size() + body.size();
  around_.metrics.records_delivered.add(records.size());
  turn.outbox.sendings.push_back({{Door::session, session.peer}, frame, body});
}

// ---- How far it is.

Number SessionFeed::served_to(const Session& session, StreamIndex stream) const {
  const Number told_to = told(session, stream);
  if (const auto refill = session.refills.find(stream); refill != session.refills.end()) {
    return std::max(told_to, refill->second.done);
  }
  const LaneCursor& cursor =
      session.cursors[static_cast<std::size_t>(around_.ids.id_of(stream).lane)];
  const RetainedLog& log = around_.retention.log(around_.ids.id_of(stream).lane);
  const Number frontier = around_.streams[stream].frontier;
  if (!cursor.behind) return std::max(frontier, told_to);
  // It will be told what was evicted before it came there.
  if (log.lost_end(stream) > cursor.position) return told_to;
  return std::max(log.come_to(stream, cursor.position).value_or(frontier), told_to);
}

std::vector<StreamPosition> SessionFeed::positions_of(const Session& session) const {
  std::vector<StreamPosition> positions;
  for (const auto& [id, index] : around_.ids.by_id()) {
    if (!around_.streams[index].started || around_.streams[index].closed()) continue;
    positions.push_back({id, served_to(session, index)});
  }
  return positions;
}

}  // namespace mpreg
