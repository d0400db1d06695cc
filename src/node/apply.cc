#include <algorithm>

#include "message/target_names.h"
#include "node/node_impl.h"
#include "wire/cache_codec.h"
#include "wire/packet_codec.h"

namespace mpreg {
namespace {

// An erasure is a write: of nothing.
bool is_erasure(const CacheInvalidation& fact) { return fact.erased; }
bool is_erasure(const CacheReplication& /*fact*/) { return false; }

std::uint64_t event_report_bytes(const NodeOptions& options) {
  return std::min<std::uint64_t>(options.link_window_bytes / 8, 256ULL << 10U);
}

// Of a fact that can be read.
std::optional<CacheAddress> address_of(RecordKind kind, Bytes payload) {
  if (kind == RecordKind::replication) {
    if (auto fact = decode_replication(payload)) return std::move(fact->address);
  } else if (auto invalidation = decode_invalidation(payload)) {
    return std::move(invalidation->address);
  }
  return std::nullopt;
}

}  // namespace

// The one way into this cluster. The arrival is next in its stream; local and remote meet here.
void Node::Impl::apply(Turn& turn, StreamIndex stream, Arrival arrival) {
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
  if (lane == Lane::cache) {
    const StreamPlace place = seen_.place_of(stream, stream_ids_.id_of(stream));
    if (!entry.body.frame.empty() && seen_.note({place, entry.body.first()}, arrival.seen)) {
      doubt_all();
    }
    entry.applied = turn.outbox.told = seen_.next_application();
    entry.seen = std::move(arrival.seen);
  }
  if (!entry.body.frame.empty()) {
    const Body& body = entry.body;
    Clocks clocks{clocks_agree(stream)};
    if (!state.own) {
      const HybridTime last = body.stamp.version + body.stamp.count - 1;
      clocks.are_trusted = clock_.observe(last, turn.now.wall, options_.clock_offset_max);
      if (!clocks.are_trusted) metrics_.clock_readings_refused.add();
    }
    if (lane == Lane::cache) apply_facts(turn.now, clocks, entry);
    if (applier_ != nullptr) applier_->observe(stream_ids_.id_of(stream), body);
    if (lane == Lane::bulk) entry.targets = targets_of(body, options_, members_);
    if (entry.targets && !state.own) note_values(stream, body, *entry.targets);
    if (lane == Lane::bulk) cache_values(turn.now, stream, clocks, body);
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
    note_failure(stream, {entry.after + 1, entry.through, arrival.failure});
    // Which of them were lost is not known.
    if (lane == Lane::bulk) cache_.give_up_of(turn.now.instant, stream_ids_.id_of(stream).origin);
    if (lane == Lane::cache) {
      if (entry.gap->scope.kind == ScopeKind::namespaces) {
        entry.namespaces = shared_names(entry.gap->scope.names);
      }
      reads_.void_all_loads();
      std::vector<Position> applied = seen_.positions();
      applied.push_back({seen_.place_of(stream, stream_ids_.id_of(stream)), entry.through});
      cache_.lose(entry.gap->scope, seen_.order(), applied);
      compare_soon(turn.now);
      // Whoever waits for observers may have sent what was lost: they have to hear of the loss.
      await_observers(turn.now, stream, entry.after + 1, entry.through);
    }
  }
  state.advance(entry.through, turn.now.instant);
  if (lane == Lane::cache) {
    seen_.move(seen_.place_of(stream, stream_ids_.id_of(stream)), entry.through);
  }
  moved_streams_.push_back(stream);
  state.head_seen = std::max(state.head_seen, entry.through);
  if (!state.own) {
    // Nobody waits for the word that events were applied: it only returns credit.
    state.unreported_bytes += sizeof(LogEntry) + entry.body.frame.size();
    if (lane != Lane::events || state.unreported_bytes >= event_report_bytes(options_)) {
      reports_due_[stream].insert(std::string());
      state.unreported_bytes = 0;
    }
  }

  RetainedLog& log = retention_.log(lane);
  const LogPosition position = log.append(std::move(entry));
  const LogEntry& kept = *log.find(position);
  if (kept.gap) {
    feed_.deliver_gap(turn, kept);
  } else if (!kept.body.frame.empty()) {
    feed_.deliver(turn, kept, position);
    if (lane == Lane::events) groups_.hand_out(turn, stream, state.own, kept.body);
  }
  publish(turn, stream, kept, arrival.declarations);
}

void NodeState::doubt_all() {
  (void)seen_.next_application();
  reads_.void_all_loads();
  cache_.lose({}, seen_.order(), seen_.positions());
}

// Null for none, and for so many that any may be among them. The same object as last time, where it
// is the same.
Node::Impl::SharedNames Node::Impl::shared_names(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  if (names.empty() || names.size() > Retention::kNamespacesRememberedMax) return nullptr;
  if (!last_names_ || *last_names_ != names) {
    last_names_ = std::make_shared<const std::vector<std::string>>(std::move(names));
  }
  return last_names_;
}

// What was read at the door is not read again.
void Node::Impl::apply_facts(const Now& now, Clocks clocks, LogEntry& entry) {
  const StreamIndex stream = entry.stream;
  const Body& body = entry.body;
  const bool own = streams_[stream].own;
  FactsApplied facts{stream, body, clocks, {}, 0, 0, false, {}, entry.applied};
  const StreamPlace place = seen_.place_of(stream, stream_ids_.id_of(stream));
  facts.place = place;
  // It was refused there and keeps its number and identity, so that nobody takes it any more; where
  // somebody has taken it, its write goes.
  const auto withdraw = [&](const Record& record) {
    const OperationId operation = operation_of(body.segments, record.index);
    const auto address = address_of(record.kind, body.payload_of(record));
    if (address) {
      facts.note(address->namespace_name);
      reads_.void_loads(*address, true);
      cache_.withdraw(now.instant, *address,
                      seen_.place(cache_, {body, record, place, facts.applied}, *address));
    }
    notices_.remember(now.instant, operation.client, 1,
                      OperationRefused{operation.operation, ErrorCode::refused,
                                       stream_ids_.id_of(stream).origin + " has refused it"});
  };
  auto checked = checked_facts_.cbegin();
  for (const Record& record : body.records) {
    if (record.kind == RecordKind::none) continue;
    if (record.kind == RecordKind::claim) {
      facts.note(claims_.hear(now, stream_ids_.id_of(stream).origin,
                              body.stamp.version + record.index, body.payload_of(record)));
      continue;
    }
    if ((record.flags & kRefused) != 0) {
      if (!own) withdraw(record);
      continue;
    }
    while (own && checked != checked_facts_.cend() && checked->index < record.index) ++checked;
    if (own && checked != checked_facts_.cend() && checked->index == record.index) {
      std::visit([&](const auto& fact) { apply_fact(now, record, fact, facts); }, checked->fact);
    } else if (record.kind == RecordKind::invalidation) {
      apply_decoded(now, record, decode_invalidation(body.payload_of(record)), facts);
    } else {
      apply_decoded(now, record, decode_replication(body.payload_of(record)), facts);
    }
  }
  if (!own && facts.invalidations > 0) {
    books_.received(FederationBooks::Sort::invalidation, stream_ids_.id_of(stream).origin,
                    facts.invalidations, facts.processed);
  }
  entry.namespaces = shared_names(std::move(facts.about));
  const auto shared = [](std::vector<std::uint32_t>& indices) {
    return indices.empty() ? nullptr
                           : std::make_shared<const std::vector<std::uint32_t>>(std::move(indices));
  };
  entry.unusable = shared(facts.unusable);
}

// Who stamped it, or the broker that it came through, has checked that it can be read.
template <typename Fact>
void Node::Impl::apply_decoded(const Now& now, const Record& record, const Result<Fact>& decoded,
                               FactsApplied& facts) {
  if (decoded) return apply_fact(now, record, *decoded, facts);
  const Number number = facts.body.first() + record.index;
  note_failure(facts.stream, {number, number, ApplyFailure::unreadable});
  facts.note({});
  cache_.lose({}, seen_.order(), seen_.positions());
}

// Each fact once, whatever ways it came: a client that tried again through another broker has it in
// two streams. What was stamped here was looked up before it was stamped.
template <typename Fact>
void Node::Impl::apply_fact(const Now& now, const Record& record, const Fact& fact,
                            FactsApplied& facts) {
  constexpr bool kIsInvalidation = std::is_same_v<Fact, CacheInvalidation>;
  const Body& body = facts.body;
  facts.note(fact.address.namespace_name);
  facts.invalidations += kIsInvalidation ? 1 : 0;
  const Number number = body.first() + record.index;
  if (fact.tracking.wait == WaitLevel::observed) await_observers(now, facts.stream, number, number);
  if (!streams_[facts.stream].own && clients_.seen(operation_of(body.segments, record.index))) {
    facts.unusable.push_back(record.index);
    cache_.withdraw(now.instant, fact.address,
                    seen_.place(cache_, {body, record, facts.place, facts.applied}, fact.address));
    return metrics_.cache_facts_duplicate.add();
  }
  facts.processed += kIsInvalidation ? 1 : 0;
  metrics_.cache_facts_applied.add();
  take_fact(now, record, fact, facts);
  if (applier_ == nullptr) return;
  applier_->apply(stream_ids_.id_of(facts.stream), number, body.stamp.version + record.index,
                  record.kind, body.payload_of(record));
}

template <typename Fact>
void Node::Impl::take_fact(const Now& now, const Record& record, const Fact& fact,
                           FactsApplied& facts) {
  constexpr bool kIsInvalidation = std::is_same_v<Fact, CacheInvalidation>;
  const std::string& origin = stream_ids_.id_of(facts.stream).origin;
  const HybridTime version = facts.body.stamp.version + record.index;
  const Number number = facts.body.first() + record.index;
  bool is_one_key = true;
  if constexpr (kIsInvalidation) is_one_key = fact.type == InvalidationType::single_key;
  reads_.void_loads(fact.address, is_one_key);
  bool is_about_key = is_one_key;
  if constexpr (kIsInvalidation) {
    is_about_key = is_one_key || fact.type == InvalidationType::cascade;
  }
  const Placed placed = seen_.place(
      cache_, {facts.body, record, facts.place, facts.applied, is_about_key}, fact.address);
  const bool is_write = !kIsInvalidation || is_erasure(fact);
  const bool is_used =
      !is_write || is_usable(facts.stream, facts.clocks, fact.address.namespace_name);
  // By a clock that is too far ahead: it counts as of now.
  const HybridTime counted = facts.clocks.are_trusted ? version : clock_.next(now.wall);
  if (facts.clocks.are_trusted) cache_.note_version(origin, version);
  const Judgement judgement = placed.written.judgement;
  const bool is_current =
      kIsInvalidation || ((record.flags & kInvalidates) == 0 && judgement == Judgement::replaces);
  if (!is_used || !is_current) {
    facts.unusable.push_back(record.index);
    if constexpr (!kIsInvalidation) {
      cache_.drop_waiting(operation_of(facts.body.segments, record.index));
      if (!is_used && selects(fact.targets, options_.cluster, options_.region)) {
        note_failure(facts.stream, {number, number, ApplyFailure::refused});
      }
    }
    if (!is_used) metrics_.writes_not_used.add();
    return take_as_invalidation(now, fact.address, origin, counted, placed);
  }
  if constexpr (kIsInvalidation) {
    cache_.take(now.instant, fact, origin, counted, placed);
    if (facts.clocks.are_trusted && fact.claim) {
      claims_.hear(now, fact, {version, origin}, facts.stream, number);
    }
  } else {
    const auto failure = cache_.take(now.instant, fact, origin, version,
                                     operation_of(facts.body.segments, record.index), placed);
    if (failure) note_failure(facts.stream, {number, number, *failure});
  }
}

// What is not kept is reported, and what it belongs to is missing from now on.
void Node::Impl::cache_values(const Now& now, StreamIndex stream, Clocks clocks, const Body& body) {
  const bool own = streams_[stream].own;
  for (const Record& record : body.records) {
    if (record.kind != RecordKind::value) continue;
    const Number number = body.first() + record.index;
    const Bytes payload = body.payload_of(record);
    auto value = decode_value(payload);
    if (!value) {  // Its fact waits, and is given up when it is overdue.
      note_failure(stream, {number, number, ApplyFailure::unreadable});
      continue;
    }
    if (!selects(value->targets, options_.cluster, options_.region)) continue;
    const std::uint64_t client = operation_of(body.segments, record.index).client;
    const OperationId fact{client, value->fact_operation};
    ReplicaStore::NotHeld failure;
    if (!is_usable(stream, clocks, value->address.namespace_name)) {
      failure = ApplyFailure::refused;
    } else if (!own && payload.size() > options_.payload_bytes_max) {
      failure = ApplyFailure::too_large;
    }
    if (failure) {
      cache_.give_up(now.instant, fact, *failure);
    } else {
      failure = cache_.take(now.instant, std::move(*value), client);
    }
    if (failure) note_failure(stream, {number, number, *failure});
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
void Node::Impl::publish(Turn& turn, StreamIndex stream, const LogEntry& entry,
                         const std::vector<Declaration>& declared) {
  const StreamId& id = stream_ids_.id_of(stream);
  if (id.lane != Lane::cache || !links_.is_dialled_by_any()) return;
  if (entry.gap) {
    turn.outbox.publications.push_back({channel_of(id), encode_packet(*entry.gap), {}});
    return;
  }
  BatchHeader header;
  header.stream = id;
  header.after = entry.after;
  header.through = entry.through;
  header.hops = static_cast<std::uint8_t>(entry.hops + 1);
  header.declarations = declared;
  if (entry.seen) header.seen = *entry.seen;
  turn.outbox.publications.push_back({channel_of(id), encode_packet(header), entry.body.frame});
}

void Node::Impl::enforce_retention() {
  const std::uint64_t before = retention_.evicted();
  retention_.enforce();
  metrics_.retained_evicted.add(retention_.evicted() - before);
  metrics_.retained_bytes.set(static_cast<std::int64_t>(retention_.bytes()));
}

}  // namespace mpreg
