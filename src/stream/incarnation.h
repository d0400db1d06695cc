#pragma once
// Incarnation: one life of a broker's numbering. It is ordered by (counter, instance): the counter
// is incremented and synced to the broker's data directory before anything is numbered, and the
// instance is drawn at random at each start, so that two copies of one directory differ. No clock
// takes part. Its record says which incarnation it follows and where that one ended; whoever holds
// a part of an earlier one decides from the record alone whether something is missing.

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "stream/ranges.h"
#include "stream/stream_id.h"

namespace mpreg {

// The last number that was assigned in each lane; 0: none was.
using LaneNumbers = std::array<Number, kLanes>;

struct IncarnationParent {
  // None (counter 0): nobody knows what was numbered before, or it was numbered beside another
  // incarnation of the cluster. Nobody continues into such a record, everybody reports a gap.
  Incarnation incarnation = {};
  std::optional<LaneNumbers> final_numbers;  // Nothing: it crashed, or was rolled back.

  friend bool operator==(const IncarnationParent&, const IncarnationParent&) = default;
};

// So many of the incarnations that assigned no number are named. Who has met none of the last ones
// of a long crash loop is told of a gap where there is none, which costs it a few loads.
inline constexpr std::size_t kUnusedMax = 8;

// So many earlier ones of a broker are remembered by name. One that is further back is taken for a
// stranger's, which costs everybody a gap and nothing else.
inline constexpr std::size_t kIncarnationAncestorsMax = 1024;

// What is announced with every stream.
struct IncarnationRecord {
  Incarnation incarnation = {};
  // The last one before it that assigned a number; nothing in a new data directory, or where none
  // before it did.
  std::optional<IncarnationParent> parent;
  // Those between the parent and this one, which assigned no number: the most recent ones,
  // ascending. They are no links of the chain: otherwise two clean restarts in a row, or a crash
  // loop, would evict everything everywhere.
  std::vector<Incarnation> unused;

  friend bool operator==(const IncarnationRecord&, const IncarnationRecord&) = default;
};

// How an incarnation ended, as its successor knows it.
struct IncarnationEnd {
  bool is_used = false;  // It may have assigned numbers.
  std::optional<LaneNumbers> final_numbers;

  friend bool operator==(const IncarnationEnd&, const IncarnationEnd&) = default;
};

// The record of the one that follows `own`, at the next start or in the same process. Its counter
// is above that of `above` too, which is another incarnation of the cluster that was heard of.
[[nodiscard]] IncarnationRecord successor_of(const IncarnationRecord& own,
                                             const IncarnationEnd& end, std::uint64_t instance,
                                             const Incarnation& above = {});

// Appends one to the names that are remembered.
void add_ancestor(std::vector<Incarnation>& ancestors, const Incarnation& incarnation);

// Of a broker that remembers nothing of earlier starts.
[[nodiscard]] inline IncarnationRecord record_without_past(const Incarnation& incarnation) {
  return {incarnation, IncarnationParent{}, {}};
}

// Whether the record says of that incarnation how it ended, or that it numbered nothing, or says
// itself that everybody has to report a gap: then nobody has to ask its broker about it.
[[nodiscard]] bool accounts_for(const IncarnationRecord& record, const Incarnation& earlier);

enum class Succession : std::uint8_t {
  same,       // No other incarnation than the one that is held.
  older,      // Word of an incarnation that has a successor; it changes nothing.
  continues,  // Everything of the earlier one is held: number 1 of the new one is next.
  fetch,      // `missing` of the earlier one is not held yet; its broker, or others, may have it.
  gap,        // Numbers may be lost, and nobody can say which.
};

struct SuccessionDecision {
  Succession succession = Succession::same;
  NumberRange missing;  // In the stream that is held; of `fetch` only.

  friend bool operator==(const SuccessionDecision&, const SuccessionDecision&) = default;
};

// What a receiver that holds the incarnation of `held` up to `number` in a lane does when it meets
// `met`. It is asked once for each (counter, instance), so that a gap is reported once.
[[nodiscard]] SuccessionDecision decide_succession(const IncarnationRecord& held, Number number,
                                                   Lane lane, const IncarnationRecord& met);

// A stream of an earlier incarnation that is over now.
struct StreamEnd {
  Incarnation incarnation = {};
  Lane lane = Lane::cache;
  std::optional<Number> last;  // Nothing: nobody knows.

  friend bool operator==(const StreamEnd&, const StreamEnd&) = default;
};
// What follows from that in all lanes: where the streams of the incarnation that is held end, and
// those of one between the two of which nothing came here.
[[nodiscard]] std::vector<StreamEnd> ends_at_succession(const IncarnationRecord& held,
                                                        const LaneNumbers& numbers,
                                                        const IncarnationRecord& met);

}  // namespace mpreg
