#pragma once
// SeenTable: which writes had a write seen? The origin of a stream says, with what it numbers, what
// it had applied of every other stream. So "W has seen X" is a question about two positions, and no
// clock takes part in the answer.
//
// Bounded: of each pair of streams the latest kPointsMax steps are kept. What was forgotten counts
// as not seen, which costs loads and never freshness. Not thread-safe.

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "stream/stream_id.h"

namespace mpreg {

// A cache stream in a SeenTable; never used again.
using StreamPlace = std::uint32_t;
inline constexpr StreamPlace kNoPlace = 0xFFFFFFFFU;

struct Position {
  StreamPlace stream = kNoPlace;
  Number number = 0;

  [[nodiscard]] bool is_known() const { return stream != kNoPlace; }
  friend bool operator==(const Position&, const Position&) = default;
};

class SeenTable {
 public:
  static constexpr std::size_t kPointsMax = 32;

  StreamPlace intern(const StreamId& stream);
  [[nodiscard]] std::optional<StreamPlace> find(const StreamId& stream) const;
  [[nodiscard]] std::optional<StreamPlace> find(StreamKey key) const;
  [[nodiscard]] const StreamId& id_of(StreamPlace place) const { return *streams_[place].id; }
  [[nodiscard]] StreamKey key_at(StreamPlace place) const { return streams_[place].key; }
  [[nodiscard]] std::size_t size() const { return streams_.size(); }
  // Later incarnations of the same cluster.
  [[nodiscard]] const std::vector<StreamPlace>& later_of(StreamPlace place) const {
    return streams_[place].later;
  }

  // From `from` on, its origin had applied everything up to `seen`.
  void note(Position from, Position seen);
  // The stream is over without a successor: nobody needs to have seen it.
  void end(StreamPlace place) { streams_[place].is_over = true; }

  // Whether the write at `write` has seen the one at `other`. A later incarnation of a cluster, and
  // whoever has heard of one, has seen everything of the earlier ones: it was numbered before.
  [[nodiscard]] bool has_seen(Position write, Position other) const;

 private:
  struct Point {
    Number from = 0;
    Number seen = 0;
  };
  using Points = std::vector<Point>;  // Both ascending.
  struct Stream {
    const StreamId* id = nullptr;  // A key of places_, which does not move.
    StreamKey key = 0;
    bool is_over = false;
    std::vector<StreamPlace> later;  // Of the same origin.
    std::vector<Points> seen;        // By the other stream; may be short.
  };
  [[nodiscard]] const Points* points_of(StreamPlace stream, StreamPlace of) const;

  std::map<StreamId, StreamPlace> places_;
  std::map<StreamKey, StreamPlace> keys_;
  std::vector<Stream> streams_;
};

}  // namespace mpreg
