#include "loading/near_look.h"

namespace mpreg {

Look near_look(Instant now, NearStore& store, NearStore::SpaceIndex space, const NearKey& key,
               const ServingRights& rights, const ServingRights::Scope& scope,
               const StaleLimits& limits, NearValue& value) {
  const CoherenceState state = rights.state(now, scope);
  Look found = Look::coherent;
  if (state != CoherenceState::coherent) [[unlikely]] {
    const bool is_lost = state != CoherenceState::degraded;
    const std::optional<Duration>& limit = is_lost ? limits.lost : limits.degraded;
    const Instant since = is_lost ? rights.lease_until() : scope.until();
    if (!limit || now - since > *limit) return Look::suspect;
    found = is_lost ? Look::stale : Look::degraded;
  }
  return store.get(now, space, key, value) ? found : Look::missing;
}

}  // namespace mpreg
