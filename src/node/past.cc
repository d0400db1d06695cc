// What nobody has heard of: what this broker, or an earlier life of it, told before anybody was
// joined. Whoever hears of this cluster for the first time may hold what is older than that.

#include <algorithm>

#include "node/node_impl.h"

namespace mpreg {

// A client that was served by an earlier life of this broker says so when it resumes.
void Node::Impl::note_past(Turn& turn, const Hello& hello) {
  for (const StreamPosition& position : hello.positions) {
    const StreamId& id = position.stream;
    const bool is_of_facts = id.lane == Lane::cache && position.number > 0;
    if (id.origin != options_.cluster || !is_of_facts || id.incarnation >= incarnation_) continue;
    const auto index = stream_ids_.find(id);
    if (!index || !streams_[*index].started) past_ = std::max(past_, id.incarnation);
  }
  if (has_taken_base_) tell_past(turn);
}

// Unless a neighbour has said that it knew that life: then the end of its streams is told already.
// Once: it stands for whatever any life has told till now, whoever says more of them.
void Node::Impl::tell_past(Turn& turn) {
  if (past_ <= past_heard_) return;
  past_heard_ = incarnation_;
  tell_unheard(turn, kToldByEarlierLife);
}

// As a number of the own stream, which means that anything may have been told.
void Node::Impl::tell_unheard(Turn& turn, std::string_view what) {
  const StreamIndex cache = own_[static_cast<std::size_t>(Lane::cache)];
  Arrival arrival;
  arrival.after = streams_[cache].frontier;
  arrival.through = arrival.after + 1;
  arrival.gap = std::make_shared<Gap>(
      Gap{stream_ids_.id_of(cache), arrival.after, arrival.through, {}, std::string(what)});
  apply(turn, cache, std::move(arrival));
}

}  // namespace mpreg
