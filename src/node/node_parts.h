#pragma once
// What a node remembers in passing: small records that node_impl.h holds in numbers.

#include <cstdint>
#include <limits>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/time.h"
#include "federation/apply_failures.h"
#include "federation/members.h"
#include "federation/stream_state.h"
#include "message/packet.h"
#include "node/link.h"
#include "node/node_options.h"
#include "stream/seen_table.h"
#include "wire/body_codec.h"

namespace mpreg {

// A body that was made here is not looked at for its size.
inline constexpr BodyLimits kOwnBody{std::numeric_limits<std::uint64_t>::max()};

// A tracked record of the batch at hand.
struct Tracked {
  std::uint32_t index = 0;
  bool is_replication = false;
  bool is_value = false;  // Sent later than its fact.
  bool tells_each = false;
  bool is_to_all = false;  // Whoever is a member when it is stamped.
  std::vector<std::string> targets;
  std::uint32_t timeout_ms = 0;
  WaitLevel wait = WaitLevel::accepted;
};
// A fact of the batch at hand, as it was read at the door.
using AnyFact = std::variant<CacheInvalidation, CacheReplication>;
struct CheckedFact {
  std::uint32_t index = 0;
  AnyFact fact;
};
// What is known of the times in a body of another broker.
struct Clocks {
  bool agree = true;        // From here to the origin.
  bool are_trusted = true;  // They are not too far ahead of ours.
};
// A body of facts that is being applied, and what has come of it so far.
struct FactsApplied {
  StreamIndex stream = 0;
  const Body& body;
  Clocks clocks;
  std::vector<std::string> about;  // Namespaces; empty where one may be about any.
  std::uint64_t invalidations = 0;
  std::uint64_t processed = 0;  // Of these; the others were known.
  bool is_about_any = false;
  std::vector<std::uint32_t> unusable;  // By their index: writes that only invalidate.
  std::uint64_t applied = 0;            // Which application it is.
  StreamPlace place = kNoPlace;         // Of its stream.

  void note(std::string_view namespace_name) {
    is_about_any = is_about_any || namespace_name.empty();
    if (is_about_any) return about.clear();
    if (about.empty() || about.back() != namespace_name) about.emplace_back(namespace_name);
  }
};

struct Choice {
  LinkId link = kNoLink;
  Standing standing = Standing::cut_off;
  std::uint8_t hops = 0;
};

// For how long what is missing in a stream is asked for before it counts as lost.
[[nodiscard]] inline std::chrono::milliseconds refill_patience(const StreamState& state) {
  const bool is_origin_gone = state.superseded != Instant{} || state.final;
  if (!is_origin_gone) return kRefillPatience;
  if (state.refills_given_up == 0) return kRefillPatienceWithoutOrigin;
  return state.refills_given_up < kRefillsPatient ? kRefillPatienceAgain : kRefillPatienceLast;
}

// Who takes a stream through us, by which link, and how much of it has been applied there.
struct Below {
  Number number = 0;
  Number observed = 0;
  LinkId link = kNoLink;
  ApplyFailures failures;
};

struct Way {
  const Link* link = nullptr;
  std::vector<std::string> clusters;  // Behind it, that want the topic.
};
}  // namespace mpreg
