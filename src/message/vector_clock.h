#pragma once
// VectorClock: how many events of each node somebody knows of (Fidge and Mattern, 1988), for
// namespaces with a resolver of their own. In canonical form: sorted by node id, without zeros, so
// that equal clocks are equal values. A clock grows with the nodes that write, not with time; the
// order of streams needs none (see Frontier).
//
// The law of use: a node increments its own entry at an event of its own; sending copies the clock;
// receiving merges and does not increment.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace mpreg {

class VectorClock {
 public:
  using Entry = std::pair<std::string, std::uint64_t>;  // (node id, events)

  static constexpr std::size_t kNodesMax = 4096;
  static constexpr std::size_t kNodeIdBytesMax = 255;

  // Exactly one holds between any two clocks.
  enum class Relation : std::uint8_t { equal = 0, before = 1, after = 2, concurrent = 3 };

  VectorClock() = default;

  // Entries in any order; zeros are dropped. Refused: an empty or long node id, the same node twice
  // (even with the same number), more than kNodesMax nodes.
  [[nodiscard]] static Result<VectorClock> from_entries(std::vector<Entry> entries);

  // One more event of the node. Refused, with nothing changed: an empty or long node id, a number
  // that would not fit 64 bits, a node beyond kNodesMax.
  [[nodiscard]] Result<void> increment(std::string_view node);

  // The least clock that knows what both know. Refused, with nothing changed, beyond kNodesMax.
  [[nodiscard]] Result<void> merge(const VectorClock& other);

  [[nodiscard]] Relation relation(const VectorClock& other) const;
  [[nodiscard]] bool happens_before(const VectorClock& other) const {
    return relation(other) == Relation::before;
  }
  [[nodiscard]] bool happens_after(const VectorClock& other) const {
    return relation(other) == Relation::after;
  }
  [[nodiscard]] bool concurrent(const VectorClock& other) const {
    return relation(other) == Relation::concurrent;
  }

  // 0 for a node that it does not know.
  [[nodiscard]] std::uint64_t at(std::string_view node) const;
  [[nodiscard]] std::uint64_t max() const;  // 0 when empty.
  // Refused when the sum does not fit 64 bits.
  [[nodiscard]] Result<std::uint64_t> total() const;
  [[nodiscard]] std::size_t nodes() const { return entries_.size(); }
  [[nodiscard]] bool empty() const { return entries_.empty(); }
  [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }

  friend bool operator==(const VectorClock&, const VectorClock&) = default;

 private:
  std::vector<Entry> entries_;  // Ascending by node id (bytes), each number above 0.
};

[[nodiscard]] std::string_view name_of(VectorClock::Relation relation);

}  // namespace mpreg
