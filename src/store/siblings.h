#pragma once
// Siblings: all that a store knows of one key that several clusters write: the writes that nobody
// is known to have seen, and a clock of all that went into them (dotted version vectors: Preguica,
// Baquero, Almeida, Fonte and Goncalves, "Dotted Version Vectors: Logical Clocks for Optimistic
// Replication", 2010, with hybrid times as numbers). A cluster writes one after the other: its
// later write has seen its earlier ones. So there is at most one sibling of a cluster.
//
// join() is commutative, associative and idempotent, and add() of the same writes gives the same
// siblings in any order that keeps those of one cluster in theirs.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "message/resolver.h"
#include "message/vector_clock.h"

namespace mpreg {

class Siblings {
 public:
  // A write that had seen `seen`. False: it was known, or something that has seen it is. Where
  // writes are merged nothing is superseded, so `seen` says nothing.
  bool add(Sibling write, const VectorClock& seen, const Resolver& resolver);
  // What another store knows. True: something is new here.
  bool join(const Siblings& other, const Resolver& resolver);

  [[nodiscard]] const std::vector<Sibling>& all() const { return all_; }  // Ascending by cluster.
  [[nodiscard]] const VectorClock& clock() const { return clock_; }
  // The latest write of all that went in, and its cluster.
  [[nodiscard]] std::pair<HybridTime, std::string> latest() const;
  [[nodiscard]] bool is_erased() const;  // Every sibling is.
  [[nodiscard]] std::size_t bytes() const;

  // Equal siblings are equal bytes.
  [[nodiscard]] std::string encode() const;
  [[nodiscard]] static std::optional<Siblings> decode(std::string_view bytes);

  friend bool operator==(const Siblings&, const Siblings&) = default;

 private:
  void note(const std::string& cluster, HybridTime time);

  std::vector<Sibling> all_;
  VectorClock clock_;
};

}  // namespace mpreg
