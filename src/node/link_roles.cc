#include "base/text.h"
#include "node/node_impl.h"

namespace mpreg {

// A peer stands in the same region, a gateway in another. A hub may stand anywhere.
std::optional<Refused> Node::Impl::check_role(const LinkHello& hello) const {
  const bool is_same_region = hello.region == options_.region;
  const std::string regions = in_quotes(hello.cluster) + " is in region " +
                              in_quotes(hello.region) + " and " + in_quotes(options_.cluster) +
                              " in " + in_quotes(options_.region);
  if (hello.role == LinkRole::peer && !is_same_region) {
    return Refused{ErrorCode::refused,
                   "a peer must be in the same region: " + regions + " (dial it as a gateway)", 0};
  }
  if (hello.role == LinkRole::gateway && is_same_region) {
    return Refused{
        ErrorCode::refused,
        "a gateway must be in another region: " + regions + " (dial it as a peer or a hub)", 0};
  }
  return std::nullopt;
}

// What a broker owes to whom: to its spokes everything; to its hub and its peers what is its own
// and its spokes'; to a gateway its region; and to its own region what comes by a gateway. The rest
// it passes on where nobody else does.
Standing Node::Impl::standing_towards(const Link& link, StreamIndex stream) const {
  using Relation = Link::Relation;
  const StreamState& state = streams_[stream];
  if (state.own || state.complete()) return Standing::usual;
  const auto source = links_.find(state.upstream);
  if (source == links_.end() || state.superseded != Instant{}) return Standing::cut_off;
  if (state.standing != Standing::usual) return state.standing;
  const Relation to = link.relation();
  if (to == Relation::spoke) return Standing::usual;
  if (to == Relation::gateway) {
    const Members::Known* origin = members_.find(stream_ids_.id_of(stream).origin);
    const bool is_of_region = origin != nullptr && origin->member.region == options_.region;
    return is_of_region ? Standing::usual : Standing::relayed;
  }
  const Relation from = source->second.relation();
  const bool is_owed = from == Relation::spoke || from == Relation::gateway;
  return is_owed ? Standing::usual : Standing::relayed;
}

void Node::Impl::note_late_links(Turn& turn) {
  bool is_changed = false;
  for (auto& [id, link] : links_) {
    const bool is_late = link.is_joined() && turn.now.instant - link.last_heard > kPeerLate;
    if (is_late == link.is_late) continue;
    link.is_late = is_late;
    is_changed = true;
    if (is_late) metrics_.links_late.add();
  }
  if (!is_changed) return;
  states_due_ = true;  // What is offered, and on which of two links, may be another now.
  choose_upstreams(turn);
}

}  // namespace mpreg
