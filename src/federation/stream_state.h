#pragma once
// StreamState: how far one stream has been applied here, whom it is taken from, and what came
// before its turn. It decides what to do with what arrives; it does not apply.

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "base/time.h"
#include "federation/completeness.h"
#include "federation/freshness.h"
#include "federation/members.h"
#include "message/pubsub_messages.h"
#include "stream/incarnation.h"
#include "stream/stream_table.h"

namespace mpreg {

// A piece of a stream as a neighbour sent it: a body, or only the word that nothing in the range is
// for us, or the word that the range is lost.
struct Arrival {
  Number after = 0;
  Number through = 0;
  std::uint8_t hops = 0;
  std::vector<Declaration> declarations;
  Body body;
  std::shared_ptr<const Gap> gap;
  ApplyFailure failure = ApplyFailure::lost;  // With a gap: why it is one, here.
  std::vector<std::string> left_out;          // As BatchHeader says.
  CompleteFor complete_for;
  std::shared_ptr<const std::vector<SeenPosition>> seen;  // As BatchHeader says.

  // About what it takes to keep.
  [[nodiscard]] std::size_t bytes() const {
    std::size_t bytes = sizeof(Arrival) + body.frame.size();
    for (const Declaration& declaration : declarations) {
      bytes += sizeof(declaration) + declaration.topic.size();
    }
    return bytes;
  }
};

class StreamState {
 public:
  bool own = false;      // This broker numbers it.
  bool started = false;  // Its beginning here is settled: by TAKEN, or because it is our own.
  Number frontier = 0;   // Applied up to here; kNumberMax: the stream is closed.
  Number floor =
      0;  // Sessions that have no position of their own are served from the number after it.
  std::uint64_t unreported_bytes = 0;  // Applied since it was reported; events lane.
  Number head_seen = 0;                // The highest number that any neighbour said it had.
  Number base = 0;        // The origin gave the numbers up to this before it had joined anybody.
  Number first_head = 0;  // The head when the stream was first offered here.
  std::uint8_t hops = 0;  // From here to the origin, by the upstream.
  bool final = false;     // Nothing follows final_number.
  Number final_number = 0;
  bool is_end_unknown =
      false;                 // It is over, and its origin does not know where: no goodbye counts.
  bool has_unheard = false;  // Before it began here its origin may have told what never came.

  LinkId upstream = kNoLink;
  Standing standing = Standing::usual;  // Of the way by the upstream.
  // ---- Events lane: what comes must be complete for this generation of our interest; what is not
  // is asked for again, towards the origin.
  Generation required = 0;
  CompleteFor complete_for;   // Of what the upstream will send from now on.
  Number refill_through = 0;  // Up to here, from the frontier, something is not complete.
  Instant refill_since{};
  Instant refill_sent{};
  std::uint32_t refills_given_up = 0;  // Of earlier pieces.

  bool take_pending = false;  // TAKE was sent and nothing has come of it yet.
  Instant take_sent{};
  Instant superseded{};  // When a later incarnation of the origin was first known; zero: none is.
  Instant progressed{};  // When the frontier last moved, or the head was first seen beyond it.
  Freshness freshness;
  std::uint64_t passed = 0;  // Cache lane: Offer::passed, the greatest that was told.

  enum class Verdict : std::uint8_t {
    apply,      // It is next.
    duplicate,  // Known up to its end.
    early,      // Something before it is missing: it was kept, or dropped for lack of room.
    overlap,    // It starts inside of what is known and cannot be cut: never sent by a correct
                // neighbour.
  };
  [[nodiscard]] Verdict judge(const Arrival& arrival) const;

  // Keeps an early piece while there is room; what is dropped will be asked for again.
  void keep(Arrival arrival, std::uint64_t bytes_max);
  // The kept piece that is next, if there is one; kept pieces that are known by now are dropped.
  [[nodiscard]] std::optional<Arrival> next_kept();
  [[nodiscard]] bool has_kept() const { return !kept_.empty(); }
  void drop_kept();

  void advance(Number through, Instant now) {
    frontier = through;
    progressed = now;
    take_pending = false;
    freshness.advance(through);
  }

  [[nodiscard]] bool closed() const { return frontier == kNumberMax; }
  // Everything that will ever come has come.
  [[nodiscard]] bool complete() const { return closed() || (final && frontier >= final_number); }

 private:
  std::map<Number, Arrival> kept_;  // By the number after which they start.
  std::uint64_t kept_bytes_ = 0;
};

// How far the streams of these indices have come, by lane.
[[nodiscard]] inline LaneNumbers heads_of(const std::vector<StreamState>& streams,
                                          const std::array<StreamIndex, kLanes>& indices) {
  LaneNumbers heads{};
  for (std::size_t lane = 0; lane < kLanes; ++lane) heads[lane] = streams[indices[lane]].frontier;
  return heads;
}

}  // namespace mpreg
