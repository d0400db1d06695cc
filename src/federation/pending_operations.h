#pragma once
// PendingOperations: operations that somebody tracks, until every target has applied them or their
// deadline has passed. An operation is a number in the origin's cache stream and, for a
// replication, one in its bulk stream; a target has confirmed it when its frontiers have passed
// both. One that waits for the near caches (level observed) is confirmed by a target that says so,
// or by the time after which no near cache serves anything older.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "message/body.h"
#include "message/cache_messages.h"

namespace mpreg {

class PendingOperations {
 public:
  struct Operation {
    OperationId id;
    Number cache_number = 0;
    Number bulk_number = 0;              // 0: no value travels.
    std::vector<std::string> missing;    // Ascending.
    std::vector<std::string> confirmed;  // In order of confirmation.
    Instant started{};
    Instant deadline{};
    Instant fence{};  // Level observed: who is missing then is fenced. Zero: another level.
    bool waits_for_fence = false;  // There may be others, of whom this broker has not heard yet.
    bool tells_each = false;       // An outcome `acknowledged` for each one that confirms.
  };
  struct Ended {
    std::uint64_t client = 0;
    OperationOutcome outcome;
  };

  explicit PendingOperations(std::size_t operations_max) : operations_max_(operations_max) {}

  void set_operations_max(std::size_t operations_max) { operations_max_ = operations_max; }
  [[nodiscard]] bool full() const { return by_number_.size() >= operations_max_; }
  [[nodiscard]] std::size_t size() const { return by_number_.size(); }

  // Cache numbers, where there are any, ascend from call to call. With nobody missing the operation
  // ends at once.
  void add(Operation operation, Instant now, std::vector<Ended>& ended);

  // A cluster has applied the origin's stream up to `number`.
  void applied(const std::string& cluster, Lane lane, Number number, Instant now,
               std::vector<Ended>& ended);

  // The near caches of a cluster have applied it up to `number`, or have stopped serving.
  void observed(const std::string& cluster, Number number, Instant now, std::vector<Ended>& ended);

  [[nodiscard]] bool awaits_observers() const { return !fences_.empty(); }

  void expire(Instant now, std::vector<Ended>& ended);
  // By hand; false when it is not pending.
  bool complete(const OperationId& id, bool success, Instant now, std::vector<Ended>& ended);

  // The numbers' epoch is over, or the broker is leaving.
  void fail_all(Instant now, std::vector<Ended>& ended);

  [[nodiscard]] std::optional<Instant> next_deadline() const;
  [[nodiscard]] std::optional<Instant> oldest() const;
  // How far a cluster has confirmed.
  [[nodiscard]] Number applied_by(const std::string& cluster, Lane lane) const;

  // Every number starts over with a new epoch: nothing of the old one will be confirmed any more.
  void forget_positions() { applied_.clear(); }

 private:
  using Key = std::pair<Number, OperationId>;  // By cache number.
  struct Positions {
    Number cache = 0;
    Number bulk = 0;
    Number observed = 0;
  };

  [[nodiscard]] bool passed(const Operation& operation, const Positions& positions) const {
    return positions.cache >= operation.cache_number && positions.bulk >= operation.bulk_number &&
           (operation.fence == Instant{} || positions.observed >= operation.cache_number);
  }
  void confirm(const std::string& cluster, const Positions& positions, Number from, Instant now,
               std::vector<Ended>& ended);
  void strike_off(const Operation& operation);
  static Ended progress(const Operation& operation, const std::string& cluster);
  static Ended end(Operation operation, Outcome outcome, Instant now);

  std::size_t operations_max_;
  static Key key_of(const Operation& operation) { return {operation.cache_number, operation.id}; }

  std::map<Key, Operation> by_number_;
  std::map<OperationId, Number> by_id_;
  std::multimap<Instant, Key> by_deadline_;
  std::map<Key, Instant> fences_;  // Ascending by both.
  std::map<std::string, Positions> applied_;
};

}  // namespace mpreg
