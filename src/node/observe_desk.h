#pragma once
// ObserveDesk: which facts wait for the near caches of this cluster, and which clients wait for
// facts. observe.cc and ask_store.cc say what happens with them.

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <vector>

#include "base/time.h"
#include "message/cache_messages.h"
#include "stream/stream_table.h"

namespace mpreg {

struct ObserveDesk {
  // Until each of the clients has applied it, or at last `fence`. A gap is several numbers.
  struct Fact {
    Number first = 0;
    Number last = 0;
    Instant fence{};
    Instant not_before{};  // Clients that have gone may serve until then.
    std::set<std::uint64_t> clients;
  };
  // What a client asks the store when more has been applied.
  struct WaitingGet {
    std::uint64_t session = 0;
    std::uint32_t slot = 0;
    CacheGet request;
    Instant deadline{};
  };

  std::map<StreamIndex, std::deque<Fact>> waiting;  // Ascending.
  Instant departed_until{};  // No near cache of a session that has gone serves after this.
  std::vector<WaitingGet> gets;
  std::map<std::uint64_t, WaitingGet> elsewhere;  // Asked of other clusters; by tag.
  std::uint64_t last_tag = 0;
  // From then on no near cache trusts in an earlier life of this broker.
  Instant known_to_all{};
};

}  // namespace mpreg
