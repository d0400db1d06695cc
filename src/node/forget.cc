// A member stays until an operator says that it is gone for good: a restart or a broken link does
// not remove it. The word goes round for a minute, and to whoever is joined later.
//
// What was forgotten is one incarnation, and it is over for everybody: its streams end with a gap,
// since nobody knows what it numbered last. A broker that was not gone after all, only out of
// reach, hears of it as soon as it is back and begins a new incarnation, in which it is a member
// again. Until then nothing of it is applied anywhere, so nobody who has closed its streams can
// miss what it says.

#include <algorithm>

#include "base/text.h"
#include "node/node_impl.h"

namespace mpreg {
namespace {

constexpr std::chrono::seconds kTellForgotten{60};
constexpr std::size_t kForgottenMax = 10'000;

}  // namespace

Result<void> Node::Impl::forget(const Now& now, const std::string& cluster) {
  if (cluster == options_.cluster) {
    return fail(ErrorCode::refused, "cluster " + in_quotes(cluster) + " is that of this broker");
  }
  const Members::Known* known = members_.find(cluster);
  if (known == nullptr) {
    return fail(ErrorCode::refused, "cluster " + in_quotes(cluster) + " is not a member");
  }
  if (known->next_hop != kNoLink) {
    return fail(ErrorCode::refused, "cluster " + in_quotes(cluster) +
                                        " is reached, so it is not gone: stop its broker first");
  }
  forget_member(now, known->member);
  return {};
}

void Node::Impl::forget_member(const Now& now, Member member) {
  (void)members_.forget(member.cluster);
  settings_.forget(member.cluster);
  metrics_.members.set(static_cast<std::int64_t>(members_.all().size() + 1));
  lineages_.of(member.cluster).forget(member.record.incarnation);
  supersede(now, member.cluster, {member.record.incarnation.counter + 1, 0});
  member.forgotten = true;
  member.hops = kHopsMax;
  const std::string cluster = member.cluster;
  forgotten_[cluster] = {std::move(member), now.instant};
  if (forgotten_.size() > kForgottenMax) forgotten_.erase(forgotten_.begin());
  states_due_ = true;
}

// A neighbour was told, or knows it since. Of a later incarnation that is a member it says nothing.
void Node::Impl::on_forgotten(Turn& turn, const Member& member) {
  if (member.cluster == options_.cluster) {
    if (member.record.incarnation >= incarnation_.incarnation()) {
      begin_incarnation(turn, member.record.incarnation, Renewal::forgotten);
    }
    return;
  }
  const auto known_already = forgotten_.find(member.cluster);
  if (known_already != forgotten_.end() &&
      known_already->second.member.record.incarnation >= member.record.incarnation) {
    return;
  }
  const Members::Known* known = members_.find(member.cluster);
  if (known != nullptr && known->member.record.incarnation > member.record.incarnation) return;
  log(turn, LogLevel::info, "cluster " + in_quotes(member.cluster) + " is forgotten");
  forget_member(turn.now, member);
}

// Whether a report is of the incarnation that was forgotten, or of an earlier one.
bool Node::Impl::is_forgotten(const Member& member) {
  const auto it = forgotten_.find(member.cluster);
  if (it == forgotten_.end()) return false;
  if (member.record.incarnation <= it->second.member.record.incarnation) return true;
  forgotten_.erase(it);
  return false;
}

void Node::Impl::tell_forgotten(const Now& now, const Link& link, LinkState& state) const {
  for (const auto& [cluster, forgotten] : forgotten_) {
    if (now.instant - std::max(forgotten.since, link.connected) < kTellForgotten) {
      state.members.push_back(forgotten.member);
    }
  }
}

// Its near caches may have missed what it numbered last, until its streams have ended here.
void Node::Impl::vouch_for_forgotten(std::vector<Vouch>& vouches) const {
  for (const auto& [cluster, forgotten] : forgotten_) {
    const auto first = stream_ids_.by_id().lower_bound({cluster, {}, Lane::cache});
    const bool is_open =
        std::any_of(first, stream_ids_.by_id().end(), [&, name = &cluster](const auto& entry) {
          const StreamState& stream = streams_[entry.second];
          return entry.first.origin == *name && entry.first.lane == Lane::cache && stream.started &&
                 !stream.complete();
        });
    if (is_open) vouches.push_back({cluster, kAgeUnknown});
  }
}

}  // namespace mpreg
