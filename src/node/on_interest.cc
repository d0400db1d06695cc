#include "base/text.h"
#include "node/node_impl.h"
#include "topic/topic.h"

namespace mpreg {
namespace {

// Generations ascend through all lives of a cluster: the counter is above, changes count below.
constexpr unsigned kGenerationBits = 20;
constexpr std::uint32_t kAuditsBeforeDigest = 2;  // One difference may be on its way.

}  // namespace

Generation Node::Impl::first_generation(const Incarnation& incarnation) {
  return (incarnation.counter << kGenerationBits) + 1;
}

// Cache facts go everywhere, whoever wants them.
bool Node::Impl::crosses_links(const std::string& pattern) const {
  const std::string& prefix = options_.topic_prefix;
  return !(pattern.size() > prefix.size() && pattern.starts_with(prefix) &&
           pattern[prefix.size()] == '.');
}

void Node::Impl::want(const std::string& pattern) {
  if (is_federated_ && crosses_links(pattern)) interest_.add(pattern);
}

void Node::Impl::unwant(const std::string& pattern) {
  if (is_federated_ && crosses_links(pattern)) interest_.remove(pattern);
}

// A session that comes back at once finds that nothing was left out for it meanwhile. A group has
// no member from the moment when the last one goes.
void Node::Impl::linger(Instant now, std::vector<std::string> patterns) {
  std::erase_if(patterns, [&](const std::string& pattern) {
    if (is_group_name(pattern)) unwant(pattern);
    return is_group_name(pattern);
  });
  if (is_federated_ && !patterns.empty()) {
    lingering_.push_back({now + kInterestLinger, std::move(patterns)});
  }
}

void Node::Impl::tick_interest(const Now& now) {
  while (!lingering_.empty() && lingering_.front().until <= now.instant) {
    for (const std::string& pattern : lingering_.front().patterns) unwant(pattern);
    lingering_.pop_front();
  }
  if (interest_.wants_rebuild()) rebuild_interest();
}

void Node::Impl::rebuild_interest() {
  interest_.clear();
  lingering_.clear();
  for (std::size_t topic = 0; topic < groups_.of_channel.size(); ++topic) {
    if (groups_.of_channel[topic] == GroupDesk::kNoGroup) continue;
    want(topics_.text_of(static_cast<TopicIndex>(topic)));
  }
  for (const auto& session : sessions_) {
    if (!session) continue;
    for (const auto& [pattern, uses] : session->pattern_uses) want(pattern);
    for (const WaitingSubscribe& waiting : session->subscribes) {
      for (const std::string& pattern : wanted_by(waiting.request.subscription, options_.cluster)) {
        want(pattern);
      }
    }
  }
}

Generation Node::Impl::generation_due() {
  if (!is_federated_) return 0;
  return promised(interest_.is_changed() ? generation_ + 1 : generation_);
}

// Somebody waits for the generation: it comes, even if what changed changes back before it is told.
Generation Node::Impl::promised(Generation generation) {
  promised_generation_ = std::max(promised_generation_, generation);
  return generation;
}

// From which generation on all of the patterns are asked for, without a break.
Generation Node::Impl::generation_for_patterns(const std::vector<std::string>& patterns) {
  Generation generation = 0;
  for (const std::string& pattern : patterns) {
    if (!is_federated_ || !crosses_links(pattern)) continue;
    generation = std::max(generation, std::min(interest_.told_since(pattern), generation_ + 1));
  }
  return promised(generation);
}

void Node::Impl::tell_interest(Turn& turn) {
  if (!interest_.is_changed() && promised_generation_ <= generation_) return;
  InterestSet::Change change = interest_.take_change(generation_ + 1);
  InterestUpdate update{options_.cluster, generation_ + 1, change.is_all ? 0 : generation_,
                        std::move(change.added), std::move(change.removed)};
  ++generation_;
  interests_.apply(update);
  metrics_.interest_patterns.set(static_cast<std::int64_t>(interest_.told_size()));
  spread(turn, update, kNoLink);
}

void Node::Impl::spread(Turn& turn, const InterestUpdate& update, LinkId except) {
  for (const auto& [id, link] : links_) {
    if (id == except || !link.is_known()) continue;
    metrics_.interest_updates_sent.add();
    send(turn, link.address, update);
  }
}

// Somebody knows a later generation of ours, of another life or told by mistake.
void Node::Impl::raise_generation(Generation above) {
  generation_ = std::max(generation_, above);
  InterestUpdate update{options_.cluster, ++generation_, 0, interest_.told(), {}};
  interests_.apply(update);
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
  if (update.cluster == options_.cluster) {
    if (update.generation <= generation_) return;
    raise_generation(update.generation);
    return spread(turn, interests_.tell_all(options_.cluster), kNoLink);
  }
  const Members::Known* member = members_.find(update.cluster);
  const bool is_nearer = member != nullptr && member->next_hop == link.id;
  switch (interests_.apply(update, is_nearer)) {
    case InterestTable::Verdict::accepted:
      return spread(turn, update, link.id);
    case InterestTable::Verdict::behind:
      return send(turn, link.address, interests_.digest());
    case InterestTable::Verdict::known:
      return;
  }
}

// What we know better is told; when they know something better, they are asked by a digest of ours.
void Node::Impl::on_interest_digest(Turn& turn, Link& link, const InterestDigest& digest) {
  bool is_behind = false;
  std::map<std::string, const KnownInterest*> theirs;
  for (const KnownInterest& known : digest.known) {
    theirs[known.cluster] = &known;
    if (known.cluster == options_.cluster && known.generation > generation_) {
      raise_generation(known.generation);
      spread(turn, interests_.tell_all(options_.cluster), link.id);
    }
    is_behind = is_behind || known.generation > interests_.generation_of(known.cluster);
  }
  for (const auto& [cluster, known] : interests_.all()) {
    if (known.generation == 0) continue;
    const auto their = theirs.find(cluster);
    const Members::Known* member = members_.find(cluster);
    const bool is_away =
        cluster == options_.cluster || member == nullptr || member->next_hop != link.id;
    const bool is_better = their == theirs.end() || their->second->generation < known.generation ||
                           (their->second->generation == known.generation &&
                            their->second->hash != known.hash && is_away);
    if (!is_better) continue;
    metrics_.interest_updates_sent.add();
    send(turn, link.address, interests_.tell_all(cluster));
  }
  if (is_behind) send(turn, link.address, interests_.digest());
}

void Node::Impl::audit_interest(Turn& turn, Link& link, const LinkState& state) {
  if (state.interest_hash == interests_.hash()) {
    link.audits_failed = 0;
    return;
  }
  if (++link.audits_failed < kAuditsBeforeDigest) return;
  link.audits_failed = 0;
  metrics_.interest_audits_failed.add();
  send(turn, link.address, interests_.digest());
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
