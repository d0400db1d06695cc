// SimClient: what the application does with its near cache.

#include "sim_client.h"

namespace mpreg::sim {
namespace {

using std::chrono::milliseconds;

}  // namespace

void SimClient::near_turn() {
  if (is_over() || is_calm_) return;
  Random& random = near_random_;
  const Instant began = stage_.queue.now();
  if (began >= frozen_until_ && near_->is_active()) {
    const auto key = static_cast<std::size_t>(random.below(stage_.near.keys_read()));
    const std::uint64_t kind = random.below(100);
    if (kind < 45) {
      record({.kind = StepKind::read, .key = NearCheck::key(key)});
      near_->read(key);
    } else if (kind < 60) {
      record({.kind = StepKind::read_all});
      near_->read_all();
    } else if (kind < 80) {
      near_->begin_load(key);
    } else if (kind < 98) {
      if (const auto own = stage_.near.own_key(index_, random.next())) draw_near_write(*own);
    } else if (!stage_.plan.troubles.undisturbed() &&
               began - EventQueue::kBeginning + std::chrono::seconds(8) <
                   stage_.plan.trouble_until) {
      const Duration span =
          random.duration(milliseconds(200), milliseconds(random.chance(30) ? 12'000 : 3000));
      record({.kind = StepKind::freeze, .first = span});
      freeze(span);
    }
    pump();
  }
  stage_.queue.in(random.duration(milliseconds(5), milliseconds(250)), [this] { near_turn(); });
}

void SimClient::freeze(Duration span) {
  frozen_until_ = stage_.queue.now() + span;
  stage_.queue.in(span, [this] { thaw(); });
}

void SimClient::draw_near_write(std::size_t key) {
  Random& random = near_random_;
  Step step{.kind = StepKind::write_all, .key = NearCheck::key(key)};
  const bool is_of_all = random.chance(12);
  const bool is_gone = random.chance(12);
  const std::string text = content(random);
  step.bytes = filling_of(text);
  if (is_of_all) {
    constexpr InvalidationType kWide[] = {InvalidationType::namespace_all,
                                          InvalidationType::pattern, InvalidationType::tag};
    step.type = kWide[random.below(std::size(kWide))];
    record(step);
    return near_write_all(key, step.type, text);
  }
  if (random.chance(30)) {
    step.tracking = {WaitLevel::observed, static_cast<std::uint32_t>(random.between(2000, 9000))};
  }
  const bool is_value = !random.chance(60) && !stage_.near.is_shared(key);
  step.kind = is_value ? StepKind::write_value : StepKind::write;
  if (is_gone) step.kind = StepKind::erase;
  if (step.kind == StepKind::write_value) {
    for (const BrokerPlan& broker : stage_.plan.brokers) {
      if (random.chance(70)) step.names.push_back(broker.options.cluster);
    }
    if (random.chance(35)) step.names = {"*"};
    if (step.names.empty()) step.names.push_back(stage_.plan.brokers[0].options.cluster);
  }
  record(step);
  near_write(key, step, text);
}

void SimClient::near_write(std::size_t key, const Step& step, const std::string& text) {
  const bool is_gone = step.kind == StepKind::erase;
  const SimNear::Write write =
      near_->begin_write(key, is_gone ? std::nullopt : std::optional<std::string>(text));
  CacheAddress address;
  address.namespace_name = NearCheck::kNamespace;
  address.key = NearCheck::key(key);
  std::optional<Sent> sent;
  if (step.kind != StepKind::write_value) {
    CacheInvalidation fact;
    fact.address = address;
    fact.erased = is_gone;
    fact.written = true;
    fact.reason = text;
    fact.reason.resize(std::min<std::size_t>(fact.reason.size(), 40));
    fact.tracking = step.tracking;
    sent = send(fact);
  } else {
    CacheReplication fact;
    fact.address = address;
    fact.priority = 1 + 1e-9 * static_cast<double>(stage_.serial);  // Unlike any other fact.
    fact.targets = step.names;
    fact.tags = {SimNear::tag_of(key)};
    fact.tracking = step.tracking;
    sent = send(fact, write.text);
  }
  sent ? near_->sent(write, sent->operation, sent->message) : near_->failed(write);
}

// The source is written, and an invalidation of many keys covers it: of everything, of a pattern,
// or of the tag that an entry of the key has.
void SimClient::near_write_all(std::size_t key, InvalidationType type, const std::string& text) {
  const NearCheck::Version version = stage_.near.write(key, text);
  CacheInvalidation fact;
  fact.address.namespace_name = NearCheck::kNamespace;
  fact.type = type;
  if (type == InvalidationType::pattern) fact.address.key = NearCheck::key(key);
  if (type == InvalidationType::tag) fact.address.key = SimNear::tag_of(key);
  fact.reason = "m" + std::to_string(++stage_.serial);
  near_->drop(fact);
  const auto sent = send(fact);
  if (sent) stage_.near.on_sent(index_, sent->operation, key, version, sent->message);
}

}  // namespace mpreg::sim
