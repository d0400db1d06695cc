#include "sim_near.h"

#include "message/leases.h"
#include "wire/cache_codec.h"

namespace mpreg::sim {
namespace {

using std::chrono::milliseconds;

std::vector<std::string> clusters_of(const Plan& plan) {
  std::vector<std::string> clusters;
  for (const BrokerPlan& broker : plan.brokers) clusters.push_back(broker.options.cluster);
  return clusters;
}

bool is_wide(const Delivery& delivery) {
  if (delivery.kind != RecordKind::invalidation) return false;
  const auto fact = decode_invalidation(delivery.payload);
  return fact && fact->type != InvalidationType::single_key;
}

}  // namespace

SimNear::SimNear(std::uint32_t client, Stage& stage, ClientSession& session, Process process)
    : client_(client),
      stage_(stage),
      session_(session),
      process_(std::move(process)),
      plan_(stage.plan.clients[client].near),
      store_({.bytes_max = plan_.bytes_max, .shards = plan_.shards},
             stage.plan.clients[client].options.client),
      scope_(rights_.add_scope(plan_.names_writers ? clusters_of(stage.plan)
                                                   : std::vector<std::string>())),
      plain_(store_, NearCheck::kNamespace),
      held_(store_, ExclusiveCheck::kNamespace),
      random_(Random::mixed(stage.plan.seed + 5000 + client)) {
  session_.observe();
  stage_.judges.emplace_back([this](std::size_t key) { judge(key, true); });
}

Now SimNear::now() const {
  constexpr milliseconds kWallAtBeginning{1'700'000'000'000};  // As the brokers have it, mostly.
  const Duration since = stage_.queue.now() - EventQueue::kBeginning;
  return {stage_.queue.now(),
          WallTime(kWallAtBeginning + std::chrono::duration_cast<milliseconds>(since))};
}

Subscription SimNear::subscription() const {
  Subscription subscription;
  subscription.id = kSubscription;
  subscription.patterns = NearFeed::patterns(stage_.plan.clients[client_].options.topic_prefix);
  return subscription;
}

// ---- What the session tells.

void SimNear::on_state(SessionState state) {
  if (state != SessionState::ready) return feed_.on_lost();
  Welcome welcome = *session_.welcome();
  if (stage_.near_fault == NearFault::next_life_is_the_same) {
    welcome.incarnation.instance = 1;
    welcome.applied_last = 0;
  }
  feed_.on_welcome(now(), welcome, session_.written());
  observed_due_ = true;
}

void SimNear::on_subscribed(const Subscribed& subscribed) {
  is_active_ = true;
  feed_.on_subscribed(subscribed.applied);
}

NearFeed::Fact SimNear::fact_of(const Delivery& delivery) const {
  return {delivery.kind,   delivery.unusable, delivery.payload,  delivery.stream,
          delivery.number, delivery.order,    delivery.publisher};
}

void SimNear::on_delivery(const Delivery& delivery) {
  if (stage_.near_fault == NearFault::wide_is_ignored && is_wide(delivery)) {
    observed_due_ = true;
  } else {
    observed_due_ = feed_.on_fact(now(), fact_of(delivery)).observed_due || observed_due_;
  }
  if (delivery.kind == RecordKind::value) return keep_without_fact(delivery);
  stage_.near.on_told(client_, stage_.truth.find(delivery.kind, delivery.payload));
}

void SimNear::keep_without_fact(const Delivery& delivery) {
  if (stage_.near_fault != NearFault::values_without_facts) return;
  const auto value = decode_value(delivery.payload);
  if (!value || value->address.namespace_name != NearCheck::kNamespace) return;
  const NearKey key{value->address.key};
  const NearStore::SpaceIndex space = plain_.index;
  const NearStore::Ticket ticket = store_.begin_fill(space, key);
  (void)store_.end_fill(now().instant, space, key, ticket, value->value, {});
  store_.abandon_fill(space, key, ticket);
}

void SimNear::on_withdrawn(const WithdrawnWrite& write) { feed_.on_withdrawn(now(), write); }

void SimNear::on_gap(const Gap& gap) {
  if (stage_.near_fault == NearFault::gaps_are_ignored) return;
  feed_.on_gap(gap);
}

LeaseRenewal SimNear::changed(const LeaseRenewal& renewal) const {
  LeaseRenewal left = renewal;
  const NearFault fault = stage_.near_fault;
  if (fault == NearFault::silence_is_ignored) {
    for (Vouch& vouch : left.vouches) vouch.age_ms = 0;
  }
  if (fault == NearFault::unheard_is_ignored) {
    for (Vouch& vouch : left.vouches) vouch.unheard_counter = 0;
  }
  if (fault == NearFault::lease_from_arrival) left.sent_at = SentAt::before_sending(now().instant);
  if (fault == NearFault::behind_is_ignored) left.is_behind = false;
  return left;
}

void SimNear::on_lease(const LeaseRenewal& renewal) {
  feed_.on_lease(changed(renewal));
  if (stage_.near_fault == NearFault::lease_by_timer) {
    was_coherent_ = rights_.state(now().instant, *scope_) == CoherenceState::coherent;
  }
}

void SimNear::on_accepted(std::uint64_t through) {
  for (const auto& [key, at] : stage_.near.on_accepted(client_, through, stage_.queue.now())) {
    // From then on nobody serves what is older.
    stage_.queue.at(at + kOriginSilenceMax + std::chrono::nanoseconds(1),
                    [this, judged = key] { stage_.judge(judged); });
  }
  const bool is_empty = stage_.near_fault == NearFault::token_covers_nothing;
  stage_.near.on_token(client_, through,
                       is_empty ? std::vector<StreamPosition>() : session_.written());
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
    if (const auto key = stage_.near.on_observed(client_, ended.operation)) stage_.judge(*key);
  }
}

