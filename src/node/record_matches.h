#pragma once
// RecordMatches: who wants the records of a body: the sessions of this broker, or the clusters. A
// record of a topic that has a slot costs an array look-up; one of another topic is matched.

#include <deque>

#include "exchange/topic_table.h"

namespace mpreg {

class RecordMatches {
 public:
  enum class Of : std::uint8_t { sessions, clusters };

  // Both are borrowed. `index` holds the patterns of those that it is about.
  RecordMatches(Of whom, TopicTable& topics, const PatternIndex& index)
      : whom_(whom), topics_(topics), index_(index) {}

  void begin_body() { others_.clear(); }
  // Ascending. Valid until the next body, while no pattern comes or goes.
  [[nodiscard]] const IdList& wanting(StreamIndex stream, const Body& body, const Record& record) {
    const TopicIndex topic = topics_.topic_of(stream, body, record);
    if (topic == kNoTopic) {
      others_.emplace_back();
      return refresh(others_.back(), body.inline_topic_of(record), index_);
    }
    return whom_ == Of::sessions ? topics_.sessions_for(topic, index_)
                                 : topics_.clusters_for(topic, index_);
  }

 private:
  Of whom_;
  TopicTable& topics_;
  const PatternIndex& index_;
  std::deque<CachedMatch> others_;  // Of topics that have no slot.
};

}  // namespace mpreg
