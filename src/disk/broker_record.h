#pragma once
// BrokerRecord: what a broker remembers from one start to the next, and how it stands in the file
// `incarnation`:
//
//   "mpreg incarnation\n", version (4 bytes), then the fields in the order below, then the XXH64
//   of everything before (8 bytes). Numbers are little-endian; a text is its length (4 bytes) and
//   its bytes; a list is its length (4 bytes) and its items; what may be missing is preceded by a
//   byte, 0 or 1.

#include <map>
#include <set>
#include <string>

#include "base/error.h"
#include "message/membership.h"
#include "stream/hybrid_clock.h"

namespace mpreg {

// More than a federation has; what would exceed the file is a mistake elsewhere.
inline constexpr std::size_t kRecordBytesMax = 64U << 20U;

struct BrokerRecord {
  std::string cluster;
  IncarnationRecord incarnation;  // Of the broker that runs, or that ran last.
  // is_used is synced before its first number is assigned; the final numbers at a clean shutdown.
  IncarnationEnd end;
  // Those before it: the most recent kIncarnationAncestorsMax, ascending. Whoever names another
  // incarnation of the cluster has met a copy of the directory, or one that it replaces.
  std::vector<Incarnation> ancestors;
  // Its last shutdown was a clean one and it has not rejoined since.
  bool has_left = false;
  std::map<std::string, MemberStanding> members;  // By cluster; without this one.
  // Configured neighbours that were reached once, by role and endpoint.
  std::set<std::string> targets_met;
  // Every namespace of which this cluster has ever written something.
  std::set<std::string> namespaces;
  // No reading of the hybrid clock is above it; the clock of the next start begins there.
  HybridTime clock_ceiling = 0;

  friend bool operator==(const BrokerRecord&, const BrokerRecord&) = default;
};

// The record at the next start of this broker.
[[nodiscard]] BrokerRecord next_start(const BrokerRecord& last, std::uint64_t instance);

[[nodiscard]] std::string encode(const BrokerRecord& record);
// `malformed` for anything but what encode() wrote, with what is wrong: "is cut short".
[[nodiscard]] Result<BrokerRecord> decode_broker_record(std::string_view bytes);

}  // namespace mpreg
