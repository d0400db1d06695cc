// ClientSession: what the application asks.

#include <algorithm>

#include "message/cache_key.h"
#include "message/group_names.h"
#include "session/session_impl.h"
#include "topic/topic.h"
#include "wire/cache_codec.h"
#include "wire/packet_limits.h"

namespace mpreg {
namespace {

std::uint8_t flags_of(const Tracking& tracking) {
  return tracking.wait > WaitLevel::accepted ? kTracked : std::uint8_t{0};
}

FactTopic topic_kind_of(InvalidationType type) {
  const bool one_key = type == InvalidationType::single_key || type == InvalidationType::cascade;
  return one_key ? FactTopic::invalidation : FactTopic::pattern_invalidation;
}

Result<void> check_subscription(const Subscription& subscription, std::size_t patterns_max) {
  if (subscription.id == 0) return fail(ErrorCode::malformed, "subscription id is 0");
  const std::size_t patterns = subscription.patterns.size();
  if (patterns == 0 || patterns > patterns_max) {
    return fail(ErrorCode::malformed, "subscription has " + std::to_string(patterns) +
                                          " patterns, 1 to " + std::to_string(patterns_max) +
                                          " are allowed");
  }
  for (const std::string& pattern : subscription.patterns) {
    if (auto checked = check_pattern(pattern); !checked) return checked;
  }
  if (subscription.group.empty()) return {};
  return check_group(subscription.group);
}

tl::unexpected<Error> no_room(std::size_t bytes, SessionCounters& counters) {
  ++counters.would_block;
  return fail(ErrorCode::overloaded, "publish window is full: " + std::to_string(bytes) +
                                         " bytes do not fit beside what is not yet accepted");
}

// By the rules that every receiver keeps: so what is refused there is not sent.
template <typename Value>
Result<void> checked(const Result<Value>& decoded) {
  if (!decoded) return tl::unexpected(decoded.error());
  return {};
}

Result<void> check_headers(const Headers& headers) {
  for (const auto& [field, value] :
       {std::pair("content_type", &headers.content_type), std::pair("trace_id", &headers.trace_id),
        std::pair("reply_to", &headers.reply_to),
        std::pair("correlation_id", &headers.correlation_id)}) {
    if (value->size() <= kHeaderFieldBytesMax) continue;
    return fail(ErrorCode::malformed, std::string(field) + " has " + std::to_string(value->size()) +
                                          " bytes, at most " +
                                          std::to_string(kHeaderFieldBytesMax) + " are allowed");
  }
  return {};
}

}  // namespace

// Mostly it is the one of the fact before.
const std::string& ClientSession::Impl::topic_of(FactTopic kind, const CacheAddress& address) {
  LastTopic& last = last_topic_;
  if (last.text.empty() || last.kind != kind || last.region != address.region ||
      last.namespace_name != address.namespace_name) {
    const std::string& prefix = options.topic_prefix;
    last = {kind, address.region, address.namespace_name, {}};
    switch (kind) {
      case FactTopic::invalidation:
        last.text = invalidation_topic(prefix, address.region, address.namespace_name);
        break;
      case FactTopic::pattern_invalidation:
        last.text = pattern_invalidation_topic(prefix, address.region);
        break;
      case FactTopic::replication:
        last.text = replication_topic(prefix, address.region, address.namespace_name);
        break;
    }
  }
  return last.text;
}

Result<void> ClientSession::Impl::may_publish() const {
  if (!over()) return {};
  return fail(ErrorCode::disconnected, "the session is " + std::string(name_of(state)));
}

Result<std::uint64_t> ClientSession::Impl::publish(std::string_view topic, Bytes payload,
                                                   const Headers* headers, Answering answering,
                                                   Naming naming) {
  if (auto may = may_publish(); !may) return tl::unexpected(may.error());
  Frame encoded;
  if (headers != nullptr) {
    if (auto right = check_headers(*headers); !right) return tl::unexpected(right.error());
    encoded = encode_headers(*headers);
  }
  PublishQueue::Item item;
  item.topic = topic;
  item.naming = naming;
  item.headers = encoded.bytes();
  item.payload = payload;
  if (auto checked = queue.check(item); !checked) return tl::unexpected(checked.error());
  const std::size_t bytes = payload.size() + encoded.size();
  if (!queue.has_room_for(bytes)) return no_room(bytes, counters);
  const std::uint64_t operation = queue.append(item);
  queue.pump(output, answering == Answering::later);
  return operation;
}

Result<std::uint64_t> ClientSession::Impl::invalidate(const Now& now,
                                                      const CacheInvalidation& invalidation) {
  if (auto may = may_publish(); !may) return tl::unexpected(may.error());
  if (auto right = check_invalidation(invalidation); !right) return tl::unexpected(right.error());
  encode_into(invalidation, payload_);
  const Bytes payload(payload_);
  PublishQueue::Item item;
  item.lane = Lane::cache;
  item.kind = RecordKind::invalidation;
  item.flags = flags_of(invalidation.tracking);
  item.topic = topic_of(topic_kind_of(invalidation.type), invalidation.address);
  item.payload = payload;
  if (auto checked = queue.check(item); !checked) return tl::unexpected(checked.error());
  if (auto slot = slot_for(invalidation.tracking); !slot) return tl::unexpected(slot.error());
  if (!queue.has_room_for(payload.size())) return no_room(payload.size(), counters);
  const std::uint64_t operation = queue.append(item);
  track(now, operation, invalidation.tracking, options.invalidation_timeout);
  queue.pump(output, invalidation.tracking.wait > WaitLevel::accepted);
  return operation;
}

Result<std::uint64_t> ClientSession::Impl::replicate(
    const Now& now, const CacheReplication& replication, std::string_view value,
    const std::vector<std::string>& value_targets) {
  if (auto may = may_publish(); !may) return tl::unexpected(may.error());
  const CacheAddress& address = replication.address;
  CacheReplication fact = replication;
  fact.value_bytes = value.size();
  if (auto right = check_replication(fact); !right) return tl::unexpected(right.error());
  CacheValue content;
  content.address = address;
  content.targets = value_targets;
  content.ttl_ms = fact.ttl_ms;
  content.fact_operation = queue.next_operation() + 1;
  content.value = value;
  content.tags = fact.tags;
  content.depends_on = fact.depends_on;
  content.ancestors = fact.ancestors;
  const Frame value_payload = encode_value(content);
  const Frame fact_payload = encode_replication(fact);
  const std::string& topic = topic_of(FactTopic::replication, address);
  PublishQueue::Item value_item;
  value_item.lane = Lane::bulk;
  value_item.kind = RecordKind::value;
  value_item.topic = topic;
  value_item.payload = value_payload.bytes();
  PublishQueue::Item fact_item;
  fact_item.lane = Lane::cache;
  fact_item.kind = RecordKind::replication;
  fact_item.flags = flags_of(fact.tracking);
  fact_item.topic = topic;
  fact_item.payload = fact_payload.bytes();
  if (auto checked = queue.check(value_item); !checked) return tl::unexpected(checked.error());
  if (auto checked = queue.check(fact_item); !checked) return tl::unexpected(checked.error());
  if (auto slot = slot_for(fact.tracking); !slot) return tl::unexpected(slot.error());
  const std::size_t bytes = value_payload.size() + fact_payload.size();
  if (!queue.has_room_for(bytes)) return no_room(bytes, counters);
  queue.append(value_item);
  queue.value_precedes_fact();
  const std::uint64_t operation = queue.append(fact_item);
  track(now, operation, fact.tracking, options.replication_timeout);
  queue.pump(output);
  return operation;
}

Result<std::uint64_t> ClientSession::Impl::send_value(const Now& now, const CacheValue& value) {
  if (auto may = may_publish(); !may) return tl::unexpected(may.error());
  const Frame payload = encode_value(value);
  if (auto right = checked(decode_value(payload.bytes())); !right) {
    return tl::unexpected(right.error());
  }
  const std::string& topic = topic_of(FactTopic::replication, value.address);
  PublishQueue::Item item;
  item.lane = Lane::bulk;
  item.kind = RecordKind::value;
  item.flags = kTracked;
  item.topic = topic;
  item.payload = payload.bytes();
  if (auto checked = queue.check(item); !checked) return tl::unexpected(checked.error());
  const Tracking tracking{WaitLevel::applied, value.timeout_ms};
  if (auto slot = slot_for(tracking); !slot) return tl::unexpected(slot.error());
  if (!queue.has_room_for(payload.size())) return no_room(payload.size(), counters);
  const std::uint64_t operation = queue.append(item);
  track(now, operation, tracking, options.replication_timeout);
  queue.pump(output);
  return operation;
}

Result<void> ClientSession::Impl::slot_for(const Tracking& tracking) const {
  if (tracking.wait == WaitLevel::accepted || tracked.size() < options.tracked_operations_max) {
    return {};
  }
  return fail(ErrorCode::overloaded,
              std::to_string(tracked.size()) + " tracked operations are pending, at most " +
                  std::to_string(options.tracked_operations_max) + " are allowed");
}

void ClientSession::Impl::track(const Now& now, std::uint64_t operation, const Tracking& tracking,
                                std::chrono::milliseconds otherwise) {
  if (tracking.wait == WaitLevel::accepted) return;
  const std::chrono::milliseconds timeout =
      tracking.timeout_ms != 0 ? std::chrono::milliseconds(tracking.timeout_ms) : otherwise;
  tracked.add(operation, now.instant + timeout + kOutcomeMargin);
}

// A probe is answered at once, and with it what may be answered later.
void ClientSession::Impl::flush(const Now& now) {
  queue.flush();
  queue.pump(output);
  if (state != SessionState::ready || !queue.awaits_late_answer()) return;
  send(Probe{SentAt::before_sending(now.instant).wire_ns()});
}

Result<std::uint64_t> ClientSession::Impl::subscribe(const Subscription& subscription) {
  if (auto may = may_publish(); !may) return tl::unexpected(may.error());
  std::size_t patterns_max = kPatternsMax;
  if (welcome && welcome->limits.patterns_max != 0) {
    patterns_max = std::min<std::size_t>(patterns_max, welcome->limits.patterns_max);
  }
  if (auto checked = check_subscription(subscription, patterns_max); !checked) {
    return tl::unexpected(checked.error());
  }
  // Everything must fit into one Hello, or it could not be resumed.
  if (interest.patterns_asked() + subscription.patterns.size() > options.patterns_max) {
    return fail(ErrorCode::overloaded,
                "the session has " + std::to_string(interest.patterns_asked()) +
                    " patterns, at most " + std::to_string(options.patterns_max) + " are allowed");
  }
  std::size_t pattern_bytes = interest.pattern_bytes_asked();
  for (const std::string& pattern : subscription.patterns) {
    pattern_bytes += Interest::hello_bytes_of(pattern);
  }
  if (pattern_bytes > options.pattern_bytes_max) {
    return fail(ErrorCode::overloaded, "the patterns of the session would take " +
                                           std::to_string(pattern_bytes) + " bytes, at most " +
                                           std::to_string(options.pattern_bytes_max) +
                                           " are allowed");
  }
  Subscription wanted = subscription;
  std::sort(wanted.patterns.begin(), wanted.patterns.end());
  wanted.patterns.erase(std::unique(wanted.patterns.begin(), wanted.patterns.end()),
                        wanted.patterns.end());
  const std::uint64_t number = next_request_++;
  const std::uint64_t replaced = interest.begin(number, wanted);
  if (replaced != 0) {
    answer(replaced, ErrorCode::refused, "another subscribe of the same id took its place");
  }
  if (state == SessionState::ready) send(Subscribe{number, std::move(wanted)});
  return number;
}

Result<std::uint64_t> ClientSession::Impl::unsubscribe(const Now& now, std::uint32_t subscription) {
  const auto waited = interest.remove(subscription);
  if (!waited) {
    return fail(ErrorCode::refused,
                "there is no subscription " + std::to_string(subscription) + " in this session");
  }
  if (*waited != 0) answer(*waited, ErrorCode::refused, "unsubscribed before it was active");
  const std::uint64_t number = next_request_++;
  if (state == SessionState::ready || state == SessionState::greeting) {
    requests_.add(number, now.instant + kRequestTimeout);
    if (state == SessionState::ready) {
      acknowledge(0);  // So that no other member of a group gets what this one has had.
      send(Unsubscribe{number, subscription});
    } else {
      unsubscribes_after_welcome_[number] = subscription;
    }
  } else {
    notify(Answer{number, true, ErrorCode::internal, {}});  // The next Hello does not name it.
  }
  return number;
}

Result<std::uint64_t> ClientSession::Impl::request(const Now& now, Duration timeout) {
  if (state != SessionState::ready) {
    return fail(ErrorCode::disconnected, "the session is " + std::string(name_of(state)));
  }
  if (requests_.size() >= options.requests_max) {
    return fail(ErrorCode::overloaded,
                std::to_string(requests_.size()) + " requests are unanswered, which is the limit");
  }
  const std::uint64_t number = next_request_++;
  requests_.add(number, now.instant + timeout);
  return number;
}

Result<std::uint64_t> ClientSession::Impl::barrier(const Now& now,
                                                   std::chrono::milliseconds timeout) {
  constexpr std::chrono::milliseconds kTimeoutMax = std::chrono::hours(24);
  if (timeout <= timeout.zero() || timeout > kTimeoutMax) {
    return fail(ErrorCode::malformed, "barrier timeout is " + std::to_string(timeout.count()) +
                                          " ms, 1 ms to 24 h are allowed");
  }
  auto number = request(now, timeout + kOutcomeMargin);
  if (number) send(Barrier{*number, static_cast<std::uint32_t>(timeout.count())});
  return number;
}

Result<std::uint64_t> ClientSession::Impl::get(const Now& now, const CacheAddress& address,
                                               std::vector<StreamPosition> positions,
                                               std::chrono::milliseconds wait) {
  constexpr std::chrono::milliseconds kWaitMax{60'000};
  if (wait < wait.zero() || wait > kWaitMax) {
    return fail(ErrorCode::malformed,
                "wait is " + std::to_string(wait.count()) + " ms, 0 to 60000 are allowed");
  }
  CacheGet ask;
  ask.address = address;
  ask.positions = std::move(positions);
  ask.wait_ms = static_cast<std::uint32_t>(wait.count());
  return ask_store(now, std::move(ask));
}

Result<std::uint64_t> ClientSession::Impl::get_elsewhere(const Now& now,
                                                         const CacheAddress& address,
                                                         std::string cluster, bool with_value) {
  if (!cluster.empty()) {
    if (auto checked = check_cluster_id(cluster); !checked) return tl::unexpected(checked.error());
  }
  CacheGet ask;
  ask.address = address;
  ask.cluster = std::move(cluster);
  ask.with_value = with_value;
  return ask_store(now, std::move(ask));
}

Result<std::uint64_t> ClientSession::Impl::ask_store(const Now& now, CacheGet ask) {
  const CacheAddress& address = ask.address;
  for (const Result<void>& checked :
       {check_namespace(address.namespace_name), check_key(address.key),
        check_subkey(address.subkey), check_key_version(address.version)}) {
    if (!checked) return tl::unexpected(checked.error());
  }
  auto number = request(now, std::chrono::milliseconds(ask.wait_ms) + kRequestTimeout);
  if (!number) return number;
  ask.request = *number;
  send(std::move(ask));
  return number;
}

void ClientSession::Impl::observe() {
  if (observes_) return;
  observes_ = true;
  if (state == SessionState::ready) send(Observed{});
}

void ClientSession::Impl::observed() {
  if (!observes_ || state != SessionState::ready) return;
  Observed packet{inbox.positions()};
  std::erase_if(packet.positions,
                [](const StreamPosition& position) { return position.stream.lane != Lane::cache; });
  send(std::move(packet));
}

Result<std::uint64_t> ClientSession::Impl::ask_load(const Now& now, LoadAsk ask) {
  auto number = request(now, kRequestTimeout);
  if (!number) return number;
  ask.request = *number;
  send(std::move(ask));
  return number;
}

Result<std::uint64_t> ClientSession::Impl::ask_claim(const Now& now, ClaimAsk ask) {
  auto number = request(now, kRequestTimeout + std::chrono::milliseconds(ask.wait_ms));
  if (!number) return number;
  ask.request = *number;
  send(std::move(ask));
  return number;
}

Result<std::uint64_t> ClientSession::Impl::query(const Now& now, std::string_view question) {
  if (question.size() > kQuestionBytesMax) {
    return fail(ErrorCode::malformed, "question has " + std::to_string(question.size()) +
                                          " bytes, at most " + std::to_string(kQuestionBytesMax) +
                                          " are allowed");
  }
  auto number = request(now, kRequestTimeout);
  if (number) send(Query{*number, std::string(question)});
  return number;
}

Result<std::uint64_t> ClientSession::Impl::complete_operation(const Now& now,
                                                              std::uint64_t operation,
                                                              bool success) {
  auto number = request(now, kRequestTimeout);
  if (number) send(CompleteOperation{*number, operation, success});
  return number;
}

}  // namespace mpreg
