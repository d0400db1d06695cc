#include <algorithm>

#include "message/target_names.h"
#include "node/node_impl.h"
#include "wire/cache_codec.h"
#include "wire/packet_codec.h"

namespace mpreg {
// The one way into this cluster. The arrival is next in its stream; local and remote meet here.
void Node::Impl::apply(const Now& now, StreamIndex stream, Arrival arrival, Outbox& outbox) {
  StreamState& state = streams_[stream];
  MPREG_CHECK(arrival.after <= state.frontier && arrival.through > state.frontier);
  const Lane lane = stream_ids_.id_of(stream).lane;
  LogEntry entry;
  entry.stream = stream;
  entry.after = state.frontier;
  entry.through = arrival.through;
  entry.hops = arrival.hops;
  entry.body = std::move(arrival.body);
  entry.gap = std::move(arrival.gap);
  entry.complete_for = std::move(arrival.complete_for);
  if (!entry.body.frame.empty()) {
    const Body& body = entry.body;
    bool is_trusted = true;
    if (!state.own) {
      const HybridTime last = body.stamp.version + body.stamp.count - 1;
      is_trusted = clock_.observe(last, now.wall, options_.clock_offset_max);
      if (!is_trusted) metrics_.clock_readings_refused.add();
    }
    if (lane == Lane::cache) apply_facts(now, stream, body, is_trusted);
    if (applier_ != nullptr) applier_->observe(stream_ids_.id_of(stream), body);
    if (lane == Lane::bulk) entry.targets = targets_of(body);
    if (entry.targets && !state.own) note_values(stream, body, *entry.targets);
    if (lane == Lane::bulk) cache_values(now, body);
    if (!state.own) {
      remember_operations(body);
      metrics_.link_batches_applied.add();
      metrics_.link_records_applied.add(body.records.size());
    }
  }
  if (!arrival.left_out.empty()) {
    entry.targets = std::make_shared<Targets>(1, std::move(arrival.left_out));
  }
  if (entry.gap) {
    metrics_.gaps_applied.add();
    // What was lost was written before now, by any clock that is not ahead of ours.
    const HybridTime time = std::max(clock_.last(), hybrid_time_of(now.wall));
    if (lane == Lane::cache) {
      loads_.note_space({});
      cache_.lose(entry.gap->scope, time);
    }
  }
  state.advance(entry.through, now.instant);
  moved_streams_.push_back(stream);
  state.head_seen = std::max(state.head_seen, entry.through);
  if (!state.own) {
    // Nobody waits for the word that events were applied: it only returns credit.
    state.unreported_bytes += sizeof(LogEntry) + entry.body.frame.size();
    if (lane != Lane::events || state.unreported_bytes >= event_report_bytes()) {
      reports_due_[stream].insert(std::string());
      state.unreported_bytes = 0;
    }
  }

  RetainedLog& log = retention_.log(lane);
  const LogPosition position = log.append(std::move(entry));
  const LogEntry& kept = *log.find(position);
  if (kept.gap) {
    deliver_gap(kept, outbox);
  } else if (!kept.body.frame.empty()) {
    deliver(stream, kept, position, outbox);
    if (lane == Lane::events) hand_out(stream, kept.body, outbox);
  }
  publish(stream, kept, arrival.declarations, outbox);
}

// Each fact once, whatever ways it came: a client that tried again through another broker has it in
// two streams. What was stamped here was looked up before it was stamped.
void Node::Impl::apply_facts(const Now& now, StreamIndex stream, const Body& body,
                             bool is_trusted) {
  const bool own = streams_[stream].own;
  std::uint64_t invalidations = 0;
  std::uint64_t processed = 0;
  for (const Record& record : body.records) {
    if (record.kind == RecordKind::none) continue;
    if (record.kind == RecordKind::claim) {
      take_claim(now, stream_ids_.id_of(stream).origin, body.stamp.version + record.index,
                 body.payload_of(record));
      continue;
    }
    const bool is_invalidation = record.kind == RecordKind::invalidation;
    invalidations += is_invalidation ? 1 : 0;
    if (!own && clients_.seen(operation_of(body.segments, record.index))) {
      metrics_.cache_facts_duplicate.add();
      continue;
    }
    processed += is_invalidation ? 1 : 0;
    metrics_.cache_facts_applied.add();
    cache_fact(now, stream, body, record, is_trusted);
    if (applier_ == nullptr) continue;
    applier_->apply(stream_ids_.id_of(stream), body.first() + record.index,
                    body.stamp.version + record.index, record.kind, body.payload_of(record));
  }
  if (own || invalidations == 0) return;
  books_.received(FederationBooks::Sort::invalidation, stream_ids_.id_of(stream).origin,
                  invalidations, processed);
}

// Who stamped it, or the broker that it came through, has checked that it can be read.
void Node::Impl::cache_fact(const Now& now, StreamIndex stream, const Body& body,
                            const Record& record, bool is_trusted) {
  const std::string& origin = stream_ids_.id_of(stream).origin;
  const HybridTime version = body.stamp.version + record.index;
  const Bytes payload = body.payload_of(record);
  if (record.kind == RecordKind::invalidation) {
    const auto fact = decode_invalidation(payload);
    if (!fact) return cache_.lose({}, clock_.last());
    if (fact->tracking.wait == WaitLevel::observed) {
      await_observers(now, stream, body.first() + record.index);
    }
    void_loads(fact->address, fact->type == InvalidationType::single_key);
    if (!is_trusted) return cache_.distrust(fact->address.namespace_name, clock_.last());
    cache_.note_version(origin, version);
    cache_.take(now.instant, *fact, origin, version);
    if (fact->claim && !is_long_over(now, version, fact->claim->lease_ms)) {
      claims_.take(now.instant, *fact, {version, origin}, stream, body.first() + record.index);
    }
  } else if (record.kind == RecordKind::replication) {
    const auto fact = decode_replication(payload);
    if (!fact) return cache_.lose({}, clock_.last());
    if (fact->tracking.wait == WaitLevel::observed) {
      await_observers(now, stream, body.first() + record.index);
    }
    void_loads(fact->address, true);
    if (!is_trusted) return cache_.distrust(fact->address.namespace_name, clock_.last());
    cache_.note_version(origin, version);
    cache_.take(now.instant, *fact, origin, version, operation_of(body.segments, record.index));
  }
}

void Node::Impl::cache_values(const Now& now, const Body& body) {
  for (const Record& record : body.records) {
    if (record.kind != RecordKind::value) continue;
    auto value = decode_value(body.payload_of(record));
    if (!value) continue;  // Its fact keeps waiting: the entry is missing.
    cache_.take(now.instant, std::move(*value), operation_of(body.segments, record.index).client);
  }
}

// The values that are for this cluster.
void Node::Impl::note_values(StreamIndex stream, const Body& body,
                             const std::vector<std::vector<std::string>>& targets) {
  std::uint64_t values = 0;
  for (std::size_t i = 0; i < body.records.size() && i < targets.size(); ++i) {
    const auto& named = targets[i];
    const bool is_ours = selects(named, options_.cluster, options_.region);
    values += is_ours && body.records[i].kind == RecordKind::value ? 1 : 0;
  }
  if (values == 0) return;
  books_.received(FederationBooks::Sort::replication, stream_ids_.id_of(stream).origin, values,
                  values);
}

// Only what is really in the body counts as seen: a number whose record was voided, because another
// broker had the operation, must not hide the original.
void Node::Impl::remember_operations(const Body& body) {
  std::size_t present = 0;
  for (const Record& record : body.records) present += record.kind != RecordKind::none ? 1 : 0;
  if (present == body.stamp.count) {
    for (const Segment& segment : body.segments) {
      clients_.add(segment);
      answered_.add(segment);
    }
    return;
  }
  for (const Record& record : body.records) {
    if (record.kind == RecordKind::none) continue;
    const OperationId id = operation_of(body.segments, record.index);
    clients_.add({id.client, id.operation, 1, 0});
    answered_.add({id.client, id.operation, 1, 0});
  }
}

// Facts go once for all neighbours that dialled us. Values and events go to each one by cursor, for
// each one gets what is for it.
void Node::Impl::publish(StreamIndex stream, const LogEntry& entry,
                         const std::vector<Declaration>& declared, Outbox& outbox) {
  const StreamId& id = stream_ids_.id_of(stream);
  if (id.lane != Lane::cache || link_of_peer_.empty()) return;
  if (entry.gap) {
    outbox.publications.push_back({channel_of(id), encode_packet(*entry.gap), {}});
    return;
  }
  BatchHeader header;
  header.stream = id;
  header.after = entry.after;
  header.through = entry.through;
  header.hops = static_cast<std::uint8_t>(entry.hops + 1);
  header.declarations = declared;
  outbox.publications.push_back({channel_of(id), encode_packet(header), entry.body.frame});
}

std::uint64_t Node::Impl::event_report_bytes() const {
  return std::min<std::uint64_t>(options_.link_window_bytes / 8, 256ULL << 10U);
}

void Node::Impl::enforce_retention() {
  const std::uint64_t before = retention_.evicted();
  retention_.enforce([](const LogEntry& entry) {
    std::vector<std::string> namespaces;
    if (entry.gap) {
      return entry.gap->scope.kind == ScopeKind::namespaces ? entry.gap->scope.names : namespaces;
    }
    for (const Record& record : entry.body.records) {
      const Bytes payload = entry.body.payload_of(record);
      std::string name;
      if (record.kind == RecordKind::invalidation) {
        if (const auto fact = decode_invalidation(payload)) name = fact->address.namespace_name;
      } else if (record.kind == RecordKind::replication) {
        if (const auto fact = decode_replication(payload)) name = fact->address.namespace_name;
      } else if (record.kind == RecordKind::claim) {
        if (const auto claim = decode_claim(payload)) name = claim->address.namespace_name;
      } else {
        continue;
      }
      if (name.empty()) return std::vector<std::string>();  // It may be about any.
      if (namespaces.empty() || namespaces.back() != name) namespaces.push_back(std::move(name));
    }
    return namespaces;
  });
  metrics_.retained_evicted.add(retention_.evicted() - before);
  metrics_.retained_bytes.set(static_cast<std::int64_t>(retention_.bytes()));
}

}  // namespace mpreg
