#pragma once
// Link: what two brokers say to each other. The dialling side speaks first, by DEALER to the
// other's ROUTER `link`; live streams flow to the dialling side by XPUB -> SUB and to the dialled
// side by DEALER -> ROUTER.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "message/apply_failure.h"
#include "message/membership.h"
#include "message/pubsub_messages.h"
#include "stream/frontier.h"
#include "stream/hybrid_clock.h"
#include "stream/incarnation.h"

namespace mpreg {

// What the dialling side calls the other: its hub, a peer, or a gateway to another region.
enum class LinkRole : std::uint8_t { hub = 0, peer = 1, gateway = 2 };
[[nodiscard]] constexpr std::string_view name_of(LinkRole role) {
  return role == LinkRole::hub ? "hub" : role == LinkRole::peer ? "peer" : "gateway";
}

// How one namespace is set up at a broker, where that is not the default: the name of the option
// ("resolver", "protocol") and its value.
struct NamespaceSetting {
  std::string namespace_name;
  std::string option;
  std::string value;

  friend auto operator<=>(const NamespaceSetting&, const NamespaceSetting&) = default;
};

// What the two sides of a link compare (federation/link_settings.h).
struct LinkSettings {
  std::string topic_prefix;
  std::uint32_t key_rules = 0;               // kKeyRules.
  std::uint32_t claim_lease_max_ms = 0;      // The longest that the sender knows of.
  std::vector<NamespaceSetting> namespaces;  // Ascending.

  friend bool operator==(const LinkSettings&, const LinkSettings&) = default;
};

struct LinkHello {
  std::uint16_t protocol_min = kProtocolVersion;
  std::uint16_t protocol_max = kProtocolVersion;
  LinkRole role = LinkRole::hub;
  std::string cluster;
  std::string region;
  IncarnationRecord record = {};
  std::uint32_t dial = 0;  // Which of its dials this is: one broker may dial another twice.
  LinkSettings settings = {};

  friend bool operator==(const LinkHello&, const LinkHello&) = default;
};

struct LinkWelcome {
  std::uint16_t protocol = kProtocolVersion;
  std::string cluster;
  std::string region;
  IncarnationRecord record = {};
  std::string
      stream_endpoint;  // Where live streams are published; host "*" means the host dialled.
  // The greatest incarnation of the dialling cluster that is known here, where that is another one.
  Incarnation known = {};
  std::uint64_t session = 0;  // Of this connection; every LinkState repeats it.
  LinkSettings settings = {};

  friend bool operator==(const LinkWelcome&, const LinkWelcome&) = default;
};

// A cluster that somebody has joined and nobody has forgotten.
struct Member {
  std::string cluster;
  std::string region;
  IncarnationRecord record = {};
  std::uint8_t hops = 0;                        // From the broker that says so.
  std::uint32_t age_ms = 0;                     // Since it was last heard of, all hops added up.
  std::vector<NamespaceSetting> settings = {};  // Of its namespaces, as LinkSettings has them.
  // Another incarnation of the cluster was heard of, and the record does not account for it.
  Incarnation stray = {};
  MemberWord word = {};  // How it stands.
  // Whoever says so knows the incarnation from its file, and nothing else of the record.
  bool is_remembered = false;

  friend bool operator==(const Member&, const Member&) = default;
};

// How good a way to the origin an offer is; the lower the better, whatever the distance.
enum class Standing : std::uint8_t {
  usual = 0,    // What links of this role are for.
  relayed = 1,  // Somewhere on the way a broker passes on what its role does not ask of it.
  cut_off = 2,  // Nobody is known to come nearer to the origin: only what is held already.
};

// A stream that the sender holds and lets the receiver take.
struct Offer {
  StreamId stream;
  Number head = 0;      // Applied here up to this.
  Number earliest = 0;  // The first number still held complete up to head.
  Number base = 0;      // Numbers up to this were given before the origin had joined anybody.
  std::uint8_t hops = 0;
  bool final = false;  // Nothing follows `head`: the origin said goodbye.
  Standing standing = Standing::usual;
  std::uint32_t age_ms = kAgeUnknown;  // What the origin gave before that long ago is at or below
                                       // head; all hops added up.
  HybridTime passed = 0;   // Cache lane: every member has applied what was issued up to this.
  bool clock_off = false;  // Somewhere between here and the origin two clocks do not agree.

  friend bool operator==(const Offer&, const Offer&) = default;
};

// Both ways, every heartbeat and soon after a change.
struct LinkState {
  std::uint64_t sequence = 0;  // Of the sender, from 1.
  std::uint64_t echo =
      0;  // The highest sequence received: a link that is heard but not echoed is one-way.
  HybridTime clock = 0;
  std::uint32_t interest_generation = 0;
  std::uint64_t interest_hash = 0;
  std::vector<Member> members;
  std::vector<Offer> offers;
  std::uint32_t echo_held_ms = 0;  // So long ago `echo` was received.
  std::uint64_t session = 0;  // What is of an earlier connection, and comes late, says nothing.
  std::uint64_t wall_ms = 0;  // The sender's wall clock when it made this, since 1970.
  std::uint32_t claim_lease_max_ms = 0;  // As in LinkSettings.

