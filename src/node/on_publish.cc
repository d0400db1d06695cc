#include <algorithm>

#include "base/text.h"
#include "message/cache_key.h"
#include "node/node_impl.h"
#include "topic/topic.h"

namespace mpreg {
namespace {

constexpr std::uint32_t kAfterFloodMs = 100;

bool kind_fits(Lane lane, RecordKind kind) {
  switch (lane) {
    case Lane::events:
      return kind == RecordKind::event;
    case Lane::cache:
      return kind == RecordKind::invalidation || kind == RecordKind::replication;
    case Lane::bulk:
      return kind == RecordKind::value;
  }
  return false;
}

Result<void> check_segments(const Session& session, const Body& body) {
  if (body.records.size() != body.stamp.count) {
    return fail(ErrorCode::malformed, "batch has " + std::to_string(body.records.size()) +
                                          " records for " + std::to_string(body.stamp.count) +
                                          " numbers");
  }
  if (body.stamp.first != 0 || body.stamp.incarnation != Incarnation{} || body.stamp.version != 0) {
    return fail(ErrorCode::malformed, "batch is stamped already; only a broker stamps");
  }
  for (const Segment& segment : body.segments) {
    if (segment.client != session.client) {
      return fail(ErrorCode::malformed,
                  "batch holds operations of client " + std::to_string(segment.client) +
                      ", and this session is of client " + std::to_string(session.client));
    }
    if (segment.first_operation == 0 ||
        segment.first_operation > kNumberMax / 2 - kBodyNumbersMax) {
      return fail(ErrorCode::malformed,
                  "operation is " + std::to_string(segment.first_operation) + ", out of range");
    }
  }
  return {};
}

Result<void> check_publishable(const std::string& prefix, std::string_view topic, Lane lane) {
  if (Result<void> checked = check_topic(topic); !checked) return checked;
  if (is_reserved(topic)) {
    return fail(ErrorCode::refused,
                "topic " + in_quotes(topic) + " begins with $: such names are the broker's own");
  }
  if (is_cache_topic(topic, prefix) != (lane != Lane::events)) {
    return fail(ErrorCode::refused, "topic " + in_quotes(topic) +
                                        (lane == Lane::events ? " is under " : " is not under ") +
                                        prefix + ", where only cache operations are published");
  }
  return {};
}

}  // namespace

// With a place in the table, which it keeps.
Result<TopicIndex> Node::Impl::admit_topic(std::string_view topic, Lane lane) {
  if (auto checked = check_publishable(options_.topic_prefix, topic, lane); !checked) {
    return tl::unexpected(checked.error());
  }
  const auto index =
      topics_.intern(topic, lane == Lane::events ? TopicUse::events : TopicUse::cache);
  if (!index) {
    return fail(ErrorCode::overloaded, "the broker knows " + std::to_string(topics_.size()) +
                                           " topics, which is its limit");
  }
  metrics_.topics.set(static_cast<std::int64_t>(topics_.size()));
  return *index;
}

// A topic that is refused refuses the operations that use it, not the batch.
Result<void> Node::Impl::declare_aliases(Session& session, const BatchHeader& header) {
  for (const Declaration& declaration : header.declarations) {
    const Alias alias = declaration.alias;
    if (alias >= options_.session_aliases_max) {
      return fail(ErrorCode::malformed, "alias is " + std::to_string(alias) + ", at most " +
                                            std::to_string(options_.session_aliases_max - 1) +
                                            " is allowed");
    }
    if (session.aliases.size() <= alias) session.aliases.resize(alias + 1, kNoTopic);
    const Result<TopicIndex> topic = admit_topic(declaration.topic, header.stream.lane);
    session.aliases[alias] = topic ? *topic : kNoTopic;
    if (topic) {
      session.refused_aliases.erase(alias);
    } else {
      session.refused_aliases[alias] = topic.error();
    }
  }
  return {};
}

void Node::Impl::on_client_batch(Turn& turn, Session& session, const BatchHeader& header,
                                 std::size_t header_bytes, Frame frame) {
  // Until its incarnation is on disk, or it has rejoined, the broker numbers nothing.
  const bool has_to_wait =
      !incarnation_.may_number() ||
      (header.stream.lane != Lane::events && membership_.may_rejoin_soon(turn.now.instant));
  if (has_to_wait || !session.waiting.empty()) {
    session.waiting_bytes += header_bytes + frame.size();
    if (session.waiting_bytes > options_.session_window_bytes_max) {
      return refuse_session(turn, session.peer,
                            {ErrorCode::overloaded, "more was sent than the window allows"},
                            kAfterFloodMs);
    }
    session.waiting.push_back({header, header_bytes, std::move(frame)});
    return;
  }
  metrics_.batches_received.add();
  metrics_.batch_bytes_received.add(header_bytes + frame.size());
  session.received_bytes += header_bytes + frame.size();
  if (header.may_answer_later) {
    acceptances_.owe_by(turn.now.instant + kAnswerLater, session);
  } else {
    acceptances_.owe(session);
  }
  if (leaving_) return;  // Not stamped and not accepted: the client sends it elsewhere.

  auto opened = open_body(std::move(frame), BodyLimits{options_.payload_bytes_max});
  Result<void> checked =
      opened ? check_segments(session, *opened)
             : fail(ErrorCode::malformed, "batch: " + std::string(name_of(opened.error())));
  if (checked && opened->stamp.lane != header.stream.lane) {
    checked = fail(ErrorCode::malformed, "batch is of another lane than its header says");
  }
  if (checked) checked = declare_aliases(session, header);
  if (!checked) {
    metrics_.batches_malformed.add();
    return refuse_session(turn, session.peer, checked.error(), 0);
  }
  for (const Segment& segment : opened->segments) {
    if (session.lowest_operation == 0 || segment.first_operation < session.lowest_operation) {
      session.lowest_operation = segment.first_operation;
    }
  }
  StampableBody parts = stampable(*opened);
  if (!void_duplicates(turn, session, parts))
    return;  // Sent again although it had come: accepted, no more.
  begin_batch();
  resolve_topics(turn, session, parts, *opened);
  if (opened->stamp.lane != Lane::events) check_facts(turn, session, parts, *opened);
  stamp_and_apply(turn, parts, std::move(*opened));
}

// The broker may number, or its clients have waited long enough to be told why it has not rejoined.
void Node::Impl::take_waiting(Turn& turn) {
  if (!incarnation_.may_number() || membership_.may_rejoin_soon(turn.now.instant)) return;
  for (const auto& session : sessions_) {
    if (!session || session->waiting.empty()) continue;
    const std::uint32_t peer = session->peer;
    session->waiting_bytes = 0;
    for (WaitingBatch& batch : std::exchange(session->waiting, {})) {
      Session* present = sessions_.of_peer(peer);
      if (present == nullptr) break;  // What it said before has ended it.
      on_client_batch(turn, *present, batch.header, batch.header_bytes, std::move(batch.body));
    }
  }
}

// Operations that were stamped or applied before, here or elsewhere, keep their places and mean
// nothing: nobody issues a second verdict. Returns whether anything is left.
bool Node::Impl::void_duplicates(Turn& turn, Session& session, StampableBody& parts) {
  std::size_t left = parts.records.size();
  std::uint32_t index = 0;
  for (const Segment& segment : parts.segments) {
    if (clients_.seen(segment) != ClientTable::Seen::none) {
      for (std::uint32_t i = 0; i < segment.count; ++i) {
        const OperationId operation{segment.client, segment.first_operation + i};
        if (!clients_.seen(operation)) continue;
        // Who does not know that it was refused is told.
        if (const Packet* refusal = notices_.find_refusal(operation)) {
          send(turn, {Door::session, session.peer}, *refusal);
        }
        parts.records[index + i].kind = RecordKind::none;
        --left;
      }
    }
    index += segment.count;
  }
  metrics_.records_duplicate.add(parts.records.size() - left);
  return left > 0;
}

void Node::Impl::begin_batch() {
  own_declarations_.clear();
  tracked_.clear();
  checked_facts_.clear();
  value_facts_.clear();
}

// The broker's own streams use the topic's place as its alias.
void Node::Impl::declare_own(Lane lane, TopicIndex topic) {
  const StreamIndex own = own_[static_cast<std::size_t>(lane)];
  if (topics_.find(own, topic) != kNoTopic) return;
  (void)topics_.declare(own, topic, topic);
  own_declarations_.push_back({topic, topics_.text_of(topic)});
}

// Client aliases become those of the own stream, in place.
void Node::Impl::resolve_topics(Turn& turn, Session& session, StampableBody& parts,
                                const Body& body) {
  const Lane lane = body.stamp.lane;
  const TopicUse wanted = lane == Lane::events ? TopicUse::events : TopicUse::cache;
  for (std::uint32_t i = 0; i < parts.records.size(); ++i) {
    Record& record = parts.records[i];
    if (record.kind == RecordKind::none) continue;
    Error error;
    if ((record.flags & kBrokerFlags) != 0) {
      error = {ErrorCode::malformed, "the record has flags 8 or 16, which only brokers write"};
      record.flags = static_cast<std::uint8_t>(record.flags & ~kBrokerFlags);
    } else if (!kind_fits(lane, record.kind)) {
      error = {ErrorCode::malformed,
               "this kind of record does not travel in the lane " + std::string(name_of(lane))};
    } else if (record.alias != kNoAlias && (record.flags & kInlineTopic) != 0) {
      error = {ErrorCode::malformed, "the record has both an alias and an inline topic"};
    } else if (record.alias < session.aliases.size() && session.aliases[record.alias] != kNoTopic &&
               topics_.use_of(session.aliases[record.alias]) == wanted) {
      const TopicIndex topic = session.aliases[record.alias];
      record.alias = topic;
      declare_own(lane, topic);
      continue;
    } else if ((record.flags & kInlineTopic) != 0) {
      const Result<void> checked =
          check_publishable(options_.topic_prefix, body.inline_topic_of(record), lane);
      if (checked) continue;
      error = checked.error();
    } else if (const auto it = session.refused_aliases.find(record.alias);
               it != session.refused_aliases.end()) {
      error = it->second;
    } else {
      error = {ErrorCode::malformed,
               "alias " + std::to_string(record.alias) + " was not declared for this lane"};
    }
    record.kind = RecordKind::none;
    refuse_operation(turn, session, operation_of(parts.segments, i).operation, std::move(error));
  }
}

void Node::Impl::refuse_operation(Turn& turn, Session& session, std::uint64_t operation,
                                  Error error) {
  metrics_.operations_refused.add();
  const OperationRefused refused{operation, error.code, std::move(error.text)};
  send(turn, {Door::session, session.peer}, refused);
  notices_.remember(session.last_heard, session.client, 1, refused);
}

// What the broker itself says, on these topics.
void Node::Impl::stamp_own(Turn& turn, BodyBuilder& builder, const std::set<TopicIndex>& topics) {
  auto body = open_body(builder.finish(), kOwnBody);
  MPREG_CHECK(body.has_value());
  begin_batch();
  for (const TopicIndex topic : topics) declare_own(body->stamp.lane, topic);
  StampableBody parts = stampable(*body);
  stamp_and_apply(turn, parts, std::move(*body));
}

// What queue groups pass on to other clusters.
void Node::Impl::stamp_copies(Turn& turn) {
  if (!incarnation_.may_number()) return;
  while (const auto copies = groups_.take_copies()) {
    if (leaving_) {  // Our last number is told.
      metrics_.group_messages_dropped.add(copies->builder->records());
      continue;
    }
    stamp_own(turn, *copies->builder, copies->channels);
  }
}

void Node::Impl::stamp_and_apply(Turn& turn, StampableBody& parts, Body body) {
  const StreamIndex own = own_[static_cast<std::size_t>(body.stamp.lane)];
  StreamState& state = streams_[own];
  Stamp& stamp = *parts.stamp;
  stamp.incarnation = incarnation_.incarnation();
  stamp.first = state.frontier + 1;
  stamp.version = clock_.issue(turn.now.wall, stamp.count);
  stamp.created_ms = static_cast<std::uint64_t>(turn.now.wall.time_since_epoch().count());
  body.stamp = stamp;
  remember_operations(body);
  // What was refused is answered too. A refused fact is applied everywhere as that; of the rest,
  // another broker may still accept it.
  for (const Segment& segment : parts.segments) answered_.add(segment);
  metrics_.records_stamped.add(stamp.count);
  for (const auto& [index, fact] : value_facts_) {
    if (parts.records[index].kind == RecordKind::none) continue;  // Refused.
    await_fact({operation_of(parts.segments, index).client, fact}, stamp.first + index);
  }
  Arrival arrival;
  arrival.after = state.frontier;
  arrival.through = stamp.first + stamp.count - 1;
  arrival.declarations = own_declarations_;
  const bool carries_values =
      std::any_of(body.records.begin(), body.records.end(), [](const Record& record) {
        return record.kind == RecordKind::replication && (record.flags & kBrokerFlags) == 0;
      });
  if (carries_values) arrival.seen = seen_.take(turn.now.instant);
  arrival.body = std::move(body);
  if (!tracked_.empty()) track(turn.now, arrival.body);
  apply(turn, own, std::move(arrival));
}

}  // namespace mpreg
