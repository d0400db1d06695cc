#include <algorithm>

#include "message/target_names.h"
#include "node/node_impl.h"
#include "wire/packet_codec.h"

namespace mpreg {
namespace {

// About what a header costs beside its body, for credit that is asked before it is encoded.
constexpr std::uint64_t kHeaderBytes = 256;

}  // namespace

Number Node::Impl::told(const Session& session, StreamIndex stream) const {
  return session.told(stream, streams_[stream].floor);
}

bool Node::Impl::is_value_for_us(const LogEntry& entry, std::size_t record) const {
  if (stream_ids_.id_of(entry.stream).origin == options_.cluster) return true;
  return selects((*entry.targets)[record], options_.cluster, options_.region);
}

// Null when nobody may have it, or when the topic has no place in the table any more.
const IdList* Node::Impl::sessions_wanting(StreamIndex stream, const LogEntry& entry,
                                           std::size_t record_index) {
  const Record& record = entry.body.records[record_index];
  if (record.kind == RecordKind::none) return nullptr;
  if (entry.targets && !is_value_for_us(entry, record_index)) return nullptr;
  const TopicIndex topic = topics_.topic_of(stream, entry.body, record);
  if (topic != kNoTopic) return &topics_.sessions_for(topic, patterns_);
  overflow_matches_.emplace_back();
  return &refresh(overflow_matches_.back(), entry.body.inline_topic_of(record), patterns_);
}

void Node::Impl::deliver(Turn& turn, StreamIndex stream, const LogEntry& entry,
                         LogPosition position) {
  if (sessions_.empty()) return;
  const std::size_t records = entry.body.records.size();
  overflow_matches_.clear();
  selection_.begin(records);
  for (std::size_t i = 0; i < records; ++i) {
    selection_.add(sessions_wanting(stream, entry, i));
  }
  for (const Selection::Group& group : selection_.finish()) {
    deliver_group(turn, group, stream, entry, position);
  }
}

void Node::Impl::deliver_group(Turn& turn, const Selection::Group& group, StreamIndex stream,
                               const LogEntry& entry, LogPosition position) {
  const auto lane = static_cast<std::size_t>(entry.body.stamp.lane);
  const auto* records = group.everything ? nullptr : &group.records;
  Frame body = group.everything ? entry.body.frame : Frame();
  for (const std::uint32_t slot : group.sessions) {
    Session& session = sessions_.at(slot);
    LaneCursor& cursor = session.cursors[lane];
    if (cursor.behind || entry.through <= told(session, stream)) continue;
    if (body.empty()) body = body_parts_.of(entry.body, group.records);
    if (!session.has_credit_for(body.size() + kHeaderBytes)) {
      cursor = {true, position};
      metrics_.sessions_fell_behind.add();
      continue;
    }
    send_batch(turn, session, stream, entry, body, records);
  }
}

// Null records: all of them.
void Node::Impl::send_batch(Turn& turn, Session& session, StreamIndex stream, const LogEntry& entry,
                            const Frame& body, const std::vector<std::uint16_t>* records) {
  std::vector<Declaration> declarations;
  const std::size_t count = records != nullptr ? records->size() : entry.body.records.size();
  for (std::size_t i = 0; i < count; ++i) {
    const Record& record = entry.body.records[records != nullptr ? (*records)[i] : i];
    if (record.alias == kNoAlias || record.kind == RecordKind::none) continue;
    if (session.tell_alias(stream, record.alias)) {
      declarations.push_back({record.alias, topics_.text_of(topics_.find(stream, record.alias))});
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
    header.stream = stream_ids_.id_of(stream);
    header.after = after;
    header.through = entry.through;
    header.interest_generation = session.interest_generation;
    header.hops = entry.hops;
    header.declarations = std::move(declarations);
    if (entry.repeated) header.repeated = *entry.repeated;
    if (entry.unusable) header.unusable = *entry.unusable;
    frame = encode_packet(header);
    if (is_plain) {
      last_header_ = {stream, after, entry.through, session.interest_generation, frame};
    }
  }
  session.set_told(stream, entry.through);
  session.sent_bytes += frame.size() + body.size();
  metrics_.batches_delivered.add();
  metrics_.batch_bytes_delivered.add(frame.size() + body.size());
  metrics_.records_delivered.add(count);
  turn.outbox.sendings.push_back({{Door::session, session.peer}, std::move(frame), body});
}

void Node::Impl::deliver_gap(Turn& turn, const LogEntry& entry) {
  const auto lane = static_cast<std::size_t>(stream_ids_.id_of(entry.stream).lane);
  for (const auto& session : sessions_) {
    if (!session || session->cursors[lane].behind) continue;
    if (entry.through > told(*session, entry.stream)) {
      send_gap(turn, *session, *entry.gap, entry.stream);
    }
  }
}

void Node::Impl::send_gap(Turn& turn, Session& session, const Gap& gap, StreamIndex stream) {
  Gap own = gap;
  own.after = told(session, stream);
  session.set_told(stream, gap.through);
  metrics_.gaps_told.add();
  send(turn, {Door::session, session.peer}, own);
}

}  // namespace mpreg
