#pragma once
// PendingOperations: operations that somebody tracks, until every target has applied them or their
// deadline has passed. An operation is a number in the origin's cache stream and, for a
// replication, one in its bulk stream; a target has confirmed it when its frontiers have passed
// both. One that waits for the near caches (level observed) is confirmed by a target that says so,
// or by the time after which no near cache serves anything older.
//
// A target may also say that it has passed a number and does not hold what it brought: then the
// operation ends as failed, as soon as nobody is missing any more.
//
// Made for thousands at a time, which mostly have the same targets and end by the same report. How
// far an operation has come is a value that it shares with all that have come as far; what a report
// makes of it is worked out once for all of them. Nothing is allocated for an operation beyond its
// place in a queue.

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "message/body.h"
#include "message/cache_messages.h"
#include "message/link_messages.h"

namespace mpreg {

class PendingOperations {
 public:
  struct Progress {
    std::vector<std::string> confirmed;  // In order of confirmation.
    std::vector<std::string> missing;    // Ascending.
    std::vector<std::string> fenced;     // Of confirmed, those that did not say so.
    std::vector<FailedAt> failed =
        {};  // Passed it and do not hold it, in the order of the reports.
  };
  using SharedProgress = std::shared_ptr<const Progress>;

  struct Operation {
    OperationId id;
    Number cache_number = 0;  // 0: a value that is tracked by itself, later than its fact.
    Number bulk_number = 0;   // 0: no value travels.
    SharedProgress progress;
    Instant started{};
    Instant deadline{};
    Instant fence{};  // Level observed: who is missing then is fenced. Zero: another level.
    bool waits_for_fence = false;  // There may be others, of whom this broker has not heard yet.
    bool is_to_all = false;        // Whoever was a member when it was numbered.
    bool tells_each = false;       // An outcome `acknowledged` for each one that confirms.
  };
  struct Ended {
    OperationId id;
    Outcome outcome = Outcome::confirmed;
    SharedProgress progress;  // Of `acknowledged`: only who has confirmed now.
    std::uint32_t latency_us = 0;
  };

  explicit PendingOperations(std::size_t operations_max) : operations_max_(operations_max) {}

  void set_operations_max(std::size_t operations_max) { operations_max_ = operations_max; }
  [[nodiscard]] bool full() const { return size() >= operations_max_; }
  [[nodiscard]] std::size_t size() const { return facts_.size() + values_.size(); }

  // Nobody of these has confirmed anything. The same object as before where they are the same.
  [[nodiscard]] SharedProgress awaiting(std::vector<std::string> missing);

  // Cache numbers, and the bulk numbers of values, ascend from call to call. With nobody missing
  // the operation ends at once.
  void add(Operation operation, Instant now, std::vector<Ended>& ended);

  // A cluster has applied the origin's stream up to `number`.
  void applied(const std::string& cluster, Lane lane, Number number, Instant now,
               std::vector<Ended>& ended);

  // A cluster does not hold what these numbers brought. Told before it is said to have applied
  // them; telling it again changes nothing. An invalidation that was lost or unreadable was applied
  // all the same: everything that it may have been about was dropped.
  void failed(const std::string& cluster, Lane lane, const NotApplied& range, Instant now,
              std::vector<Ended>& ended);

  // A member has left, or is gone for good: operations for all members do not wait for it any more.
  // Those that wait for near caches do until their fence, if `may_serve`: some of its may go on for
  // as long as their leases last.
  void excuse(const std::string& cluster, bool may_serve, Instant now, std::vector<Ended>& ended);

  // One that had left has rejoined: its near caches serve again, and those who wait for all near
  // caches wait for them. Whoever let it in has said so before it confirms anything itself. What
  // was numbered up to `base` is for nobody who has joined since.
  void include(const std::string& cluster, Number base);

  // The near caches of a cluster have applied it up to `number`, or have stopped serving.
  void observed(const std::string& cluster, Number number, Instant now, std::vector<Ended>& ended);

  [[nodiscard]] bool awaits_observers() const { return fences_ > 0; }

  void expire(Instant now, std::vector<Ended>& ended);
  // By hand; false when it is not pending. Looks through them all, oldest first.
  bool complete(const OperationId& id, bool success, Instant now, std::vector<Ended>& ended);

  // The numbers' incarnation is over, or the broker is leaving.
  void fail_all(Instant now, std::vector<Ended>& ended);

  // No deadline or fence is before this.
  [[nodiscard]] std::optional<Instant> next_deadline() const;
  [[nodiscard]] std::optional<Instant> oldest() const;
  // How far a cluster has confirmed.
  [[nodiscard]] Number applied_by(const std::string& cluster, Lane lane) const;

  // Every number starts over with a new incarnation: nothing of the old one will be confirmed any
  // more.
  void forget_positions() { applied_.clear(); }

 private:
  struct Positions {
    Number cache = 0;
    Number bulk = 0;
    Number observed = 0;
  };

  // Operations in the order of their numbers. One that has ended keeps its place, without progress,
  // until those before it have ended too, or until most places are of such.
  class Queue {
   public:
    [[nodiscard]] std::size_t size() const { return places_.size() - ended_; }
    void add(Number number, Operation operation);
    // The progress of one was moved away: it has ended.
    void note_ended() { ++ended_; }
    // Not while the queue is being gone through.
    void tidy();
    // Gives visit(number, operation) the open ones from a number on, until it returns false.
    template <typename Visit>
    void visit_from(Number from, Visit visit);
    [[nodiscard]] std::optional<Instant> oldest() const;

   private:
    struct Place {
      Number number = 0;
      Operation operation;
    };
    std::deque<Place> places_;
    std::size_t ended_ = 0;
  };

  [[nodiscard]] Queue& queue_of(const Operation& operation) {
    return operation.cache_number == 0 ? values_ : facts_;
  }
  [[nodiscard]] static Number number_of(const Operation& operation) {
    return operation.cache_number == 0 ? operation.bulk_number : operation.cache_number;
  }
  [[nodiscard]] static bool passed(const Operation& operation, const Positions& positions) {
    return positions.cache >= operation.cache_number && positions.bulk >= operation.bulk_number &&
           (operation.fence == Instant{} || positions.observed >= operation.cache_number);
  }
  void confirm(Queue& queue, const std::string& cluster, const Positions& positions, Number from,
               Instant now, std::vector<Ended>& ended);
  [[nodiscard]] static Outcome outcome_of(const Operation& operation) {
    return operation.progress->failed.empty() ? Outcome::confirmed : Outcome::failed;
  }
  static void end(Operation& operation, Outcome outcome, Instant now, std::vector<Ended>& ended);
  void take_off(Operation& operation, Outcome outcome, Instant now, std::vector<Ended>& ended);
  template <typename Visit>
  void visit_all(Visit visit);
  void tidy();

  std::size_t operations_max_;
  Queue facts_;                       // By number in the cache stream.
  Queue values_;                      // Tracked by themselves: by number in the bulk stream.
  std::size_t fences_ = 0;            // Operations that have one.
  Instant look_at_ = Instant::max();  // No deadline or fence is before this.
  std::map<std::string, Positions> applied_;
  SharedProgress last_awaited_;
};

}  // namespace mpreg
