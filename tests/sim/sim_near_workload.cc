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
    const auto key = static_cast<std::size_t>(random.below(NearCheck::kKeys));
    const std::uint64_t kind = random.below(100);
    if (kind < 45) {
      near_->read(key);
    } else if (kind < 60) {
      near_->read_all();
    } else if (kind < 80) {
      near_->begin_load(key);
    } else if (kind < 98) {
      if (const auto own = stage_.near.own_key(index_, random.next())) near_write(*own);
    } else if (!stage_.plan.troubles.undisturbed() &&
               began - EventQueue::kBeginning + std::chrono::seconds(8) <
                   stage_.plan.trouble_until) {
      const Duration span =
          random.duration(milliseconds(200), milliseconds(random.chance(30) ? 12'000 : 3000));
      frozen_until_ = began + span;
      stage_.queue.in(span, [this] { thaw(); });
    }
    pump();
  }
  stage_.queue.in(random.duration(milliseconds(5), milliseconds(250)), [this] { near_turn(); });
}

void SimClient::near_write(std::size_t key) {
  Random& random = near_random_;
  if (random.chance(12)) return near_drop_all(key);
  const SimNear::Write write = near_->begin_write(key, content(random));
  Tracking tracking;
  if (random.chance(30)) {
    tracking = {WaitLevel::observed, static_cast<std::uint32_t>(random.between(2000, 9000))};
  }
  CacheAddress address;
  address.namespace_name = NearCheck::kNamespace;
  address.key = NearCheck::key(key);
  if (random.chance(60)) {
    CacheInvalidation fact;
    fact.address = address;
    fact.reason = write.text;
    fact.reason.resize(std::min<std::size_t>(fact.reason.size(), 40));
    fact.tracking = tracking;
    const auto sent = send(fact);
    return sent ? near_->sent(write, sent->operation, sent->message) : near_->failed(write);
  }
  CacheReplication fact;
  fact.address = address;
  fact.priority = 1 + 1e-9 * static_cast<double>(stage_.serial);  // Unlike any other fact.
  for (const BrokerPlan& broker : stage_.plan.brokers) {
    if (random.chance(70)) fact.targets.push_back(broker.options.cluster);
  }
  if (random.chance(35)) fact.targets = {"*"};
  if (fact.targets.empty()) fact.targets.push_back(stage_.plan.brokers[0].options.cluster);
  fact.tracking = tracking;
  const auto sent = send(fact, write.text);
  return sent ? near_->sent(write, sent->operation, sent->message) : near_->failed(write);
}

// The source is written, and everything of the namespace is invalidated for it.
void SimClient::near_drop_all(std::size_t key) {
  const NearCheck::Version version = stage_.near.write(key, content(near_random_));
  CacheInvalidation fact;
  fact.address.namespace_name = NearCheck::kNamespace;
  fact.type = InvalidationType::namespace_all;
  fact.reason = "m" + std::to_string(++stage_.serial);
  near_->drop_all();
  const auto sent = send(fact);
  if (sent) stage_.near.on_sent(index_, sent->operation, key, version, sent->message);
}

}  // namespace mpreg::sim
