#pragma once
// Exclusive keys: who alone may write a key for a while. A cluster asks the home of the key, the
// home claims it for that cluster, and the claim holds when every member has accepted it
// (src/coherence/claims.h). All but the packets of a session travel as records of the cache lane; a
// claim is an invalidation of the key (CacheInvalidation::claim), so that no copy outlives it.

#include <cstdint>
#include <string>

#include "message/cache_messages.h"

namespace mpreg {

// The steps that are no invalidation: records of kind `claim`, on the topic of the cluster's
// status.
enum class ClaimStep : std::uint8_t {
  ask = 0,      // To `home`: the key for `lease_ms`. With a token: for so long again.
  accept = 1,   // By a member: its near caches hold nothing older, and nobody else writes the key.
  renew = 2,    // By a home: the claim holds for `lease_ms` from now on.
  release = 3,  // By the holder: it is over. Without a token: what was asked is wanted no more.
  refuse = 4,   // By a home: what was asked will not come; `reason` says why.
};

struct ClaimRecord {
  CacheAddress address;
  ClaimStep step = ClaimStep::ask;
  ClaimId claim = {};         // Of a claim there is; with `ask`, token 0: none yet.
  std::string home = {};      // With `ask`: who shall answer.
  std::string holder = {};    // The cluster that asked; with `accept`: that accepts.
  std::uint64_t client = 0;   // And who there.
  std::uint64_t request = 0;  // Tells what one client asks apart.
  std::uint32_t lease_ms = 0;
  std::uint32_t wait_ms = 0;  // With `ask`: so long at most. With `renew`, not 0: accept again.
  HybridTime limit = 0;       // With `renew`: see ClaimGrant. With `refuse`: as of when.
  std::string reason = {};

  friend bool operator==(const ClaimRecord&, const ClaimRecord&) = default;
};

// Client to broker: this key for me alone. Answered by ClaimGranted, or Answer.
struct ClaimAsk {
  std::uint64_t request = 0;
  CacheAddress address;
  FencingToken token = 0;      // Of what is held: for so long again. 0: it is not held yet.
  std::uint32_t lease_ms = 0;  // 0, with a token: no more.
  std::uint32_t wait_ms = 0;   // So long while another holds it.

  friend bool operator==(const ClaimAsk&, const ClaimAsk&) = default;
};

struct ClaimGranted {
  std::uint64_t request = 0;
  FencingToken token = 0;
  std::uint32_t lease_ms = 0;  // What is left of it; 0: released.
  std::string home = {};       // Who granted it.

  friend bool operator==(const ClaimGranted&, const ClaimGranted&) = default;
};

}  // namespace mpreg
