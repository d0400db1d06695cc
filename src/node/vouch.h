#pragma once
// What a broker tells near caches, and its neighbours, of how fresh is what it knows of others.

#include <string>
#include <vector>

#include "message/session_messages.h"
#include "node/node_state.h"

namespace mpreg {

// So many milliseconds ago it was known that the origin had numbered nothing in the stream that is
// not here; kAgeUnknown: that was never known.
[[nodiscard]] std::uint32_t age_of(Instant now, const StreamState& stream);
// The same of all cache streams of a cluster. Of an earlier incarnation, too, something may be
// missing, until all of it has come or is given up. One that has left numbers nothing until
// somebody has let it rejoin: that is known to be so as of the moment up to which everybody who may
// do so is known.
[[nodiscard]] std::uint32_t age_of(const NodeState& node, Instant now, const std::string& origin);

// For a near cache of this broker: of every cluster that may write, of configured neighbours that
// were never reached, and of forgotten clusters whose streams have not ended here. A broker that
// has not rejoined vouches for nobody.
[[nodiscard]] std::vector<Vouch> vouches_of(const NodeState& node, Instant now);

// Whether facts were applied that the session has not been sent, or may come from what it knows and
// this broker does not yet.
[[nodiscard]] bool is_behind(const Session& session);

}  // namespace mpreg
