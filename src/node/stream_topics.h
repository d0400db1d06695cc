#pragma once
// StreamTopics: what topics mean in the streams of others, and what happens when the table of
// topics is full: a batch that uses a topic without a place in it is lost here, which is nobody's
// mistake. It becomes a gap with a scope, so that everybody who may have wanted it is told, and
// nothing is fetched again.

#include <vector>

#include "exchange/topic_table.h"
#include "federation/stream_state.h"
#include "node/node_metrics.h"
#include "node/node_options.h"
#include "node/turn.h"
#include "stream/stream_table.h"

namespace mpreg {

class StreamTopics {
 public:
  // What it looks at, borrowed for its life. Topics get places.
  struct Around {
    const NodeOptions& options;
    NodeMetrics& metrics;
    TopicTable& topics;
    const StreamTable& ids;
  };
  explicit StreamTopics(Around around) : around_(around) {}
  StreamTopics(const StreamTopics&) = delete;
  StreamTopics& operator=(const StreamTopics&) = delete;

  // False: something contradicts what is known, or is no topic.
  bool declare(StreamIndex stream, const std::vector<Declaration>& declarations);
  [[nodiscard]] bool aliases_known(StreamIndex stream, const Body& body) const;
  // Some topic of the body was declared, and has no place.
  [[nodiscard]] bool lacks_room(StreamIndex stream, const Body& body) const;
  // Makes a loss of such an arrival.
  void lose_for_room(Turn& turn, StreamIndex stream, Arrival& arrival);

 private:
  [[nodiscard]] Scope scope_of(StreamIndex stream, const Arrival& arrival) const;

  Around around_;
  Instant next_warning_{};
};

}  // namespace mpreg
