// What this cluster wants of the events lane, between its sessions and its neighbours: the rules
// are in event_interest.h.

#include "base/text.h"
#include "node/node_impl.h"
#include "topic/topic.h"

namespace mpreg {
namespace {

constexpr std::uint32_t kAuditsBeforeDigest = 2;  // One difference may be on its way.

}  // namespace

void Node::Impl::tick_interest(const Now& now) {
  interest_.tick(now.instant);
  if (interest_.wants_replacing()) rebuild_interest();
}

void Node::Impl::rebuild_interest() {
  std::vector<std::string> held = groups_.expected();
  for (const auto& session : sessions_) {
    if (!session) continue;
    for (const auto& [pattern, uses] : session->pattern_uses) held.push_back(pattern);
    for (const WaitingSubscribe& waiting : session->subscribes) {
      for (std::string& pattern : wanted_by(waiting.request.subscription, options_.cluster)) {
        held.push_back(std::move(pattern));
      }
    }
  }
  interest_.replace(held);
}

void Node::Impl::tell_interest(Turn& turn) {
  if (const auto update = interest_.take_update()) spread(turn, *update, kNoLink);
}

void Node::Impl::spread(Turn& turn, const InterestUpdate& update, LinkId except) {
  for (const auto& [id, link] : links_) {
    if (id == except || !link.is_known()) continue;
    metrics_.interest_updates_sent.add();
    send(turn, link.address, update);
  }
}

void Node::Impl::on_interest_update(Turn& turn, Link& link, const InterestUpdate& update) {
  for (const auto* patterns : {&update.added, &update.removed}) {
    for (const std::string& pattern : *patterns) {
      if (check_pattern(pattern)) continue;
      metrics_.interest_refused.add();
      return log(turn, LogLevel::error,
                 link.peer.cluster + " says that " + in_quotes(update.cluster) + " wants " +
                     in_quotes(pattern) + ", which is no pattern: ignored");
    }
  }
  const Members::Known* member = members_.find(update.cluster);
  switch (interest_.hear(update, member != nullptr && member->next_hop == link.id)) {
    case EventInterest::Heard::news:
      return spread(turn, update, link.id);
    case EventInterest::Heard::behind:
      return send(turn, link.address, interest_.table().digest());
    case EventInterest::Heard::ours_is_late:
      return spread(turn, interest_.all_of_ours(), kNoLink);
    case EventInterest::Heard::known:
      return;
  }
}

// What we know better is told; when they know something better, they are asked by a digest of ours.
void Node::Impl::on_interest_digest(Turn& turn, Link& link, const InterestDigest& digest) {
  if (interest_.catch_up(digest)) spread(turn, interest_.all_of_ours(), link.id);
  const auto is_towards = [&](const std::string& cluster) {
    const Members::Known* member = members_.find(cluster);
    return member != nullptr && member->next_hop == link.id;
  };
  for (const InterestUpdate& update : interest_.better_than(digest, is_towards)) {
    metrics_.interest_updates_sent.add();
    send(turn, link.address, update);
  }
  if (interest_.is_behind(digest)) send(turn, link.address, interest_.table().digest());
}

void Node::Impl::audit_interest(Turn& turn, Link& link, const LinkState& state) {
  if (state.interest_hash == interest_.table().hash()) {
    link.audits_failed = 0;
    return;
  }
  if (++link.audits_failed < kAuditsBeforeDigest) return;
  link.audits_failed = 0;
  metrics_.interest_audits_failed.add();
  send(turn, link.address, interest_.table().digest());
}

// Of a stream that can be reached: the rest is asked for again when it comes.
bool Node::Impl::is_interest_known_to(StreamIndex stream, Generation generation) const {
  const StreamState& state = streams_[stream];
  if (stream_ids_.id_of(stream).lane != Lane::events || state.own) return true;
  if (!state.started || state.complete() || state.upstream == kNoLink) return true;
  if (state.standing == Standing::cut_off) return true;
  const auto known = generation_for(state.complete_for, options_.cluster);
  return known && *known >= generation;
}

// Everybody from whom events can come filters them with this generation, or a later one.
bool Node::Impl::is_interest_known(Generation generation) const {
  if (generation == 0) return true;
  for (StreamIndex stream = 0; stream < streams_.size(); ++stream) {
    if (!is_interest_known_to(stream, generation)) return false;
  }
  return true;
}

// From here on. What comes with an earlier generation is asked for again.
void Node::Impl::require_complete(Generation generation) {
  for (const auto& [id, index] : stream_ids_.by_id()) {
    StreamState& state = streams_[index];
    if (id.lane == Lane::events && !state.own) {
      state.required = std::max(state.required, generation);
    }
  }
}

}  // namespace mpreg
