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
    if (!holds(key)) {
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
  const bool is_holding = holds(0) || holds(1);
  stage_.queue.in(random.duration(milliseconds(20), milliseconds(is_holding ? 200 : 700)),
                  [this] { claim_turn(); });
}

bool SimClient::holds(std::size_t key) const {
  return held_[key] && held_[key]->holds(now().instant);
}

void SimClient::perform_claim(std::size_t key, const Step& step) {
  std::shared_ptr<HeldKey>& held = held_[key];
  switch (step.kind) {
    case StepKind::claim:
      return acquire(key, in_ms(step.first), in_ms(step.second));
    case StepKind::renew:
      if (held) ask_claim(key, held, held->renew(in_ms(step.first)), in_ms(step.first));
      return;
    case StepKind::give_up:
      if (!held) return;
      ask_claim(key, held, held->release(), {});
      stage_.exclusive.on_released(ExclusiveCheck::key(key), index_);
      held.reset();
      return;
    case StepKind::write_held:
      // Also when the lease is over here: brokers refuse it when another has the key.
      return write_held(key, held ? held->token() : 0);
    default:
      return write_held(key, 0);
  }
}

void SimClient::begin_last_round() {
  last_round_ = true;
  if (!stage_.plan.claims || is_over()) return;
  constexpr milliseconds kLease{2500};
  acquire(0, kLease, milliseconds(10'000));
}

void SimClient::acquire(std::size_t key, milliseconds lease, milliseconds wait) {
  const auto held = std::make_shared<HeldKey>(claimed_address(key));
  ask_claim(key, held, held->acquire(lease, wait), lease);
}

void SimClient::ask_claim(std::size_t key, const std::shared_ptr<HeldKey>& held, ClaimAsk ask,
                          milliseconds lease) {
  const auto request = session_.ask_claim(now(), std::move(ask));
  if (!request) return;
  requests_.insert(*request);
  claims_.insert({*request, {key, held, lease, SentAt::before_sending(now().instant)}});
}

// As ExclusiveKey does it: what comes late is renewed before it is used.
void SimClient::on_claim_granted(const ClaimGranted& granted) {
  settle_request(granted.request);
  const auto found = claims_.extract(granted.request);
  if (found.empty() || granted.lease_ms == 0) return;
  const Claim& claim = found.mapped();
  const bool is_new = !held_[claim.key] || held_[claim.key]->token() != granted.token;
  HeldKey& held = *claim.held;
  const bool is_renewal = held.token() != 0;
  held.granted(lease_from(claim.asked), granted);
  // It may have been given up since; then its last answer changes nothing.
  const Instant now_here = now().instant;
  if (is_renewal && (held_[claim.key] != claim.held || !held.holds(now_here))) return;
  const std::string key = ExclusiveCheck::key(claim.key);
  if (broker_->others_met() + 1 < stage_.plan.brokers.size()) {
    stage_.exclusive.on_granted_among_few(key, granted.token);
  } else {
    stage_.exclusive.on_granted(key, granted.token);
    if (is_new) stage_.near.on_key_granted(NearCheck::kKeys + claim.key);
  }
  if (is_new && held.is_late(now_here)) {
    ask_claim(claim.key, claim.held, held.renew(claim.lease), claim.lease);
  }
  if (held.holds(now_here)) {
    stage_.exclusive.on_believed(key, index_, granted.token, now_here,
                                 now_here + held.left(now_here));
  }
  held_[claim.key] = claim.held;
}

SentAt SimClient::lease_from(SentAt asked) const {
  const bool is_wrong = stage_.near_fault == NearFault::claim_from_arrival;
  return is_wrong ? SentAt::before_sending(now().instant) : asked;
}

// What is held is held until its lease is over, also when it cannot be renewed.
void SimClient::on_claim_refused(std::uint64_t request) { claims_.erase(request); }

// Who believes to hold it writes the source, too, and serves what it wrote.
void SimClient::write_held(std::size_t key, FencingToken token) {
  CacheInvalidation fact;
  fact.address = claimed_address(key);
  fact.reason = "m" + std::to_string(++stage_.serial);
  fact.fence = token;
  fact.written = true;
  if (token == 0 || !holds(key)) {
    (void)send(fact, true);
    return;
  }
  const std::size_t place = NearCheck::kKeys + key;
  if (near_ && near_->is_active()) {
    const SimNear::Write write = near_->begin_write(place, fact.reason);
    const auto sent = send(fact, true);
    return sent ? near_->sent(write, sent->operation, sent->message) : near_->failed(write);
  }
  const NearCheck::Version version = stage_.near.write(place, fact.reason);
  const auto sent = send(fact, true);
  if (sent) stage_.near.on_sent(index_, sent->operation, place, version, sent->message);
}

}  // namespace mpreg::sim
