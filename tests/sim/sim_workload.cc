// SimClient: what the application does.

#include <algorithm>

#include "message/cache_key.h"
#include "sim_client.h"
#include "wire/cache_codec.h"

namespace mpreg::sim {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kTopics[] = {
    "a",     "a.b",           "a.c",           "a.b.c",   "b.x",
    "b.y.z", "orders.eu.new", "orders.us.new", "c.d.e.f", "orders.eu.paid"};
constexpr std::string_view kPatterns[] = {"#",
                                          "a",
                                          "a.*",
                                          "a.#",
                                          "*.b",
                                          "b.#",
                                          "#.c",
                                          "orders.*.new",
                                          "orders.eu.new",
                                          "nothing.of.this",
                                          "mpreg.cache.federation.#",
                                          "mpreg.cache.federation.invalidation.#",
                                          "mpreg.cache.federation.invalidation.*.users",
                                          "mpreg.cache.federation.replication.#",
                                          "mpreg.cache.federation.replication.default.items"};
constexpr std::string_view kNamespaces[] = {"users", "items", "prices"};
constexpr std::uint32_t kSubscriptionsMax = 4;  // Ids 1 to 4: now and then one is replaced.
constexpr milliseconds kLastRoundTimeout{6000};

std::string topic_of(const std::string& prefix, const CacheInvalidation& invalidation) {
  const CacheAddress& address = invalidation.address;
  const bool is_one_key = invalidation.type == InvalidationType::single_key ||
                          invalidation.type == InvalidationType::cascade;
  return is_one_key ? invalidation_topic(prefix, address.region, address.namespace_name)
                    : pattern_invalidation_topic(prefix, address.region);
}

}  // namespace

void SimClient::act(const Action& action) {
  if (is_over()) return;
  stage_.trace.line([&] {
    return "client " + plan_.options.name + " does: " + std::string(sim::name_of(action.kind));
  });
  Random random(action.seed);
  switch (action.kind) {
    case ActionKind::publish:
      if (random.chance(2)) {
        // Lanes in turn: more holes in each than anybody remembers.
        for (std::uint64_t i = random.between(70, 100); i > 0; --i) {
          publish(random, 1);
          invalidate(random);
        }
      } else {
        publish(random, random.chance(10) ? random.between(20, 60) : random.between(1, 6));
      }
      break;
    case ActionKind::invalidate:
      for (std::uint64_t i = random.between(1, 3); i > 0; --i) invalidate(random);
      break;
    case ActionKind::replicate:
      for (std::uint64_t i = random.between(1, 2); i > 0; --i) replicate(random);
      break;
    case ActionKind::subscribe:
      subscribe(random);
      break;
    case ActionKind::unsubscribe:
      unsubscribe(random);
      break;
    case ActionKind::hold_credit:
    case ActionKind::release_credit:
      hold_credit(action.kind == ActionKind::hold_credit);
      break;
    case ActionKind::ask:
      ask(random);
      break;
    case ActionKind::say_goodbye:
      record({.kind = StepKind::say_goodbye});
      say_goodbye();
      break;
    case ActionKind::crash:
      record({.kind = StepKind::crash});
      return crash();
    case ActionKind::reconnect:
      if (connection_ != kNoConnection && !dialling_) {
        const Duration delay = random.duration({}, milliseconds(300));
        record({.kind = StepKind::move, .first = delay});
        move(delay);
      }
      break;
    default:
      break;
  }
  if (random.chance(20)) {
    record({.kind = StepKind::flush});
    session_.flush(now());
  }
  pump();
}

void SimClient::record(Step step) {
  step.who = host_;
  stage_.record(std::move(step));
}

void SimClient::hold_credit(bool is_on) {
  record({.kind = is_on ? StepKind::hold_credit : StepKind::release_credit});
  session_.hold_credit(now(), is_on);
}

void SimClient::say_goodbye() {
  leaving_ = true;
  stage_.groups.on_left_all(index_);
  session_.goodbye(now(), "done");
}

void SimClient::crash() {
  stage_.trace.line([&] { return "client " + plan_.options.name + " crashes"; });
  has_crashed_ = leaving_ = true;
  frozen_until_ = Instant::max();
  stage_.groups.on_left_all(index_);
  for (std::size_t key = 0; key < ExclusiveCheck::kKeys; ++key) {
    stage_.exclusive.on_released(ExclusiveCheck::key(key), index_);
  }
  drop_connection();
}

