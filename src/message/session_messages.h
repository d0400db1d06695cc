#pragma once
// Session: what a client and its broker say to each other about their connection. One DEALER of the
// client, the ROUTER `listen` of the broker; the client speaks first.

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "stream/frontier.h"
#include "stream/hybrid_clock.h"
#include "stream/ranges.h"

namespace mpreg {

inline constexpr std::uint16_t kProtocolVersion = 1;
inline constexpr std::uint32_t kAgeUnknown = 0xFFFFFFFFU;

// Backlog: how much of what the broker still holds is delivered before live messages.
struct Subscription {
  std::uint32_t id = 0;  // Unique in the session; chosen by the client.
  std::vector<std::string> patterns;
  std::uint32_t backlog_count = 0;
  std::uint64_t backlog_age_ms = 0;  // 0: any age.
  // Not empty: of what matches, each message goes to one member of the group in the federation.
  std::string group = {};

  friend bool operator==(const Subscription&, const Subscription&) = default;
};

// Client to broker, first. With `resume`, the broker serves every listed stream from the number
// after its position, and streams that are not listed from where this broker's own history begins.
struct Hello {
  std::uint16_t protocol_min = kProtocolVersion;
  std::uint16_t protocol_max = kProtocolVersion;
  std::uint64_t client =
      0;             // Random, chosen once per client object; part of every operation's identity.
  std::string name;  // For people: logs and listings.
  std::uint64_t receive_window_bytes = 0;  // How much may be sent beyond what was acknowledged.
  bool resume = false;
  std::vector<StreamPosition> positions;
  std::vector<Subscription> subscriptions;
  bool observes = false;  // It serves from a near cache, and says what that has applied: Observed.
  HybridTime clock = 0;   // The latest that was delivered to it: what is stamped now is later.
  // Up to this operation some were sent in an earlier connection and not accepted: 0: none.
  std::uint64_t open_through = 0;

  friend bool operator==(const Hello&, const Hello&) = default;
};

struct SessionLimits {
  std::uint64_t payload_bytes_max = 0;
  std::uint64_t publish_window_bytes = 0;  // Bytes of batches sent and not yet accepted.
  std::uint32_t patterns_max = 0;
  std::uint32_t aliases_max = 0;  // Of the client's own; further topics travel inline.
  std::uint32_t heartbeat_ms = 0;
  std::uint32_t session_timeout_ms = 0;  // Silence after which the broker ends the session.

  friend bool operator==(const SessionLimits&, const SessionLimits&) = default;
};

struct Welcome {
  std::uint16_t protocol = kProtocolVersion;
  std::string cluster;
  std::string region;
  Incarnation incarnation = {};
  std::uint64_t session = 0;
  SessionLimits limits;
  std::vector<NumberRange> accepted;      // Operations of this client that the broker knows of.
  std::vector<StreamPosition> positions;  // From here on the session's deliveries are complete.
  // With Hello::open_through: what is accepted lies at or below these, in the cache lane.
  std::vector<StreamPosition> applied = {};
  std::uint64_t applied_last = 0;  // The broker's last application, as of BatchHeader::applied.

  friend bool operator==(const Welcome&, const Welcome&) = default;
};

// Ends a handshake or a session or link: what is wrong, and whether trying again makes sense.
struct Refused {
  ErrorCode code = ErrorCode::refused;
  std::string text;
  std::uint32_t retry_after_ms = 0;  // 0: do not try again as you are.

  friend bool operator==(const Refused&, const Refused&) = default;
};

// An orderly end, by either side. A broker tells the last number of each of its own streams:
// nothing follows, so nobody has to assume that something was lost.
struct Goodbye {
  std::string reason;
  std::vector<StreamPosition> final_positions;

  friend bool operator==(const Goodbye&, const Goodbye&) = default;
};

// Client to broker: credit. Cumulative bytes of batch frames (header and body) consumed in this
// connection.
struct Acknowledge {
  std::uint64_t consumed_bytes = 0;

  friend bool operator==(const Acknowledge&, const Acknowledge&) = default;
};

// Client to broker, every heartbeat; the echo renews the lease, which runs from the moment of
// sending.
struct Probe {
  std::uint64_t sent_at_ns = 0;  // By the client's own clock; echoed as it is.

  friend bool operator==(const Probe&, const Probe&) = default;
};

// So long ago the origin had given no cache fact that the broker has not applied by now; ages of
// all hops added up. kAgeUnknown: nothing is known.
struct Vouch {
  // A cluster; or the endpoint of a configured neighbour that was never reached, of whom nobody
  // knows which cluster it is.
  std::string origin;
  std::uint32_t age_ms = 0;
  // Not 0: facts from before this incarnation, or from before it had joined anybody, were missed.
  std::uint64_t unheard_counter = 0;
  bool is_endpoint =
      false;  // `origin` is one: it means something to this life of the broker alone.

  friend bool operator==(const Vouch&, const Vouch&) = default;
};

struct ProbeEcho {
  std::uint64_t sent_at_ns = 0;
  std::vector<StreamPosition> positions;  // Up to where this session has been served.
  std::vector<Vouch> vouches;
  bool is_behind = false;  // Cache facts that the broker has applied were not sent yet.

  friend bool operator==(const ProbeEcho&, const ProbeEcho&) = default;
};

// Client to broker: its near caches have applied the cache facts up to these positions. Without
// any: from now on it serves from a near cache.
struct Observed {
  std::vector<StreamPosition> positions;

  friend bool operator==(const Observed&, const Observed&) = default;
};

// An operator's question, answered as JSON text.
struct Query {
  std::uint64_t request = 0;
  std::string question;  // "stats", "members", "links", ...

  friend bool operator==(const Query&, const Query&) = default;
};

// The answer to any request that carries a request number.
struct Answer {
  std::uint64_t request = 0;
  bool ok = true;
  ErrorCode code = ErrorCode::internal;  // When not ok.
  std::string text;                      // The answer, or the error.

  friend bool operator==(const Answer&, const Answer&) = default;
};

}  // namespace mpreg
