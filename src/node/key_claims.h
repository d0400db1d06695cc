#pragma once
// KeyClaims: keys that are one cluster's alone, as one broker sees them: what it hears of claims
// and what its clients ask goes to Claims (coherence/claims.h), with what is known of the members
// whose word is needed. on_claim.cc stamps what claims say.
//
// Sans-I/O, one thread.

#include <cstdint>
#include <functional>
#include <string>

#include "coherence/claims.h"
#include "exchange/session_table.h"
#include "federation/federation_books.h"
#include "federation/link_settings.h"
#include "federation/members.h"
#include "node/node_options.h"
#include "node/turn.h"
#include "store/replica_store.h"
#include "stream/hybrid_clock.h"

namespace mpreg {

class KeyClaims {
 public:
  // What it looks at, borrowed for its life. Violations are booked.
  struct Around {
    const NodeOptions& options;
    const SettingsBook& settings;
    const Members& members;
    const ReplicaStore& cache;
    HybridClock& clock;
    FederationBooks& books;
  };
  // `begun`: when this broker's process began.
  KeyClaims(Around around, Instant begun, std::uint64_t instance)
      : around_(around),
        begun_(begun),
        claims_(around.options.cluster, around.options.claim_lease_max, instance) {}
  KeyClaims(const KeyClaims&) = delete;
  KeyClaims& operator=(const KeyClaims&) = delete;

  // Of which the word is needed, this cluster among them; and whether enough is known of the
  // others.
  [[nodiscard]] Claims::Electorate electorate(const Now& now) const;

  // A client asks; one that cannot be granted is answered at once.
  void ask(Turn& turn, const Session& session, const ClaimAsk& ask);
  // A write of one key: by who may write it, and a step of its protocol. `index`: of its record in
  // the batch that is not stamped yet.
  [[nodiscard]] Result<void> check_write(const Now& now, const CacheAddress& address,
                                         FencingToken fence, std::uint32_t index,
                                         CacheOperation write);

  // What was said about a claim, in a stream of the cache lane. Returns the namespace of its key;
  // empty when it cannot be read.
  [[nodiscard]] std::string hear(const Now& now, const std::string& origin, HybridTime version,
                                 Bytes payload);
  // A claim, as the invalidation that it is; ignored when it ran out long ago, by any clock.
  void hear(const Now& now, const CacheInvalidation& fact, const ClaimId& claim, StreamIndex stream,
            Number number);

  // Claims itself, for who carries out its work.
  [[nodiscard]] Claims& claims() { return claims_; }
  [[nodiscard]] const Claims& claims() const { return claims_; }
  // So many numbers for operations of the broker itself: the first.
  [[nodiscard]] std::uint64_t take_operations(std::uint32_t count);

 private:
  [[nodiscard]] bool is_long_over(const Now& now, HybridTime version, std::uint32_t lease_ms) const;

  Around around_;
  Instant begun_;
  Claims claims_;
  std::uint64_t last_operation_ = 0;
};

}  // namespace mpreg
