#include "sim_near.h"

#include "wire/cache_codec.h"

namespace mpreg::sim {
namespace {

using std::chrono::milliseconds;

std::vector<std::string> clusters_of(const Plan& plan) {
  std::vector<std::string> clusters;
  for (const BrokerPlan& broker : plan.brokers) clusters.push_back(broker.options.cluster);
  return clusters;
}

}  // namespace

// Every cluster of the world may write: one that a broker has never heard of is awaited, too.
SimNear::SimNear(std::uint32_t client, Stage& stage, ClientSession& session)
    : client_(client),
      stage_(stage),
      session_(session),
      store_({.bytes_max = 1U << 20U, .shards = 2}, stage.plan.clients[client].options.client),
      scope_(rights_.add_scope(clusters_of(stage.plan))),
      space_(store_.open(NearCheck::kNamespace)),
      random_(Random::mixed(stage.plan.seed + 5000 + client)) {
  session_.observe();
}

Now SimNear::now() const {
  constexpr milliseconds kWallAtBeginning{1'700'000'000'000};  // As the brokers have it, mostly.
  const Duration since = stage_.queue.now() - EventQueue::kBeginning;
  return {stage_.queue.now(),
          WallTime(kWallAtBeginning + std::chrono::duration_cast<milliseconds>(since))};
}

Subscription SimNear::subscription() const {
  const std::string& prefix = stage_.plan.clients[client_].options.topic_prefix;
  Subscription subscription;
  subscription.id = kSubscription;
  subscription.patterns = {prefix + ".invalidation.#", prefix + ".replication.#"};
  return subscription;
}

// ---- What the session tells.

void SimNear::on_state(SessionState state) {
  if (state != SessionState::ready) return rights_.end();
  const Welcome& welcome = *session_.welcome();
  store_.set_broker(welcome.cluster, welcome.region, welcome.incarnation.instance,
                    apply_order(welcome.applied_last));
  rights_.begin(welcome.incarnation.instance);
  observed_due_ = true;
}

void SimNear::on_subscribed(const Subscribed& subscribed) {
  is_active_ = true;
  store_.begin(apply_order(subscribed.applied));
  rights_.subscribed();
}

void SimNear::on_delivery(const Delivery& delivery) {
  const FactSource source{delivery.stream->origin, delivery.order, delivery.publisher,
                          !delivery.unusable};
  if (delivery.kind == RecordKind::invalidation) {
    auto fact = decode_invalidation(delivery.payload);
    if (!fact) return store_.lose({});
    if (delivery.unusable) fact->erased = false;
    observed_due_ = observed_due_ || fact->tracking.wait == WaitLevel::observed;
    const bool is_wide = fact->type != InvalidationType::single_key;
    if (is_wide && stage_.near_fault == NearFault::wide_is_ignored) return;
    store_.take(now(), *fact, source);
  } else if (delivery.kind == RecordKind::replication) {
    const auto fact = decode_replication(delivery.payload);
    if (!fact) return store_.lose({});
    observed_due_ = observed_due_ || fact->tracking.wait == WaitLevel::observed;
    if (delivery.unusable) {
      CacheInvalidation changed;
      changed.address = fact->address;
      store_.take(now(), changed, source);
    } else {
      store_.take(now(), *fact, source);
    }
  } else if (delivery.kind == RecordKind::value) {
    const auto value = decode_value(delivery.payload);
    if (!value) return;
    store_.take(now(), *value, delivery.publisher.client);
    if (stage_.near_fault != NearFault::values_without_facts) return;
    if (value->address.namespace_name != NearCheck::kNamespace) return;
    const NearKey key{value->address.key};
    const NearStore::Ticket ticket = store_.begin_fill(space_, key);
    (void)store_.end_fill(now().instant, space_, key, ticket, value->value, {});
    store_.abandon_fill(space_, key, ticket);
    return;
  }
  stage_.near.on_told(client_, stage_.truth.find(delivery.kind, delivery.payload));
}

void SimNear::on_withdrawn(const WithdrawnWrite& write) {
  store_.withdraw(now(), write.address, {{}, write.order, write.publisher});
}

void SimNear::on_gap(const Gap& gap) {
  if (gap.stream.lane != Lane::cache || stage_.near_fault == NearFault::gaps_are_ignored) return;
  store_.lose(gap.scope);
}

void SimNear::on_lease(const LeaseRenewal& renewal) {
  const NearFault fault = stage_.near_fault;
  std::vector<Vouch> vouches = renewal.vouches;
  for (const Vouch& vouch : vouches) {
    if (vouch.unheard_counter == 0) continue;
    if (unheard_.insert({vouch.origin, vouch.unheard_counter}).second) store_.lose({});
  }
  if (fault == NearFault::silence_is_ignored) {
    for (Vouch& vouch : vouches) vouch.age_ms = 0;
  }
  rights_.renew(AsOf(fault == NearFault::lease_from_arrival ? SentAt::before_sending(now().instant)
                                                            : renewal.sent_at),
                renewal.is_behind && fault != NearFault::behind_is_ignored, vouches);
  if (fault == NearFault::lease_by_timer) {
    was_coherent_ = rights_.state(now().instant, *scope_) == CoherenceState::coherent;
  }
}

void SimNear::on_accepted(std::uint64_t through) {
  stage_.near.on_accepted(client_, through, stage_.queue.now());
  stage_.near.on_token(client_, through, session_.written());
  writes_.erase(writes_.begin(), writes_.upper_bound(through));
}

void SimNear::on_refused(std::uint64_t operation) {
  stage_.near.on_refused(client_, operation);
  const auto write = writes_.find(operation);
  if (write == writes_.end()) return;
  const Write refused = write->second;
  writes_.erase(write);
  failed(refused);
}

void SimNear::on_outcome(const OperationOutcome& outcome) {
  // One that was ended by hand has clusters missing.
  if (outcome.outcome != Outcome::confirmed || !outcome.missing.empty()) return;
  for (const EndedOperation& ended : outcome.operations) {
    stage_.near.on_observed(client_, ended.operation);
  }
}

// ---- What the application does.

bool SimNear::is_coherent() {
  if (stage_.near_fault == NearFault::lease_by_timer) return was_coherent_.value_or(false);
  return rights_.state(now().instant, *scope_) == CoherenceState::coherent;
}

void SimNear::read(std::size_t key) {
  stage_.near.count_read();
  if (!is_coherent()) return;
  const std::string name = NearCheck::key(key);
  NearValue value;
  if (!store_.get(now().instant, space_, {name}, value)) return;
  stage_.near.check(client_, key, value.value, stage_.queue.now(), session_.positions());
}

void SimNear::read_all() {
  for (std::size_t key = 0; key < NearCheck::kKeys; ++key) read(key);
}

Duration SimNear::draw_delay() {
  return random_.duration({}, milliseconds(random_.chance(10) ? 2000 : 60));
}

// The source is read somewhere between the miss and the fill.
void SimNear::begin_load(std::size_t key) {
  const NearStore::Ticket ticket = store_.begin_fill(space_, {NearCheck::key(key)});
  const Duration until_read = draw_delay();
  stage_.queue.in(until_read, [this, key, ticket, until_read, began = now().instant] {
    const NearCheck::Version version = stage_.near.source(key);
    const Duration until_held = draw_delay();
    Step step{.kind = StepKind::load, .who = host(), .key = NearCheck::key(key)};
    step.first = until_read;
    step.second = until_held;
    stage_.record(std::move(step), began);
    stage_.queue.in(until_held, [this, key, ticket, version] { end_load(key, ticket, version); });
  });
}

void SimNear::begin_load(std::size_t key, Duration until_read, Duration until_held) {
  const NearStore::Ticket ticket = store_.begin_fill(space_, {NearCheck::key(key)});
  stage_.queue.in(until_read, [this, key, ticket, until_held] {
    const NearCheck::Version version = stage_.near.source(key);
    stage_.queue.in(until_held, [this, key, ticket, version] { end_load(key, ticket, version); });
  });
}

void SimNear::end_load(std::size_t key, NearStore::Ticket ticket, NearCheck::Version version) {
  const std::string name = NearCheck::key(key);
  if (stage_.near_fault == NearFault::fill_without_ticket) {
    store_.abandon_fill(space_, {name}, ticket);
    ticket = store_.begin_fill(space_, {name});
  }
  const std::string& text = stage_.near.text(key, version);
  const bool is_kept = store_.end_fill(now().instant, space_, {name}, ticket, text, {});
  store_.abandon_fill(space_, {name}, ticket);
  stage_.trace.line([&] {
    return "client " + stage_.plan.clients[client_].options.name + " loaded " + name + " '" + text +
           "'" + (is_kept ? "" : ", in vain");
  });
}

SimNear::Write SimNear::begin_write(std::size_t key, std::string text) {
  Write write{key, stage_.near.write(key, text), 0, std::move(text)};
  write.ticket = store_.begin_write(now().instant, space_, {NearCheck::key(key)}, write.text, {});
  return write;
}

void SimNear::sent(const Write& write, std::uint64_t operation, MessageIndex fact) {
  stage_.near.on_sent(client_, operation, write.key, write.version, fact);
  stage_.trace.line([&] {
    return "client " + stage_.plan.clients[client_].options.name + " wrote " +
           NearCheck::key(write.key) + " '" + write.text + "' as operation " +
           std::to_string(operation);
  });
  store_.sent(now().instant, space_, {NearCheck::key(write.key)}, write.ticket, operation);
  writes_[operation] = write;
}

void SimNear::failed(const Write& write) {
  store_.failed(now().instant, space_, {NearCheck::key(write.key)}, write.ticket);
}

void SimNear::drop_all() {
  CacheInvalidation like;
  like.address.namespace_name = NearCheck::kNamespace;
  like.type = InvalidationType::namespace_all;
  store_.drop(now().instant, like);
}

std::optional<std::string> SimNear::find_incoherent() {
  const std::string name = "the near cache of client " + stage_.plan.clients[client_].options.name;
  const CoherenceState state = rights_.state(now().instant, *scope_);
  if (state != CoherenceState::coherent) return name + " is " + std::string(mpreg::name_of(state));
  for (std::size_t key = 0; key < NearCheck::kKeys; ++key) {
    NearValue value;
    const std::string text = NearCheck::key(key);
    if (!store_.get(now().instant, space_, {text}, value)) continue;
    if (stage_.near.is_last(key, value.value)) continue;
    return name + " holds '" + value.value + "' of " + text + " when everything is quiet";
  }
  if (store_.counters().writes != 0) return name + " has writes whose facts never came";
  return std::nullopt;
}

}  // namespace mpreg::sim
