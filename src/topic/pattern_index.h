#pragma once
// PatternIndex: which ids hold a pattern that matches a topic. Patterns without wildcards are found
// by the whole topic in one look-up, the others by a walk through a trie of words. A match takes
// time by the topic's words and what matches, not by the number of patterns, and polynomial time
// whatever the patterns; memory goes back as patterns go.
//
// A resource, neither copied nor moved, and used by one thread at a time, match() included: it has
// memory of its own for the walk, so that it does not allocate.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "topic/change_ring.h"
#include "topic/holders.h"
#include "topic/id_list.h"
#include "topic/pattern_trie.h"
#include "topic/text_store.h"
#include "topic/topic_words.h"

namespace mpreg {

class PatternIndex {
 public:
  PatternIndex() : exact_(texts_), trie_(texts_), holders_(texts_) {}
  ~PatternIndex() = default;
  PatternIndex(const PatternIndex&) = delete;
  PatternIndex& operator=(const PatternIndex&) = delete;

  // Pairs are counted: one that was added twice must be removed twice. Refuses, as malformed, only
  // patterns of more than 255 bytes, so who has asked check_pattern() need not look at the result;
  // other patterns that are not admissible are matched as match.h says.
  Result<void> add(std::string_view pattern, std::uint32_t id);

  // False if the id does not hold the pattern.
  bool remove(std::string_view pattern, std::uint32_t id);

  // Replaces `ids` by the ids that hold a pattern of which matches_for_clients() is true:
  // ascending, each once. Any topic; allocates only when `ids` or the memory for the walk must
  // grow.
  void match(std::string_view topic, std::vector<std::uint32_t>& ids) const;

  // The same as an object that equal results share. `previous`, the topic's former result, is
  // returned if it is equal.
  [[nodiscard]] SharedIdList match_shared(std::string_view topic,
                                          const SharedIdList& previous) const;

  // What changed last, for caches of results.
  [[nodiscard]] const ChangeRing& changes() const { return changes_; }
  [[nodiscard]] std::uint64_t revision() const { return changes_.revision(); }

  // Different patterns.
  [[nodiscard]] std::size_t patterns() const { return patterns_; }

  // Everything allocated, without this object and without the lists that match_shared() returned.
  [[nodiscard]] std::size_t bytes() const;

 private:
  // Of match(), from call to call.
  struct Scratch {
    TopicWords words;
    std::vector<TextName> matches;
    IdList ids;
  };

  TextStore texts_;
  TextTable exact_;
  mutable PatternTrie trie_;
  Holders holders_;
  ChangeRing changes_;
  std::size_t patterns_ = 0;
  mutable Scratch scratch_;
  mutable IdListPool lists_;
};

}  // namespace mpreg
