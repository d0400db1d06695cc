#pragma once
// What a topic matched last, kept until a change of the index concerns it. CachedMatch lies beside
// a topic that has a slot of its own; MatchCache holds a bounded number of other topics.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "topic/flat_table.h"
#include "topic/id_list.h"
#include "topic/pattern_index.h"

namespace mpreg {

// Belongs to one topic and one index.
struct CachedMatch {
  std::uint64_t revision = 0;   // Of the index for which ids are right; 0: for none.
  std::uint64_t signature = 0;  // Of the topic, for the index's changes.
  SharedIdList ids;
};

void bring_up_to_date(CachedMatch& cached, std::string_view topic, const PatternIndex& index);

// The ids that hold a pattern that matches the topic. Topics with equal ids have one list, so that
// addresses may be compared. Valid until the index has changed and the same cached match is
// refreshed again. A hit costs one comparison; after a change, the patterns that changed are held
// against the topic, and only if one of them matches, or too many changed, is it matched anew.
[[nodiscard]] inline const IdList& refresh(CachedMatch& cached, std::string_view topic,
                                           const PatternIndex& index) {
  if (cached.revision != index.revision()) bring_up_to_date(cached, topic, index);
  return *cached.ids;
}

class MatchCache {
 public:
  // How many further calls of find() a returned list outlives the eviction of its topic.
  static constexpr std::size_t kFindsHeld = 65'536;

  explicit MatchCache(std::size_t topics_max) : topics_max_(topics_max == 0 ? 1 : topics_max) {}

  // As refresh(); always with the same index. A topic that is not there takes the place of one that
  // has not been asked for since the hand of the clock last passed. The list is valid until the
  // index changes, or for kFindsHeld further calls.
  [[nodiscard]] const IdList& find(std::string_view topic, const PatternIndex& index);

  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  [[nodiscard]] std::uint64_t evictions() const { return evictions_; }

 private:
  struct Entry {
    std::string topic;
    CachedMatch match;
    std::uint32_t hash = 0;
    bool asked_for = false;
  };
  struct Slot {
    std::uint32_t tag = 0;
    std::uint32_t entry = 0;  // Its place plus one.

    [[nodiscard]] bool empty() const { return entry == 0; }
    [[nodiscard]] std::uint32_t hash() const { return tag; }
  };

  [[nodiscard]] std::size_t vacate();

  std::size_t topics_max_;
  std::vector<Entry> entries_;
  FlatTable<Slot> slots_;
  std::size_t hand_ = 0;
  std::vector<SharedIdList> evicted_;  // A ring: the lists of the last topics that went.
  std::uint64_t evictions_ = 0;
};

}  // namespace mpreg
