#pragma once
// near_look: what a read may give of what a near cache holds, and what that is worth: the time,
// then the right to serve, then the value. If the right covers the time, the value was right at
// that moment of the read, however long the process stood still afterwards.

#include <cstdint>
#include <optional>

#include "coherence/serving_rights.h"
#include "near/near_store.h"

namespace mpreg {

// What is served of a namespace, marked, although it is not coherent: for so long from the moment
// at which it was. None: not at all.
struct StaleLimits {
  std::optional<Duration> degraded = {};  // A cluster that may write is silent.
  std::optional<Duration> lost = {};      // The own broker is.
};

enum class Look : std::uint8_t {
  coherent,
  degraded,
  stale,
  missing,  // Nothing is held.
  suspect,  // Whether anything is held or not, it may not be served now.
};

// `now` was read before. The value is set by the first three.
[[nodiscard]] Look near_look(Instant now, NearStore& store, NearStore::SpaceIndex space,
                             const NearKey& key, const ServingRights& rights,
                             const ServingRights::Scope& scope, const StaleLimits& limits,
                             NearValue& value);

}  // namespace mpreg
