#pragma once
// TopicTable: every topic that has an alias here, each in a slot of its own with the sessions that
// want it. Matching a record is an array look-up: (stream, alias) -> slot -> cached sessions. The
// broker's own streams use the slot's number as the alias. Slots are never used again while the
// process lives: so topics that travel inline have none, for whoever spells a topic with each
// message may never use it again.
//
// Cache topics have as many slots of their own: no other traffic can take the place of a namespace.

#include <array>
#include <cstdint>
#include <deque>
#include <map>
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

// Who competes for the slots.
enum class TopicUse : std::uint8_t { events, cache };

class TopicTable {
 public:
  // `topics_max`: for each use.
  explicit TopicTable(std::size_t topics_max) : topics_max_(topics_max) {}

  // The topic's slot, made if need be; nothing when those of its use are all taken. The topic is
  // admissible, and always named with the same use.
  [[nodiscard]] std::optional<TopicIndex> intern(std::string_view topic,
                                                 TopicUse use = TopicUse::events);
  // kNoTopic: it has none.
  [[nodiscard]] TopicIndex find(std::string_view topic) const;
  [[nodiscard]] TopicUse use_of(TopicIndex topic) const { return slots_[topic].use; }
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
  // A neighbour says what an alias means. `no_room`: the topic has no slot and gets none, which is
  // remembered; that is nobody's mistake.
  enum class Learned : std::uint8_t { known, contradiction, no_room };
  Learned learn(StreamIndex stream, const Declaration& declaration, TopicUse use);
  // kNoTopic: it was not declared, or there was no room.
  [[nodiscard]] TopicIndex find(StreamIndex stream, Alias alias) const {
    const TopicIndex topic = entry_of(stream, alias);
    return topic == kWithoutRoom ? kNoTopic : topic;
  }
  // Of a record of the stream; kNoTopic: see above.
  [[nodiscard]] TopicIndex topic_of(StreamIndex stream, const Body& body,
                                    const Record& record) const {
    if (record.alias != kNoAlias) return find(stream, record.alias);
    return find(body.inline_topic_of(record));
  }
  [[nodiscard]] bool has_no_room_for(StreamIndex stream, Alias alias) const {
    return entry_of(stream, alias) == kWithoutRoom;
  }
  // Every alias of the stream, for a receiver that starts in its middle.
  [[nodiscard]] std::vector<Declaration> declarations_of(StreamIndex stream) const;

 private:
  static constexpr TopicIndex kWithoutRoom = kNoTopic - 1;

  struct Slot {
    std::string text;
    TopicUse use = TopicUse::events;
    CachedMatch match;
    CachedMatch clusters;
  };

  // Of one stream. Own aliases are slots, and others number theirs alike: those of a larger table
  // than this one are kept apart, and no more of them than there are of the others.
  struct Aliases {
    std::vector<TopicIndex> dense;
    std::map<Alias, TopicIndex> beyond;
  };
  [[nodiscard]] std::size_t aliases_max() const { return 2 * topics_max_; }
  [[nodiscard]] TopicIndex entry_of(StreamIndex stream, Alias alias) const {
    if (stream >= aliases_.size() || alias == kNoAlias) return kNoTopic;
    const Aliases& aliases = aliases_[stream];
    if (alias < aliases.dense.size()) return aliases.dense[alias];
    return alias < aliases_max() ? kNoTopic : entry_beyond(aliases, alias);
  }
  [[nodiscard]] TopicIndex entry_beyond(const Aliases& aliases, Alias alias) const;

  std::size_t topics_max_;
  std::array<std::size_t, 2> used_{};  // By use.
  std::deque<Slot> slots_;             // Does not move: the keys below view its texts.
  std::unordered_map<std::string_view, TopicIndex> by_text_;
  std::vector<Aliases> aliases_;  // By stream.
};

}  // namespace mpreg
