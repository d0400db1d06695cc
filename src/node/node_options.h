#pragma once
// NodeOptions: who a broker is and every limit that it keeps. Each limit is a flag and a
// configuration key of the same name (broker/options.h); the ranges are checked there.

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "federation/member_protocol.h"
#include "message/coherence_protocol.h"
#include "message/leases.h"
#include "message/link_messages.h"
#include "message/resolver.h"

namespace mpreg {

// The times that hang together; the relations are asserted below.
inline constexpr std::chrono::milliseconds kHeartbeat{500};
inline constexpr std::chrono::milliseconds kPeerLate{1500};
inline constexpr std::chrono::milliseconds kPeerDown{3000};
inline constexpr std::chrono::milliseconds kAnswerLater{100};
inline constexpr std::chrono::milliseconds kHandshakeRetry{2000};
inline constexpr std::chrono::milliseconds kSubscribePatience{2000};
inline constexpr std::chrono::milliseconds kInterestLinger{3000};
// What was left out may have to come from far away, while links come and go; of an origin that is
// gone, somebody near either holds it or nobody does.
inline constexpr std::chrono::milliseconds kRefillPatience{15'000};
inline constexpr std::chrono::milliseconds kRefillPatienceWithoutOrigin{5000};
inline constexpr std::chrono::milliseconds kRefillPatienceAgain{1500};  // For the next pieces,
inline constexpr std::uint32_t kRefillsPatient = 5;                     // up to so many,
inline constexpr std::chrono::milliseconds kRefillPatienceLast{500};    // and for those after them.
inline constexpr std::chrono::milliseconds kReconnectMin{100};
inline constexpr std::chrono::milliseconds kReconnectMax{5000};
static_assert(kPeerLate >= 3 * kHeartbeat, "one lost heartbeat must not make a peer late");
static_assert(kPeerDown >= 2 * kPeerLate, "late must come well before down");
static_assert(kNearCacheLease <= kPeerDown,
              "a client must stop serving before it is presumed dead");
static_assert(kHandshakeRetry < kPeerDown);
static_assert(kRefillPatienceWithoutOrigin > kPeerDown,
              "another way to the origin must have its chance");

// A broker may be told to accept payloads up to this, so links carry as much whatever the two sides
// accept themselves.
inline constexpr std::uint64_t kPayloadBytesMaxOfAny = 64ULL << 20U;

struct DialOptions {
  LinkRole role = LinkRole::hub;
  std::string endpoint;
};

struct NodeOptions {
  std::string cluster;
  std::string region = "default";
  std::string stream_endpoint;  // As announced; host "*" stands for the host that the dialler used.
  std::vector<DialOptions> dials;
  std::string topic_prefix = "mpreg.cache.federation";

  std::uint64_t retained_bytes_max = 64ULL << 20U;  // Over all streams.
  std::uint64_t payload_bytes_max = 1ULL << 20U;    // Of one record.
  std::uint64_t session_window_bytes_max = 8ULL
                                           << 20U;   // In flight to one session, whatever it asks.
  std::uint64_t publish_window_bytes = 4ULL << 20U;  // In flight from one session.
  std::uint64_t link_window_bytes =
      8ULL << 20U;  // In flight by cursor to one link, and held out of order.
  std::uint64_t cache_bytes_max = 64ULL << 20U;         // Of the cluster's values.
  std::uint64_t group_queues_bytes_max = 64ULL << 20U;  // Waiting for members of groups.
  std::uint64_t bulk_window_bytes = 256ULL << 10U;      // In flight in the bulk lane to one link.
  std::uint32_t sessions_max = 10'000;
  std::uint32_t patterns_per_session_max = 200'000;
  std::uint32_t patterns_max = 2'000'000;
  std::uint32_t topics_max = 1U << 20U;  // Aliases of the own streams.
  std::uint32_t session_aliases_max = 65'536;
  std::uint32_t clients_remembered_max = 100'000;  // For the recognition of repeated operations.
  std::uint32_t pending_operations_max = 1000;
  std::uint32_t targets_max = 256;
  std::chrono::milliseconds invalidation_timeout{30'000};
  std::chrono::milliseconds replication_timeout{60'000};
  std::chrono::milliseconds session_timeout{10'000};
  std::chrono::milliseconds clock_offset_max{60'000};
  // The incarnation that begins, as its data directory holds it already. Of counter 0: there is no
  // directory, and the wall clock stands for a counter, so that the next start has a greater one.
  IncarnationRecord record = {};
  // The incarnations of this broker before it, as far as its data directory names them.
  std::vector<Incarnation> ancestors = {};
  // At or above every reading of earlier starts of this broker, so that no fencing token comes
  // twice, whatever the wall clock does. 0: nothing is known of any.
  HybridTime clock_floor = 0;
  // What the last start has saved; what this one wants saved leaves by Outbox::save.
  NodeMemory memory = {};
  bool has_memory = false;      // There was an earlier start, and `memory` is from it.
  bool is_memory_kept = false;  // The next start will find it: a data directory.
  // The store is compared with that of each neighbour so often, and when a link joins.
  std::chrono::milliseconds compare_interval{300'000};
  // A member that has been silent for so long does not keep the marks of erased keys alive.
  std::chrono::milliseconds absence_max{std::chrono::hours(24)};
  // A key is one cluster's alone for so long at most, unless it renews that. A member that has been
  // silent for so long holds nothing, and nobody waits for its word. The same at all brokers.
  std::chrono::milliseconds claim_lease_max{30'000};
  // So many clusters at least have to accept it; 0: more than half of the members.
  std::uint32_t claim_quorum = 0;
  // By namespace: who wins among concurrent writers. The others go by version.
  std::map<std::string, std::shared_ptr<const Resolver>> resolvers = {};
  // By namespace: how its entries move through their states. The others are mesi.
  std::map<std::string, std::shared_ptr<const CoherenceProtocol>> protocols = {};
};

[[nodiscard]] MemberProtocolStart membership_of(const NodeOptions& options);
// What is announced to neighbours, and compared (agreement.cc).
[[nodiscard]] LinkSettings settings_of(const NodeOptions& options);

}  // namespace mpreg
