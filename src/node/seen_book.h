#pragma once
// SeenBook: which of two writes counts, as far as a broker decides it: how far each cache stream is
// applied here, what our own stream says of that with what it numbers, what others say of theirs,
// and whether a client may still have its value used. Private state, no I/O; the store does the
// rest (store/cache_store_judge.cc). Decision 0014 says why.

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/time.h"
#include "message/body.h"
#include "message/pubsub_messages.h"
#include "store/replica_store.h"
#include "stream/seen_table.h"
#include "stream/stream_table.h"

namespace mpreg {

class SeenBook {
 public:
  explicit SeenBook(std::string cluster) : cluster_(std::move(cluster)) {}

  // ---- Applications: what of the cache lane was applied here, in order, from 2. A client that was
  // told the number knows of it; whatever else makes its knowledge incomplete counts as one, too.
  [[nodiscard]] std::uint64_t applied() const { return applied_; }
  std::uint64_t next_application() { return ++applied_; }
  // After everything that has been applied.
  [[nodiscard]] HybridTime order() const { return apply_order(applied_); }

  // ---- Streams of the cache lane.
  [[nodiscard]] SeenTable& table() { return table_; }
  StreamPlace place_of(StreamIndex stream, const StreamId& id);
  // This broker numbers in another incarnation from here on, and says all that it has seen with the
  // first body of it.
  void begin(StreamIndex own);
  // It is applied up to there. kNumberMax: it is over.
  void move(StreamPlace place, Number number);
  // It is over, and how it ends is not known yet.
  void await_end(StreamPlace place);
  // Its origin has begun another incarnation, and everything of this one has been applied, or is
  // known to be lost. Before that nobody is told here that a later one is known: whoever knows a
  // later one has seen all that was numbered before it.
  void complete(StreamPlace place);
  [[nodiscard]] bool has_others() const { return others_ > 0; }
  // How far everything that is not over is applied.
  [[nodiscard]] std::vector<Position> positions() const;

  // ---- What travels.
  using SharedSeen = std::shared_ptr<const std::vector<SeenPosition>>;
  // What has changed since this was asked for last, or all of it.
  [[nodiscard]] SharedSeen take(Instant now);
  // The origin of the stream had applied this when it gave the number. True: it has seen the end of
  // a stream that is not known here. From now on that is said here, too; so what is held here, and
  // what clients were told so far, counts as older.
  bool note(Position from, const SharedSeen& seen);

  // ---- Facts.
  // Whether nobody else has changed the key since the client was told of changes.
  [[nodiscard]] bool may_use_value(const ReplicaStore& store, const Body& body, std::uint32_t index,
                                   const CacheAddress& address) const;
  struct Fact {
    const Body& body;
    const Record& record;
    StreamPlace place = kNoPlace;
    std::uint64_t applied = 0;
    bool is_about_key = false;
  };
  [[nodiscard]] Placed place(ReplicaStore& store, const Fact& fact,
                             const CacheAddress& address) const;

 private:
  // So often our own stream says all that it has seen, instead of what has changed: whoever has
  // missed some of it, or began to listen later, knows it from then on.
  static constexpr std::chrono::milliseconds kWholeEvery{1000};

  struct Stream {
    bool is_started = false;
    bool is_own = false;
    bool is_complete = false;
    bool is_held_back = false;  // An earlier one of its cluster is not complete.
    bool has_moved = false;     // Since it was told.
    Number number = 0;
  };

  void hold_back();

  static constexpr std::size_t kOverElsewhereMax = 1024;

  const std::string cluster_;
  std::uint64_t applied_ = 1;
  SeenTable table_;
  std::vector<StreamPlace> places_;  // By StreamIndex; may be short.
  std::vector<Stream> streams_;      // By place.
  std::vector<StreamPlace> moved_;
  std::set<StreamKey> over_elsewhere_;  // Streams that are not known here.
  std::size_t others_ = 0;              // Started streams of others.
  Instant whole_due_{};
};

}  // namespace mpreg
