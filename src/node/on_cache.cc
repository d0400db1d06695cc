#include <algorithm>
#include <utility>

#include "base/text.h"
#include "message/cache_key.h"
#include "message/target_names.h"
#include "node/node_impl.h"
#include "wire/cache_codec.h"
#include "wire/packet_limits.h"

namespace mpreg {
namespace {

// Whether a topic is the one on which facts about this address are published. Compared piece by
// piece: no text is built for a record that is right.
bool is_topic_of(std::string_view topic, std::string_view prefix, std::string_view family,
                 std::string_view region, std::string_view last) {
  for (const std::string_view piece : {prefix, family, region}) {
    if (topic.substr(0, piece.size()) != piece || topic.size() <= piece.size() ||
        topic[piece.size()] != '.') {
      return false;
    }
    topic.remove_prefix(piece.size() + 1);
  }
  return topic == last;
}

bool is_about_one_key(InvalidationType type) {
  return type == InvalidationType::single_key || type == InvalidationType::cascade;
}

}  // namespace

// Sorted, without this cluster. One that nobody knows is refused.
Result<void> Node::Impl::check_targets(std::vector<std::string>& targets) const {
  if (targets.size() > options_.targets_max) {
    return fail(ErrorCode::refused, "the operation has " + std::to_string(targets.size()) +
                                        " targets, at most " +
                                        std::to_string(options_.targets_max) + " are allowed");
  }
  for (const std::string& target : targets) {
    if (is_target_selector(target) || target == options_.cluster) continue;
    if (members_.find(target) == nullptr) {
      return fail(ErrorCode::refused,
                  "target " + in_quotes(target) + " is no member that is known");
    }
  }
  targets = named_by(targets, options_, members_);
  std::erase_if(targets, [](const std::string& target) { return is_target_selector(target); });
  targets.erase(std::remove(targets.begin(), targets.end(), options_.cluster), targets.end());
  return {};
}

// Where a resolver decides, writers say what they had seen; and the other way round. Where times
// decide, our clock has to be right.
Result<void> Node::Impl::check_resolved(const std::string& namespace_name, bool is_resolved) const {
  const bool has_resolver = cache_.resolved().resolver_of(namespace_name) != nullptr;
  if (has_resolver == is_resolved) {
    if (!has_resolver || is_merged(namespace_name)) return {};
    auto outvoted = clock_is_outvoted();
    if (!outvoted) return {};
    return tl::unexpected<Error>(std::move(*outvoted));
  }
  return fail(ErrorCode::refused,
              "namespace " + in_quotes(namespace_name) +
                  (has_resolver ? " has a resolver here: its values are written by a shared space"
                                : " has no resolver here: a shared space needs one (--resolver)"));
}

// One verification at the door: what passes is decodable and means something, everywhere.
Result<void> Node::Impl::check_fact(const Now& now, const Body& body, Record& record,
                                    std::uint32_t index) {
  const Bytes payload = body.payload_of(record);
  const std::string_view topic = record.alias != kNoAlias
                                     ? std::string_view(topics_.text_of(record.alias))
                                     : body.inline_topic_of(record);
  const bool is_tracked = (record.flags & kTracked) != 0;
  Tracked tracked;
  tracked.index = index;
  bool fits = false;
  if (record.kind == RecordKind::invalidation) {
    Result<CacheInvalidation> fact = decode_invalidation(payload);
    if (!fact) return tl::unexpected(fact.error());
    fits = is_topic_of(topic, options_.topic_prefix, "invalidation", fact->address.region,
                       is_about_one_key(fact->type) ? std::string_view(fact->address.namespace_name)
                                                    : std::string_view("$pattern"));
    if (fact->erased) {
      auto checked = check_resolved(fact->address.namespace_name, fact->resolved);
      if (!checked) return checked;
    }
    if (auto may = check_may_number(fact->address); !may) return may;
    if (fact->claim) {
      return fail(ErrorCode::refused, "a claim is made by the home of the key, not by a client");
    }
    // Whoever only says that something has changed is always heard.
    if (fact->erased || fact->written || fact->fence != 0) {
      auto checked =
          claims_.check_write(now, fact->address, fact->fence, index, CacheOperation::write);
      if (!checked) return checked;
    }
    tracked.targets = fact->targets;
    tracked.timeout_ms = fact->tracking.timeout_ms;
    tracked.wait = fact->tracking.wait;
    checked_facts_.push_back({index, std::move(*fact)});
  } else if (record.kind == RecordKind::replication) {
    Result<CacheReplication> fact = decode_replication(payload);
    if (!fact) return tl::unexpected(fact.error());
    fits = is_topic_of(topic, options_.topic_prefix, "replication", fact->address.region,
                       fact->address.namespace_name);
    tracked.is_replication = true;
    if (auto may = check_may_number(fact->address); !may) return may;
    auto checked = check_resolved(fact->address.namespace_name, fact->resolved);
    if (checked) {
      const bool is_alone =
          std::all_of(fact->targets.begin(), fact->targets.end(),
                      [this](const std::string& target) { return target == options_.cluster; });
      checked = claims_.check_write(now, fact->address, fact->fence, index,
                                    is_alone ? CacheOperation::write : CacheOperation::share);
    }
    if (!checked) return checked;
    const auto value = values_.find(operation_of(body.segments, index));
    if (value != values_.end() && value->second == kNoValue) {
      values_.erase(value);
      return fail(ErrorCode::refused, "the value of this replication was refused");
    }
    tracked.targets = fact->targets;
    tracked.timeout_ms = fact->tracking.timeout_ms;
    tracked.wait = fact->tracking.wait;
    tracked.tells_each = fact->tracking.tells_each;
    if (!fact->resolved && !seen_.may_use_value(cache_, body, index, fact->address)) {
      metrics_.writes_as_invalidations.add();
      record.flags |= kInvalidates;
    }
    checked_facts_.push_back({index, std::move(*fact)});
  } else {
    Result<CacheValue> value = decode_value(payload);
    if (!value) return tl::unexpected(value.error());
    fits = is_topic_of(topic, options_.topic_prefix, "replication", value->address.region,
                       value->address.namespace_name);
    if (auto may = check_may_number(value->address); !may) return may;
    const Resolver* resolver = cache_.resolved().resolver_of(value->address.namespace_name);
    if (resolver != nullptr && !resolver->accepts(value->value)) {
      return fail(ErrorCode::refused, "the value is none that the resolver of namespace " +
                                          in_quotes(value->address.namespace_name) + " can merge");
    }
    // One that is tracked by itself comes later than its fact, which waits for another.
    if (!is_tracked) value_facts_.emplace_back(index, value->fact_operation);
    tracked.is_value = true;
    tracked.tells_each = true;
    tracked.timeout_ms = value->timeout_ms;
    tracked.wait = WaitLevel::applied;
    tracked.targets = std::move(value->targets);
  }
  if (!fits) {
    return fail(ErrorCode::refused, "topic " + in_quotes(topic) +
                                        " is not the topic of the key's region and namespace");
  }
  // Refused before anything is numbered: targets that do not exist, and no slot to track with.
  const bool is_to_all = tracked.targets.empty();
  if (!is_to_all) {
    if (Result<void> checked = check_targets(tracked.targets); !checked) return checked;
  }
  tracked.is_to_all = is_to_all;
  if (record.kind == RecordKind::value && !is_tracked) return {};
  if (is_tracked && pending_.size() + tracked_.size() >= options_.pending_operations_max) {
    return fail(ErrorCode::overloaded, std::to_string(pending_.size() + tracked_.size()) +
                                           " operations are pending, which is the limit");
  }
  const auto sort = tracked.is_replication ? FederationBooks::Sort::replication
                                           : FederationBooks::Sort::invalidation;
  if (tracked.is_value) {
    // Booked with its fact.
  } else if (is_to_all) {
    books_.sent_to_all(sort);
  } else {
    books_.sent(sort, tracked.targets);
  }
  if (is_tracked) tracked_.push_back(std::move(tracked));
  return {};
}

// The fact that belongs to a refused value means nothing: it is refused when it comes.
void Node::Impl::void_fact_of(const Body& body, const Record& record, std::uint64_t client) {
  const Result<CacheValue> value = decode_value(body.payload_of(record));
  if (value) await_fact({client, value->fact_operation}, kNoValue);
}

void Node::Impl::await_fact(const OperationId& fact, Number value) {
  values_[fact] = value;
  if (values_.size() > kValuesWaitingMax) values_.erase(values_.begin());
}

void Node::Impl::check_facts(Turn& turn, Session& session, StampableBody& parts, const Body& body) {
  for (std::uint32_t i = 0; i < parts.records.size(); ++i) {
    Record& record = parts.records[i];
    if (record.kind == RecordKind::none) continue;
    if (Result<void> checked = check_fact(turn.now, body, record, i); !checked) {
      const bool is_later = (record.flags & kTracked) != 0;
      if (record.kind == RecordKind::value && !is_later) void_fact_of(body, record, session.client);
      // What can be read keeps its number and identity, so that nobody else takes it any more. That
      // this broker cannot take it now says nothing about the operation.
      const Bytes payload = body.payload_of(record);
      const ErrorCode why = checked.error().code;
      const bool is_verdict = why != ErrorCode::disconnected && why != ErrorCode::overloaded;
      const bool is_readable =
          (record.kind == RecordKind::replication && decode_replication(payload)) ||
          (record.kind == RecordKind::invalidation && decode_invalidation(payload));
      if (is_verdict && is_readable) {
        record.flags =
            static_cast<std::uint8_t>((record.flags & ~(kTracked | kBrokerFlags)) | kRefused);
      } else {
        record.kind = RecordKind::none;
      }
      refuse_operation(turn, session, operation_of(parts.segments, i).operation, checked.error());
    }
  }
}

// Whoever has to confirm it, ascending.
PendingOperations::SharedProgress Node::Impl::awaited_by(const Now& now, Tracked& tracked,
                                                         bool is_lost) {
  // After it nobody may serve what was there before, target or not, here or there.
  const bool is_observed = tracked.wait == WaitLevel::observed;
  std::vector<std::string> missing = std::move(tracked.targets);
  if (tracked.is_to_all || (is_observed && tracked.is_replication)) {
    for (const auto& [cluster, known] : members_.all()) {
      if (membership_.is_waited_for(now.instant, cluster, is_observed)) missing.push_back(cluster);
    }
  }
  if (is_observed || (is_lost && missing.empty())) missing.push_back(options_.cluster);
  std::sort(missing.begin(), missing.end());
  missing.erase(std::unique(missing.begin(), missing.end()), missing.end());
  return pending_.awaiting(std::move(missing));
}

void Node::Impl::track(const Now& now, const Body& body) {
  PendingOperations::SharedProgress all;  // Of those that only wait for every member.
  for (Tracked& tracked : tracked_) {
    PendingOperations::Operation operation;
    operation.id = operation_of(body.segments, tracked.index);
    const Number number = body.first() + tracked.index;
    operation.cache_number = tracked.is_value ? 0 : number;
    operation.bulk_number = tracked.is_value ? number : 0;
    operation.tells_each = tracked.tells_each;
    operation.is_to_all = tracked.is_to_all;
    operation.started = now.instant;
    std::chrono::milliseconds timeout = tracked.is_replication || tracked.is_value
                                            ? options_.replication_timeout
                                            : options_.invalidation_timeout;
    if (tracked.timeout_ms > 0) timeout = std::chrono::milliseconds(tracked.timeout_ms);
    operation.deadline = now.instant + timeout;
    // The value went to another broker, or to an earlier life of this one: nobody here can say
    // whether it ever arrives, so the operation is not confirmed.
    bool is_lost = tracked.is_replication;
    if (const auto value = values_.find(operation.id); value != values_.end()) {
      operation.bulk_number = value->second;
      values_.erase(value);
      is_lost = false;
    }
    if (is_lost) operation.bulk_number = kNumberMax;
    if (tracked.wait == WaitLevel::observed) {
      operation.fence = now.instant + kOriginSilenceMax + kLeaseMargin;
      // Who knew an earlier life of this broker, and is not known to it, has its near caches stop
      // when they have not heard of it for so long.
      operation.waits_for_fence = observers_.may_trust_earlier_life(now.instant);
    }
    if (tracked.is_to_all && !is_lost && tracked.wait != WaitLevel::observed) {
      if (!all) all = awaited_by(now, tracked, false);
      operation.progress = all;
    } else {
      operation.progress = awaited_by(now, tracked, is_lost);
    }
    metrics_.operations_tracked.add();
    pending_.add(std::move(operation), now.instant, ended_);
  }
  tracked_.clear();
  metrics_.pending_operations.set(static_cast<std::int64_t>(pending_.size()));
}

void Node::Impl::on_complete(Turn& turn, Session& session, const CompleteOperation& request) {
  const bool done = pending_.complete({session.client, request.operation}, request.success,
                                      turn.now.instant, ended_);
  Answer answer{request.request, done, ErrorCode::refused, ""};
  if (!done) {
    answer.text = "operation " + std::to_string(request.operation) + " is not pending";
  }
  send(turn, {Door::session, session.peer}, answer);
}

// Those that follow one another and ended alike are told as one.
void Node::Impl::tell_outcomes(Turn& turn) {
  if (ended_.empty()) return;
  const std::span<const PendingOperations::Ended> all(ended_);
  for (std::size_t from = 0; from < all.size();) {
    const PendingOperations::Ended& first = all[from];
    std::size_t end = from + 1;
    while (end < all.size() && end - from < kOutcomesMax && all[end].id.client == first.id.client &&
           all[end].outcome == first.outcome && all[end].progress == first.progress) {
      ++end;
    }
    tell_outcome(turn, all.subspan(from, end - from));
    from = end;
  }
  ended_.clear();
  metrics_.pending_operations.set(static_cast<std::int64_t>(pending_.size()));
}

void Node::Impl::tell_outcome(Turn& turn, std::span<const PendingOperations::Ended> alike) {
  const PendingOperations::Ended& first = alike.front();
  OperationOutcome told;
  told.outcome = first.outcome;
  told.confirmed = first.progress->confirmed;
  told.missing = first.progress->missing;
  told.fenced = first.progress->fenced;
  told.failed = first.progress->failed;
  told.operations.reserve(alike.size());
  for (const PendingOperations::Ended& ended : alike) {
    told.operations.push_back({ended.id.operation, ended.latency_us});
  }
  switch (told.outcome) {
    case Outcome::acknowledged:
      break;
    case Outcome::confirmed:
      books_.ended(alike.size(), told.confirmed, {}, false);
      metrics_.operations_confirmed.add(alike.size());
      for (const EndedOperation& ended : told.operations) {
        books_.took(std::chrono::microseconds(ended.latency_us));
        metrics_.confirmation_us.record(ended.latency_us);
      }
      break;
    case Outcome::timed_out:
      books_.ended(alike.size(), told.confirmed, told.missing, true);
      metrics_.operations_timed_out.add(alike.size());
      break;
    case Outcome::failed:
      books_.ended(alike.size(), told.confirmed, told.missing, false);
      metrics_.operations_failed.add(alike.size());
      break;
  }
  // With the answer that is due or may come later: the client is woken once for both.
  Session* session = sessions_.of_client(first.id.client);
  const bool is_answered =
      session != nullptr && (session->acceptance_due || session->late_acceptance_due);
  if (is_answered) told.accepted = take_acceptance(*session);
  Packet packet(std::move(told));
  if (session != nullptr) send(turn, {Door::session, session->peer}, packet);
  if (is_answered) std::get<OperationOutcome>(packet).accepted.reset();
  notices_.remember(turn.now.instant, first.id.client, alike.size(), std::move(packet));
}

}  // namespace mpreg
