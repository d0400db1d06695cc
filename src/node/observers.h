#pragma once
// Observers: how far the near caches of this cluster have applied the facts of each stream, for
// wait level `observed`. A fact counts as observed when every near cache that may serve something
// older has applied it, or has stopped serving: because its lease has run out, or its session has
// ended and the lease of that has.
//
// Sans-I/O, one thread; times are those of CLOCK_BOOTTIME. Memory grows with the facts of the last
// lease (kNearCacheLease) times the clients that have near caches, and with nothing else.

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <vector>

#include "base/time.h"
#include "message/packet.h"
#include "stream/stream_table.h"

namespace mpreg {

class Observers {
 public:
  struct Settled {
    std::vector<StreamIndex> moved;  // Streams of which more has been observed than before.
    std::uint64_t fenced = 0;        // Near caches whose lease ran out before they had said so.
  };

  // `begun`: when this broker's process began. Until a lease later near caches that an earlier
  // process served may serve what they have.
  explicit Observers(Instant begun);

  // The numbers first..last of a stream, one fact or a gap, were applied at `now`; `clients` are
  // those whose near caches were connected then. First numbers of a stream never go back.
  void await(StreamIndex stream, Number first, Number last, Instant now,
             std::set<std::uint64_t> clients);
  // The session of a client with a near cache has ended at `now`.
  void depart(Instant now);
  // A client's near cache has applied a stream up to `number`.
  void applied(std::uint64_t client, StreamIndex stream, Number number);
  // Gives up those that have observed, or need not be waited for any more.
  [[nodiscard]] Settled settle(Instant now);

  // Up to here everything is observed; `frontier` is what the broker has applied.
  [[nodiscard]] Number observed_through(StreamIndex stream, Number frontier) const;
  [[nodiscard]] bool is_waiting() const { return !waiting_.empty(); }
  // Whether a near cache elsewhere may still trust in an earlier process of this broker.
  [[nodiscard]] bool may_trust_earlier_life(Instant now) const { return now < known_to_all_; }

 private:
  struct Fact {
    Number first = 0;
    Number last = 0;
    Instant fence{};       // Each client has stopped serving by then.
    Instant not_before{};  // Clients that have gone may serve until then.
    std::set<std::uint64_t> clients;
  };

  std::map<StreamIndex, std::deque<Fact>> waiting_;  // Ascending by number; no empty ones.
  Instant departed_until_;
  Instant known_to_all_;
};

}  // namespace mpreg
