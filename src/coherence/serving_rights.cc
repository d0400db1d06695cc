#include "coherence/serving_rights.h"

#include <algorithm>

namespace mpreg {

static_assert(kAgeUnknown == Age::kUnknownMs, "an age of a Vouch is read as an Age");

std::string_view name_of(CoherenceState state) {
  switch (state) {
    case CoherenceState::coherent:
      return "coherent";
    case CoherenceState::degraded:
      return "degraded";
    case CoherenceState::repairing:
      return "repairing";
    case CoherenceState::suspect:
      return "suspect";
  }
  return "unknown";
}

const ServingRights::Scope* ServingRights::add_scope(std::vector<std::string> writers) {
  const std::lock_guard lock(mutex_);
  Scope& scope = scopes_.emplace_back();
  scope.writers_ = std::move(writers);
  scope.until_.store(until_of(scope).time_since_epoch().count(), std::memory_order_release);
  return &scope;
}

void ServingRights::begin(std::uint64_t instance) {
  if (instance_ != instance) {
    const std::lock_guard lock(mutex_);
    for (const std::string& endpoint : endpoints_) origins_.erase(endpoint);
    endpoints_.clear();
    named_.clear();
  }
  instance_ = instance;
  is_connected_.store(true, std::memory_order_release);
}

void ServingRights::end() { is_connected_.store(false, std::memory_order_release); }

void ServingRights::renew(AsOf as_of, bool is_behind, const std::vector<Vouch>& vouches) {
  if (is_behind || !is_subscribed_.load(std::memory_order_acquire)) return;
  {
    const std::lock_guard lock(mutex_);
    std::set<std::string_view> named;
    for (const Vouch& vouch : vouches) {
      named.insert(vouch.origin);
      if (vouch.is_endpoint) endpoints_.insert(vouch.origin);
      Lease& vouched = origins_[vouch.origin];
      const AsOf complete = as_of - Age::from_wire_ms(vouch.age_ms);
      vouched = std::max(vouched, Lease(complete, kOriginSilenceMax));
    }
    // A broker that named a cluster before and does not any more was told to forget it.
    for (const std::string& origin : named_) {
      if (named.count(origin) == 0) origins_.erase(origin);
    }
    named_.clear();
    for (const std::string_view origin : named) named_.emplace(origin);
  }
  const Instant until = std::max(lease_until(), Lease(as_of, kNearCacheLease).until());
  publish();
  lease_until_.store(until.time_since_epoch().count(), std::memory_order_release);
}

void ServingRights::forget(const std::string& cluster) {
  {
    const std::lock_guard lock(mutex_);
    origins_.erase(cluster);
  }
  publish();
}

void ServingRights::publish() {
  const std::lock_guard lock(mutex_);
  for (Scope& scope : scopes_) {
    scope.until_.store(until_of(scope).time_since_epoch().count(), std::memory_order_release);
  }
}

Instant ServingRights::until_of(const Scope& scope) const {
  Instant until = Instant::max();
  if (scope.writers_.empty()) {
    for (const auto& [origin, vouched] : origins_) until = std::min(until, vouched.until());
    return until;
  }
  for (const std::string& writer : scope.writers_) {
    const auto known = origins_.find(writer);
    until = std::min(until, known == origins_.end() ? Instant{} : known->second.until());
  }
  return until;
}

CoherenceState ServingRights::state(Instant now, const Scope& scope) const {
  if (now < lease_until()) {
    return now < scope.until() ? CoherenceState::coherent : CoherenceState::degraded;
  }
  return is_connected_.load(std::memory_order_acquire) ? CoherenceState::repairing
                                                       : CoherenceState::suspect;
}

}  // namespace mpreg