// ---- Reads.

Look SimNear::look(std::size_t key, NearValue& value) {
  const std::string name = NearCheck::key(key);
  if (stage_.near_fault == NearFault::lease_by_timer) {
    if (!was_coherent_.value_or(false)) return Look::suspect;
    return store_.get(now().instant, index_of(key), {name}, value) ? Look::coherent : Look::missing;
  }
  if (stage_.near_fault == NearFault::never_hits) return Look::missing;
  return near_look(now().instant, store_, index_of(key), {name}, rights_, *scope_, {}, value);
}

void SimNear::read(std::size_t key) {
  stage_.near.count_read();
  NearValue value;
  if (look(key, value) != Look::coherent) return;
  stage_.near.count_hit();
  check(key, value);
}

void SimNear::check(std::size_t key, const NearValue& value) const {
  stage_.near.check(client_, key, NearCheck::text_of(value), stage_.queue.now(), feed_);
}

void SimNear::read_all() {
  for (std::size_t key = 0; key < stage_.near.keys_read(); ++key) read(key);
}

void SimNear::judge() {
  for (std::size_t key = 0; key < stage_.near.keys_read(); ++key) judge(key, false);
}

// What was right a moment ago and has not changed is right: time alone makes nothing wrong but at
// moments that are known.
void SimNear::judge(std::size_t key, bool is_due) {
  if (!is_active_ || stage_.queue.now() < process_.awake_at()) return;
  if (look(key, looked_at_) != Look::coherent) return;
  stage_.near.count_judged();
  Judged& last = judged_[key];
  const bool is_same = last.generation == stage_.near.generation(key) &&
                       last.value.value == looked_at_.value &&
                       last.value.absent == looked_at_.absent && !stage_.near.has_tokens(key);
  if (is_same && !is_due) return;
  last = {looked_at_, stage_.near.generation(key)};
  check(key, looked_at_);
}

Duration SimNear::draw_delay() {
  return random_.duration({}, milliseconds(random_.chance(10) ? 2000 : 60));
}

// ---- Writes.

SimNear::Write SimNear::begin_write(std::size_t key, std::optional<std::string> text) {
  Write write{key, stage_.near.write(key, text), 0, text.value_or("")};
  if (stage_.near_fault == NearFault::own_write_ignored) return write;
  const std::uint32_t tag = CacheStore::tag_id(tag_of(key));
  KeepOptions keep;
  keep.tags = {&tag, 1};
  keep.absent = !text;
  write.ticket =
      store_.begin_write(now().instant, index_of(key), {NearCheck::key(key)}, write.text, keep);
  return write;
}

void SimNear::sent(const Write& write, std::uint64_t operation, MessageIndex fact) {
  stage_.near.on_sent(client_, operation, write.key, write.version, fact);
  stage_.trace.line([&] {
    return "client " + stage_.plan.clients[client_].options.name + " wrote " +
           NearCheck::key(write.key) + " '" + write.text + "' as operation " +
           std::to_string(operation);
  });
  if (write.ticket == 0) return;
  store_.sent(now().instant, index_of(write.key), {NearCheck::key(write.key)}, write.ticket,
              operation);
  writes_[operation] = write;
}

void SimNear::failed(const Write& write) {
  if (write.ticket == 0) return;
  store_.failed(now().instant, index_of(write.key), {NearCheck::key(write.key)}, write.ticket);
}

void SimNear::drop(const CacheInvalidation& like) { store_.drop(now().instant, like); }

// ---- In the quiet.

std::optional<std::string> SimNear::find_incoherent() {
  const std::string name = "the near cache of client " + stage_.plan.clients[client_].options.name;
  const CoherenceState state = rights_.state(now().instant, *scope_);
  if (state != CoherenceState::coherent) return name + " is " + std::string(mpreg::name_of(state));
  for (std::size_t key = 0; key < stage_.near.keys_read(); ++key) {
    NearValue value;
    const std::string text = NearCheck::key(key);
    if (!store_.get(now().instant, index_of(key), {text}, value)) continue;
    if (stage_.near.is_last(key, NearCheck::text_of(value))) continue;
    return name + " holds '" + value.value + "' of " + text + " when everything is quiet";
  }
  if (store_.counters().writes != 0) return name + " has writes whose facts never came";
  if (!readings_.empty()) return name + " has a read that has no end";
  return std::nullopt;
}

std::optional<std::string> SimNear::find_needless_miss() {
  for (std::size_t key = 0; key < stage_.near.keys_read(); ++key) {
    NearValue value;
    const bool is_kept =
        plan_.keeps_absent || !stage_.near.value(key, stage_.near.source(key)).absent;
    if (!is_kept || look(key, value) == Look::coherent) continue;
    return "the near cache of client " + stage_.plan.clients[client_].options.name +
           " does not serve " + NearCheck::key(key) + ", which was loaded in the quiet";
  }
  return std::nullopt;
}

}  // namespace mpreg::sim
