#pragma once
// TopicTable: every topic that has an alias here, each in a slot of its own with the sessions that
// want it. Matching a record is an array look-up: (stream, alias) -> slot -> cached sessions. The
// broker's own streams use the slot's number as the alias. Slots are never used again while the
// process lives.

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "message/body.h"
#include "stream/stream_table.h"
#include "topic/match_cache.h"
#include "topic/pattern_index.h"

namespace mpreg {

using TopicIndex = std::uint32_t;
inline constexpr TopicIndex kNoTopic = 0xFFFFFFFFU;

class TopicTable {
 public:
  explicit TopicTable(std::size_t topics_max) : topics_max_(topics_max) {}

  // The topic's slot, made if need be; nothing when the table is full. The topic is admissible.
  [[nodiscard]] std::optional<TopicIndex> intern(std::string_view topic);
  [[nodiscard]] const std::string& text_of(TopicIndex topic) const { return slots_[topic].text; }
  [[nodiscard]] std::size_t size() const { return slots_.size(); }

  // The sessions that want the topic, ascending; shared by all topics that the same sessions want.
  [[nodiscard]] const IdList& sessions_for(TopicIndex topic, const PatternIndex& patterns) {
    return refresh(slots_[topic].match, slots_[topic].text, patterns);
  }

  // The same for clusters, by an index of theirs.
  [[nodiscard]] const IdList& clusters_for(TopicIndex topic, const PatternIndex& interests) {
    return refresh(slots_[topic].clusters, slots_[topic].text, interests);
  }

  // Aliases of one stream. Declaring an alias again with another topic is refused: false.
  bool declare(StreamIndex stream, Alias alias, TopicIndex topic);
  [[nodiscard]] TopicIndex find(StreamIndex stream, Alias alias) const {
    if (stream >= aliases_.size() || alias >= aliases_[stream].size()) return kNoTopic;
    return aliases_[stream][alias];
  }
  // Every alias of the stream, for a receiver that starts in its middle.
  [[nodiscard]] std::vector<Declaration> declarations_of(StreamIndex stream) const;

 private:
  struct Slot {
    std::string text;
    CachedMatch match;
    CachedMatch clusters;
  };

  std::size_t topics_max_;
  std::deque<Slot> slots_;  // Does not move: the keys below view its texts.
  std::unordered_map<std::string_view, TopicIndex> by_text_;
  std::vector<std::vector<TopicIndex>> aliases_;
};

}  // namespace mpreg
