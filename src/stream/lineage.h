#pragma once
// Lineage: what is known here of the incarnations of one cluster: which one is current, and where
// those that are over have ended. An incarnation is over when it has a successor or was forgotten;
// nothing may wait for a number of it that will never come.

#include <map>
#include <optional>
#include <string>

#include "stream/incarnation.h"

namespace mpreg {

class Lineage {
 public:
  enum class News : std::uint8_t { first, known, older, newer };

  // Somebody announced this record. The greatest incarnation is the current one, whatever the order
  // in which they are heard of.
  News meet(const IncarnationRecord& record);
  // Somebody knows this incarnation, and nothing but its name.
  void note_stray(const Incarnation& incarnation);
  // The greatest that was heard of and is not accounted for by the current record. Its broker is
  // told, because others may not have heard of it: if it is no ancestor, everybody has a gap.
  [[nodiscard]] const Incarnation& stray() const { return stray_; }
  // The incarnation and all before it are over, without a successor.
  void forget(const Incarnation& incarnation);

  // The greatest that was met, also when it was forgotten.
  [[nodiscard]] const std::optional<IncarnationRecord>& current() const { return current_; }
  [[nodiscard]] bool is_over(const Incarnation& incarnation) const;
  // The last number of one that is over; nothing when nobody knows, or it is not over.
  [[nodiscard]] std::optional<Number> final_number(const Incarnation& incarnation, Lane lane) const;
  // The same when, besides, nothing can have been numbered between it and the current one: nothing
  // of the cluster is missing to whoever holds it up to there.
  [[nodiscard]] std::optional<Number> end_before_current(const Incarnation& incarnation,
                                                         Lane lane) const;

 private:
  void learn_ends(const IncarnationRecord& record);

  std::optional<IncarnationRecord> current_;
  Incarnation forgotten_;  // Up to here.
  Incarnation stray_;
  std::map<Incarnation, LaneNumbers> ends_;  // The most recent ones that are known.
};

// By cluster.
class Lineages {
 public:
  [[nodiscard]] Lineage& of(const std::string& cluster) { return lineages_[cluster]; }
  // Null: nobody of that cluster was met.
  [[nodiscard]] const Lineage* find(const std::string& cluster) const {
    const auto it = lineages_.find(cluster);
    return it == lineages_.end() ? nullptr : &it->second;
  }

 private:
  std::map<std::string, Lineage> lineages_;
};

// What becomes of somebody who waits for a position.
enum class WaitState : std::uint8_t {
  waiting,
  reached,
  lost,  // The incarnation is over, and the number was never assigned, or nobody knows.
};
[[nodiscard]] WaitState wait_state(const Lineage& lineage, const Incarnation& incarnation,
                                   Lane lane, Number wanted, Number held);

}  // namespace mpreg