void SimClient::move(Duration delay) {
  if (connection_ == kNoConnection || dialling_) return;
  drop_connection();
  session_.on_disconnected(now(), "the client moves");
  dial_in(delay);
}

void SimClient::calm() {
  is_calm_ = true;
  session_.hold_credit(now(), false);
  pump();
}

// Unlike any other, and sometimes long.
std::string SimClient::content(Random& random) {
  std::string text = "m" + std::to_string(++stage_.serial) + " ";
  std::size_t bytes = static_cast<std::size_t>(random.below(60));
  if (stage_.plan.troubles.large_payloads) {
    const std::uint64_t kind = random.below(100);
    if (kind < 25) bytes = static_cast<std::size_t>(random.between(500, 4000));
    if (kind < 5) bytes = static_cast<std::size_t>(random.between(8000, 40'000));
  }
  text.append(bytes, static_cast<char>('a' + random.below(26)));
  return text;
}

// Of a content, what is there beside what makes it unlike any other.
std::uint32_t SimClient::filling_of(const std::string& content) {
  return static_cast<std::uint32_t>(content.size() - content.find(' ') - 1);
}

std::string SimClient::filled(std::uint32_t bytes) {
  return "m" + std::to_string(++stage_.serial) + " " + std::string(bytes, 'x');
}

std::vector<std::string> SimClient::some_clusters(Random& random, bool may_be_none) {
  std::vector<std::string> clusters;
  if (may_be_none && random.chance(60)) return clusters;
  for (const BrokerPlan& broker : stage_.plan.brokers) {
    if (random.chance(50)) clusters.push_back(broker.options.cluster);
  }
  if (clusters.empty()) clusters.push_back(random.pick(stage_.plan.brokers).options.cluster);
  return clusters;
}

MessageIndex SimClient::enter(RecordKind kind, std::uint64_t operation, std::string_view topic,
                              Bytes payload, const CacheAddress* address,
                              std::vector<std::string> targets) {
  Message message;
  message.client = index_;
  message.operation = operation;
  message.kind = kind;
  message.topic = stage_.truth.topic_of(topic);
  if (address != nullptr) message.namespace_name = address->namespace_name;
  message.targets = std::move(targets);
  message.last_round = last_round_;
  return stage_.truth.publish(std::move(message), payload);
}

Tracking SimClient::draw_tracking(Random& random) const {
  if (last_round_)
    return {WaitLevel::applied, static_cast<std::uint32_t>(kLastRoundTimeout.count())};
  if (random.chance(50)) return {};
  return {WaitLevel::applied, static_cast<std::uint32_t>(random.between(300, 5000))};
}

void SimClient::begin_operation(std::uint64_t operation, MessageIndex message, MessageIndex value,
                                const Tracking& tracking, bool may_be_fenced) {
  const bool tracked = tracking.wait > WaitLevel::accepted;
  operations_.on_begun(
      operation,
      {message, value, tracked, tracking.wait == WaitLevel::observed && value == kNoMessage,
       stage_.queue.now() + milliseconds(tracking.timeout_ms), last_round_, may_be_fenced,
       stage_.truth.message(message).kind != RecordKind::event});
}

void SimClient::publish(Random& random, std::uint64_t burst) {
  for (std::uint64_t i = 0; i < burst; ++i) {
    const std::string_view topic = kTopics[random.below(std::size(kTopics))];
    const std::string payload = content(random);
    record({.kind = StepKind::publish, .of = std::string(topic), .bytes = filling_of(payload)});
    publish_event(topic, payload);
  }
}

void SimClient::publish_event(std::string_view topic, const std::string& payload) {
  const auto operation = session_.publish(now(), topic, as_bytes(payload));
  if (!operation) return;  // The window is full.
  begin_operation(*operation,
                  enter(RecordKind::event, *operation, topic, as_bytes(payload), nullptr, {}),
                  kNoMessage, {});
}

// Nothing: the session would not have it.
std::optional<SimClient::Sent> SimClient::send(const CacheInvalidation& fact, bool may_be_fenced) {
  const auto operation = session_.invalidate(now(), fact);
  if (!operation) return std::nullopt;
  const MessageIndex message =
      enter(RecordKind::invalidation, *operation, topic_of(plan_.options.topic_prefix, fact),
            encode_invalidation(fact).bytes(), &fact.address, fact.targets);
  begin_operation(*operation, message, kNoMessage, fact.tracking, may_be_fenced);
  return Sent{*operation, message};
}

std::optional<SimClient::Sent> SimClient::send(CacheReplication fact, const std::string& value) {
  const auto operation = session_.replicate(now(), fact, value);
  if (!operation) return std::nullopt;
  const CacheAddress& address = fact.address;
  fact.value_bytes = value.size();
  const std::string topic =
      replication_topic(plan_.options.topic_prefix, address.region, address.namespace_name);
  CacheValue content{address, fact.targets, fact.ttl_ms, *operation, value};
  content.tags = fact.tags;
  const MessageIndex value_message = enter(RecordKind::value, *operation - 1, topic,
                                           encode_value(content).bytes(), &address, fact.targets);
  begin_operation(*operation - 1, value_message, kNoMessage, {});
  const MessageIndex message = enter(RecordKind::replication, *operation, topic,
                                     encode_replication(fact).bytes(), &address, fact.targets);
  stage_.values[value] = {address, message};
  begin_operation(*operation, message, value_message, fact.tracking);
  return Sent{*operation, message};
}

void SimClient::invalidate(Random& random) {
  constexpr InvalidationType kTypes[] = {
      InvalidationType::single_key, InvalidationType::single_key,    InvalidationType::single_key,
      InvalidationType::pattern,    InvalidationType::namespace_all, InvalidationType::cascade};
  Step step{.kind = StepKind::invalidate};
  step.type = kTypes[random.below(std::size(kTypes))];
  step.of = kNamespaces[random.below(std::size(kNamespaces))];
  if (step.type != InvalidationType::namespace_all) {
    step.key = "k" + std::to_string(random.below(5));
  }
  step.erased = step.type == InvalidationType::single_key && (stage_.serial + 1) % 3 == 0;
  if (!last_round_) step.names = some_clusters(random, true);
  step.tracking = draw_tracking(random);
  record(step);
  invalidate(step);
}

void SimClient::replicate(Random& random) {
  Step step{.kind = StepKind::replicate};
  step.of = kNamespaces[random.below(std::size(kNamespaces))];
  // Mostly the keys that are invalidated too.
  const std::uint64_t serial = ++stage_.serial;
  step.key = "k" + std::to_string(random.chance(70) ? random.below(5) : serial);
  step.sync = random.chance(50);
  if (random.chance(35)) {
    step.names = {"*"};
  } else {
    step.names = some_clusters(random, false);
  }
  step.tracking = draw_tracking(random);
  const std::string value = content(random);
  step.bytes = filling_of(value);
  record(step);
  replicate(step, serial, value);
}

void SimClient::subscribe(Random& random) {
  if (random.chance(25)) {
    const auto group = static_cast<std::uint32_t>(random.below(GroupCheck::kGroups));
    record({.kind = StepKind::join, .id = group});
    return join_group(group);
  }
  Step step{.kind = StepKind::subscribe, .id = random.between(1, kSubscriptionsMax)};
  for (std::uint64_t i = random.between(1, 3); i > 0; --i) {
    step.names.emplace_back(kPatterns[random.below(std::size(kPatterns))]);
  }
  if (random.chance(20)) step.backlog = static_cast<std::uint32_t>(random.between(1, 20));
  record(step);
  subscribe(step);
}

void SimClient::unsubscribe(Random& random) {
  take_events(false);
  auto id = static_cast<std::uint32_t>(random.between(1, kSubscriptionsMax));
  if (random.chance(25)) {
    id = GroupCheck::kFirstId + static_cast<std::uint32_t>(random.below(GroupCheck::kGroups));
  }
  record({.kind = StepKind::unsubscribe, .id = id});
  unsubscribe(id);
}

void SimClient::ask(Random& random) {
  constexpr std::string_view kQuestions[] = {"stats", "members", "links", "sessions", "streams"};
  const std::uint64_t kind = random.below(3);
  Step step{.kind = StepKind::barrier};
  if (kind == 0) {
    step.first = milliseconds(random.between(100, 3000));
  } else if (kind == 1) {
    step.kind = StepKind::query;
    step.of = kQuestions[random.below(std::size(kQuestions))];
  } else if (!operations_.tracked().empty()) {
    step.kind = StepKind::complete;
    step.id = random.pick(operations_.tracked());
    step.erased = random.chance(50);
  } else {
    return;
  }
  record(step);
  ask(step);
}

}  // namespace mpreg::sim
