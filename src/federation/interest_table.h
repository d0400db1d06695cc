#pragma once
// InterestTable: what every cluster wants of the events lane, as its broker told it. Answers which
// clusters want a topic, and audits itself by hashes.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "message/link_messages.h"
#include "topic/pattern_index.h"

namespace mpreg {

// A cluster in this process: small, dense, the id in the index; used again after a cluster is
// forgotten.
using ClusterIndex = std::uint32_t;

class InterestTable {
 public:
  struct Known {
    ClusterIndex index = 0;
    Generation generation = 0;  // 0: nothing was told.
    std::uint64_t hash = 0;     // Of the patterns, in any order.
    std::set<std::string> patterns;
  };

  enum class Verdict : std::uint8_t {
    accepted,  // It is newer than what was known: tell it on.
    known,     // Nothing new.
    behind,    // Something before it is missing: ask for all of it.
  };
  // The patterns are admissible. With `replaces`, all of it also counts when the generation is
  // known: the teller is nearer to the cluster, and the hashes differ.
  Verdict apply(const InterestUpdate& update, bool replaces = false);

  // A place for a cluster of which nothing was told.
  ClusterIndex intern(const std::string& cluster);
  [[nodiscard]] const Known* find(const std::string& cluster) const;
  [[nodiscard]] Generation generation_of(const std::string& cluster) const;
  [[nodiscard]] const std::map<std::string, Known>& all() const { return clusters_; }

  // All that is known of a cluster, to be told; of one that is known.
  [[nodiscard]] InterestUpdate tell_all(const std::string& cluster) const;
  [[nodiscard]] InterestDigest digest() const;
  [[nodiscard]] std::uint64_t hash() const { return hash_; }

  void forget(const std::string& cluster);

  // By ClusterIndex.
  [[nodiscard]] const PatternIndex& index() const { return index_; }
  // Rises with every change of a generation.
  [[nodiscard]] std::uint64_t revision() const { return revision_; }

 private:
  void add(Known& known, const std::string& pattern);
  void remove(Known& known, const std::string& pattern);
  [[nodiscard]] static std::uint64_t mixed(const std::string& cluster, const Known& known);

  std::map<std::string, Known> clusters_;
  std::vector<ClusterIndex> free_;
  ClusterIndex next_ = 0;
  PatternIndex index_;
  std::uint64_t hash_ = 0;
  std::uint64_t revision_ = 1;
};

}  // namespace mpreg