  friend bool operator==(const LinkState&, const LinkState&) = default;
};

// "Send me this stream from the number after `after`." Repeating it moves the sender's cursor
// there: it is also how a gap is repaired. With `fresh` the taker knows nothing of the stream: it
// gets what is held.
struct Take {
  StreamId stream;
  Number after = 0;
  bool fresh = false;
  std::uint64_t window_bytes = 0;  // How much may be sent beyond what the taker has applied.

  friend bool operator==(const Take&, const Take&) = default;
};

struct Taken {
  StreamId stream;
  Number earliest = 0;
  Number head = 0;
  Number base = 0;

  friend bool operator==(const Taken&, const Taken&) = default;
};

// What a cluster wants of the events lane: patterns that cover those of its sessions. Told on to
// everybody, by whoever had not heard it.
struct InterestUpdate {
  std::string cluster;
  Generation generation = 0;
  Generation since = 0;  // What came and went since that generation; 0: `added` is all of it.
  std::vector<std::string> added;
  std::vector<std::string> removed;

  friend bool operator==(const InterestUpdate&, const InterestUpdate&) = default;
};

// What the sender knows of everybody's interest. Whoever knows more of a cluster tells all of it.
struct KnownInterest {
  std::string cluster;
  Generation generation = 0;
  std::uint64_t hash = 0;  // Of the patterns.

  friend bool operator==(const KnownInterest&, const KnownInterest&) = default;
};
struct InterestDigest {
  std::vector<KnownInterest> known;

  friend bool operator==(const InterestDigest&, const InterestDigest&) = default;
};

// "What I was sent of after + 1 .. through is not complete for my interest." Passed on towards the
// origin until somebody holds it complete; the answers are batches with a RefillMark.
struct Refill {
  StreamId stream;
  Number after = 0;
  Number through = 0;
  std::string cluster;             // Who asks.
  Generation generation = 0;       // Complete for this interest.
  std::uint64_t tag = 0;           // Comes back with the answer.
  std::vector<std::string> route;  // Clusters passed, the asking one first.

  friend bool operator==(const Refill&, const Refill&) = default;
};

// Goes where a message of the topic would go, and is delivered to nobody: every broker that it
// reaches reports to the one that asks.
struct Trace {
  std::string origin;  // The cluster that asks.
  std::string topic;
  std::uint64_t tag = 0;
  std::vector<std::string> route;  // Clusters passed, the asking one first.

  friend bool operator==(const Trace&, const Trace&) = default;
};
struct TraceReport {
  std::string cluster;  // The one that asked.
  std::uint64_t tag = 0;
  std::vector<std::string> route;  // Where it still has to go, the next cluster last.
  std::vector<std::string> path;   // How the trace came; the reporting cluster is the last.
  std::string region;
  std::uint32_t sessions = 0;       // That would get the message.
  std::vector<std::string> onward;  // Neighbours to which it would go on.
  std::uint64_t arrived_us = 0;     // By the reporting broker's wall clock, since 1970.

  friend bool operator==(const TraceReport&, const TraceReport&) = default;
};

struct Untake {
  StreamId stream;

  friend bool operator==(const Untake&, const Untake&) = default;
};

// Towards the origin, at the end of each turn that applied something: who has applied how much of a
// stream.
// Of what a cluster has passed, this it does not hold.
struct NotApplied {
  Number first = 0;
  Number last = 0;
  ApplyFailure reason = ApplyFailure::lost;

  friend bool operator==(const NotApplied&, const NotApplied&) = default;
};

struct AppliedBy {
  std::string cluster;
  Number number = 0;
  Number observed = 0;  // Cache lane: so far no near cache there serves anything older.
  // Ascending. Repeated, by every broker on the way, until the origin has said that it knows.
  std::vector<NotApplied> failures = {};

  friend bool operator==(const AppliedBy&, const AppliedBy&) = default;
};

struct Applied {
  StreamId stream;
  std::vector<AppliedBy> reports;
  bool is_all = false;  // Whoever is not named does not take the stream by this way.

  friend bool operator==(const Applied&, const Applied&) = default;
};

// From the origin, the way back of an Applied that named failures: the origin knows of all of them
// up to a number, and they need not be repeated.
struct FailuresKnown {
  struct Of {
    std::string cluster;
    Number through = 0;

    friend bool operator==(const Of&, const Of&) = default;
  };
  StreamId stream;
  std::vector<Of> clusters;

  friend bool operator==(const FailuresKnown&, const FailuresKnown&) = default;
};

}  // namespace mpreg
