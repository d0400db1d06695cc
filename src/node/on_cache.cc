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

// Sorted, without this cluster; empty means all the others. One that nobody knows is refused.
Result<void> Node::Impl::check_targets(std::vector<std::string>& targets) const {
  if (targets.size() > options_.targets_max) {
    return fail(ErrorCode::refused, "the operation has " + std::to_string(targets.size()) +
                                        " targets, at most " +
                                        std::to_string(options_.targets_max) + " are allowed");
  }
  if (targets.empty()) {
    for (const auto& [cluster, known] : members_.all()) targets.push_back(cluster);
    return {};
  }
  for (const std::string& target : targets) {
    if (is_target_selector(target) || target == options_.cluster) continue;
    if (members_.find(target) == nullptr) {
      return fail(ErrorCode::refused, "target " + quoted(target) + " is no member that is known");
    }
  }
  targets = named_by(targets);
  std::erase_if(targets, [](const std::string& target) { return is_target_selector(target); });
  targets.erase(std::remove(targets.begin(), targets.end(), options_.cluster), targets.end());
  return {};
}

// Sorted, once each: the targets, and the members that they select.
std::vector<std::string> Node::Impl::named_by(std::vector<std::string> targets) const {
  const std::size_t given = targets.size();
  for (std::size_t i = 0; i < given; ++i) {
    if (!is_target_selector(targets[i])) continue;
    const std::string selector = targets[i];
    if (selects(selector, options_.cluster, options_.region)) targets.push_back(options_.cluster);
    for (const auto& [cluster, known] : members_.all()) {
      if (selects(selector, cluster, known.member.region)) targets.push_back(cluster);
    }
  }
  std::sort(targets.begin(), targets.end());
  targets.erase(std::unique(targets.begin(), targets.end()), targets.end());
  return targets;
}

// Where a resolver decides, writers say what they had seen; and the other way round.
Result<void> Node::Impl::check_resolved(const std::string& namespace_name, bool is_resolved) const {
  const bool has_resolver = cache_.resolved().resolver_of(namespace_name) != nullptr;
  if (has_resolver == is_resolved) return {};
  return fail(ErrorCode::refused,
              "namespace " + quoted(namespace_name) +
                  (has_resolver ? " has a resolver here: its values are written by a shared space"
                                : " has no resolver here: a shared space needs one (--resolver)"));
}

