// SimClient: what the application does with keys that are its alone for a while.

#include "sim_client.h"

namespace mpreg::sim {
namespace {

using std::chrono::milliseconds;

milliseconds in_ms(Duration duration) { return std::chrono::duration_cast<milliseconds>(duration); }

CacheAddress claimed_address(std::size_t key) {
  return {.namespace_name = std::string(ExclusiveCheck::kNamespace),
          .key = ExclusiveCheck::key(key)};
}

}  // namespace

void SimClient::claim_turn() {
  if (is_over() || is_calm_) return;
  Random& random = claim_random_;
  if (stage_.queue.now() >= frozen_until_) {
    const auto key = static_cast<std::size_t>(random.below(ExclusiveCheck::kKeys));
    const std::uint64_t kind = random.below(100);
    Step step{.kind = StepKind::claim, .key = ExclusiveCheck::key(key)};
    if (held_[key] == 0) {
      // In the order in which GCC 12 evaluates the arguments of a call, as it was drawn at first.
      step.second = milliseconds(random.below(1500));
      step.first = milliseconds(random.between(200, 2000));
    } else if (kind < 60) {
      step.kind = StepKind::write_held;
    } else if (kind < 80) {
      step.kind = StepKind::renew;
      step.first = milliseconds(random.between(200, 2000));
    } else {
      step.kind = kind < 90 ? StepKind::give_up : StepKind::write_unheld;
    }
    record(step);
    perform_claim(key, step);
    pump();
  }
  const bool is_holding = held_[0] != 0 || held_[1] != 0;
  stage_.queue.in(random.duration(milliseconds(20), milliseconds(is_holding ? 200 : 700)),
                  [this] { claim_turn(); });
}

void SimClient::perform_claim(std::size_t key, const Step& step) {
  switch (step.kind) {
    case StepKind::claim:
      return ask_claim(key, 0, in_ms(step.first), in_ms(step.second));
    case StepKind::renew:
      if (held_[key] != 0) ask_claim(key, held_[key], in_ms(step.first), {});
      return;
    case StepKind::give_up:
      if (held_[key] != 0) ask_claim(key, held_[key], {}, {});
      held_[key] = 0;
      return;
    case StepKind::write_held:
      return write_held(key, held_[key]);
    default:
      return write_held(key, 0);
  }
}

void SimClient::begin_last_round() {
  last_round_ = true;
  if (stage_.plan.claims && !is_over()) ask_claim(0, 0, milliseconds(2500), milliseconds(10'000));
}

void SimClient::ask_claim(std::size_t key, FencingToken token, milliseconds lease,
                          milliseconds wait) {
  ClaimAsk ask;
  ask.address = claimed_address(key);
  ask.token = token;
  ask.lease_ms = static_cast<std::uint32_t>(lease.count());
  ask.wait_ms = static_cast<std::uint32_t>(wait.count());
  const auto request = session_.ask_claim(now(), ask);
  if (!request) return;
  requests_.insert(*request);
  claims_[*request] = key;
}

void SimClient::on_claim_granted(const ClaimGranted& granted) {
  settle_request(granted.request);
  const auto asked = claims_.extract(granted.request);
  if (asked.empty() || granted.lease_ms == 0) return;
  held_[asked.mapped()] = granted.token;
  const std::string key = ExclusiveCheck::key(asked.mapped());
  if (broker_->others_met() + 1 < stage_.plan.brokers.size()) {
    stage_.exclusive.on_granted_among_few(key, granted.token);
  } else {
    stage_.exclusive.on_granted(key, granted.token);
  }
}

void SimClient::on_claim_refused(std::uint64_t request) {
  if (const auto asked = claims_.extract(request); !asked.empty()) held_[asked.mapped()] = 0;
}

void SimClient::write_held(std::size_t key, FencingToken token) {
  CacheInvalidation fact;
  fact.address = claimed_address(key);
  fact.reason = "m" + std::to_string(++stage_.serial);
  fact.fence = token;
  fact.written = true;
  (void)send(fact, true);
}

}  // namespace mpreg::sim
