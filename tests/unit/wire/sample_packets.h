#pragma once
// One value of every kind that travels, with every field set to something of its own, so that a
// field that is forgotten or exchanged with its neighbour is seen.

#include <vector>

#include "message/packet.h"

namespace mpreg {

// In the order of the union; one per kind.
[[nodiscard]] std::vector<Packet> full_packets();
// As they are default-constructed, in the same order.
[[nodiscard]] std::vector<Packet> default_packets();

[[nodiscard]] CacheInvalidation full_invalidation();
[[nodiscard]] CacheReplication full_replication();
[[nodiscard]] CacheValue full_value();
[[nodiscard]] Headers full_headers();

}  // namespace mpreg