// One verification at the door: what passes is decodable and means something, everywhere.
Result<void> Node::Impl::check_fact(const Now& now, const Body& body, const Record& record,
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
    if (fact->claim) {
      return fail(ErrorCode::refused, "a claim is made by the home of the key, not by a client");
    }
    // Whoever only says that something has changed is always heard.
    if (fact->erased || fact->written || fact->fence != 0) {
      auto checked = check_write(now, fact->address, fact->fence, index, CacheOperation::write);
      if (!checked) return checked;
    }
    tracked.targets = std::move(fact->targets);
    tracked.timeout_ms = fact->tracking.timeout_ms;
    tracked.wait = fact->tracking.wait;
  } else if (record.kind == RecordKind::replication) {
    Result<CacheReplication> fact = decode_replication(payload);
    if (!fact) return tl::unexpected(fact.error());
    fits = is_topic_of(topic, options_.topic_prefix, "replication", fact->address.region,
                       fact->address.namespace_name);
    tracked.is_replication = true;
    auto checked = check_resolved(fact->address.namespace_name, fact->resolved);
    if (checked) {
      const bool is_alone =
          std::all_of(fact->targets.begin(), fact->targets.end(),
                      [this](const std::string& target) { return target == options_.cluster; });
      checked = check_write(now, fact->address, fact->fence, index,
                            is_alone ? CacheOperation::write : CacheOperation::share);
    }
    if (!checked) return checked;
    const auto value = values_.find(operation_of(body.segments, index));
    if (value != values_.end() && value->second == kNoValue) {
      values_.erase(value);
      return fail(ErrorCode::refused, "the value of this replication was refused");
    }
    tracked.targets = std::move(fact->targets);
    tracked.timeout_ms = fact->tracking.timeout_ms;
    tracked.wait = fact->tracking.wait;
    tracked.tells_each = fact->tracking.tells_each;
  } else {
    Result<CacheValue> value = decode_value(payload);
    if (!value) return tl::unexpected(value.error());
    fits = is_topic_of(topic, options_.topic_prefix, "replication", value->address.region,
                       value->address.namespace_name);
    const Resolver* resolver = cache_.resolved().resolver_of(value->address.namespace_name);
    if (resolver != nullptr && !resolver->accepts(value->value)) {
      return fail(ErrorCode::refused, "the value is none that the resolver of namespace " +
                                          quoted(value->address.namespace_name) + " can merge");
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
    return fail(ErrorCode::refused,
                "topic " + quoted(topic) + " is not the topic of the key's region and namespace");
  }
  // Refused before anything is numbered: targets that do not exist, and no slot to track with.
  const bool is_to_all = tracked.targets.empty();
  if (!is_to_all || is_tracked) {
    if (Result<void> checked = check_targets(tracked.targets); !checked) return checked;
  }
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

void Node::Impl::check_facts(const Now& now, Session& session, StampableBody& parts,
                             const Body& body, Outbox& outbox) {
  for (std::uint32_t i = 0; i < parts.records.size(); ++i) {
    Record& record = parts.records[i];
    if (record.kind == RecordKind::none) continue;
    if (Result<void> checked = check_fact(now, body, record, i); !checked) {
      const bool is_later = (record.flags & kTracked) != 0;
      if (record.kind == RecordKind::value && !is_later) void_fact_of(body, record, session.client);
      record.kind = RecordKind::none;
      refuse_operation(session, operation_of(parts.segments, i).operation, checked.error(), outbox);
    }
  }
}

void Node::Impl::track(const Now& now, const Body& body) {
  for (Tracked& tracked : tracked_) {
    PendingOperations::Operation operation;
    operation.id = operation_of(body.segments, tracked.index);
    const Number number = body.first() + tracked.index;
    operation.cache_number = tracked.is_value ? 0 : number;
    operation.bulk_number = tracked.is_value ? number : 0;
    operation.tells_each = tracked.tells_each;
    operation.missing = std::move(tracked.targets);
    operation.started = now.instant;
    std::chrono::milliseconds timeout = tracked.is_replication || tracked.is_value
                                            ? options_.replication_timeout
                                            : options_.invalidation_timeout;
    if (tracked.timeout_ms > 0) timeout = std::chrono::milliseconds(tracked.timeout_ms);
    operation.deadline = now.instant + timeout;
    if (const auto value = values_.find(operation.id); value != values_.end()) {
      operation.bulk_number = value->second;
      values_.erase(value);
    } else if (tracked.is_replication) {
      // The value went to another broker, or to an earlier life of this one: nobody here can say
      // whether it ever arrives, so the operation is not confirmed.
      operation.bulk_number = kNumberMax;
      if (operation.missing.empty()) operation.missing.push_back(options_.cluster);
    }
    if (tracked.wait == WaitLevel::observed) {
      auto& missing = operation.missing;
      // After it nobody may serve what was there before, target or not.
      if (tracked.is_replication) {
        for (const auto& [cluster, known] : members_.all()) missing.push_back(cluster);
        std::sort(missing.begin(), missing.end());
        missing.erase(std::unique(missing.begin(), missing.end()), missing.end());
      }
      const auto own = std::lower_bound(missing.begin(), missing.end(), options_.cluster);
      if (own == missing.end() || *own != options_.cluster) missing.insert(own, options_.cluster);
      operation.fence = now.instant + kOriginSilenceMax + kLeaseMargin;
      // Who knew an earlier life of this broker, and is not known to it, has its near caches stop
      // when they have not heard of it for so long.
      operation.waits_for_fence = now.instant < observe_.known_to_all;
    }
    metrics_.operations_tracked.add();
    pending_.add(std::move(operation), now.instant, ended_);
  }
  tracked_.clear();
  metrics_.pending_operations.set(static_cast<std::int64_t>(pending_.size()));
}

void Node::Impl::on_complete(const Now& now, Session& session, const CompleteOperation& request,
                             Outbox& outbox) {
  const bool done =
      pending_.complete({session.client, request.operation}, request.success, now.instant, ended_);
  Answer answer{request.request, done, ErrorCode::refused, ""};
  if (!done) {
    answer.text = "operation " + std::to_string(request.operation) + " is not pending";
  }
  send(outbox, {Door::session, session.peer}, answer);
}

void Node::Impl::tell_outcomes(const Now& now, Outbox& outbox) {
  if (ended_.empty()) return;
  std::map<std::uint32_t, OperationOutcomes> told;  // By peer.
  for (PendingOperations::Ended& ended : ended_) {
    switch (ended.outcome.outcome) {
      case Outcome::acknowledged:
        break;
      case Outcome::confirmed:
        books_.ended(ended.outcome.confirmed, {}, false);
        books_.took(std::chrono::microseconds(ended.outcome.latency_us));
        metrics_.operations_confirmed.add();
        metrics_.confirmation_us.record(ended.outcome.latency_us);
        break;
      case Outcome::timed_out:
        books_.ended(ended.outcome.confirmed, ended.outcome.missing, true);
        metrics_.operations_timed_out.add();
        break;
      case Outcome::failed:
        books_.ended(ended.outcome.confirmed, ended.outcome.missing, false);
        metrics_.operations_failed.add();
        break;
    }
    const auto slot = slot_of_client_.find(ended.client);
    if (slot != slot_of_client_.end()) {
      told[sessions_[slot->second]->peer].outcomes.push_back(ended.outcome);
    }
    remember_notice(now.instant, ended.client, ended.outcome.operation, std::move(ended.outcome));
  }
  for (auto& [peer, outcomes] : told) send_outcomes(peer, std::move(outcomes), outbox);
  ended_.clear();
  metrics_.pending_operations.set(static_cast<std::int64_t>(pending_.size()));
}

void Node::Impl::send_outcomes(std::uint32_t peer, OperationOutcomes all, Outbox& outbox) {
  const Address to{Door::session, peer};
  if (all.outcomes.size() == 1) return send(outbox, to, std::move(all.outcomes.front()));
  OperationOutcomes part;
  std::size_t names = 0;
  for (OperationOutcome& outcome : all.outcomes) {
    const std::size_t own = outcome.confirmed.size() + outcome.missing.size();
    if (part.outcomes.size() == kOutcomesMax || names + own > kOutcomeNamesMax) {
      send(outbox, to, std::exchange(part, {}));
      names = 0;
    }
    names += own;
    part.outcomes.push_back(std::move(outcome));
  }
  send(outbox, to, std::move(part));
}

// What was told to a connection that breaks may not have arrived: it is told again to the next one
// of the same client, which knows what it has heard.
void Node::Impl::remember_notice(Instant now, std::uint64_t client, std::uint64_t operation,
                                 Packet packet) {
  notices_.push_back({now, client, operation, std::move(packet)});
  if (notices_.size() > kNoticesMax) notices_.pop_front();
}

void Node::Impl::repeat_notices(const Session& session, Outbox& outbox) const {
  for (const Notice& notice : notices_) {
    if (notice.client == session.client) {
      send(outbox, {Door::session, session.peer}, notice.packet);
    }
  }
}

}  // namespace mpreg
