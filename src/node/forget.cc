// A member stays until an operator says that it is gone for good: a restart or a broken link is no
// leaving. The word goes round for a minute; a cluster that is linked to anybody is a member again,
// whatever was said of it.

#include "base/text.h"
#include "node/node_impl.h"

namespace mpreg {
namespace {

constexpr std::chrono::seconds kTellForgotten{60};
constexpr std::size_t kForgottenMax = 10'000;

}  // namespace

Result<void> Node::Impl::forget(const Now& now, const std::string& cluster) {
  if (cluster == options_.cluster) {
    return fail(ErrorCode::refused, "cluster " + quoted(cluster) + " is that of this broker");
  }
  const Members::Known* known = members_.find(cluster);
  if (known == nullptr) {
    return fail(ErrorCode::refused, "cluster " + quoted(cluster) + " is not a member");
  }
  if (known->next_hop != kNoLink) {
    return fail(ErrorCode::refused, "cluster " + quoted(cluster) +
                                        " is reached, so it is not gone: stop its broker first");
  }
  forget_member(now, known->member);
  return {};
}

void Node::Impl::forget_member(const Now& now, Member member) {
  (void)members_.forget(member.cluster);
  metrics_.members.set(static_cast<std::int64_t>(members_.all().size() + 1));
  member.forgotten = true;
  member.hops = kHopsMax;
  const std::string cluster = member.cluster;
  forgotten_[cluster] = {std::move(member), now.instant};
  if (forgotten_.size() > kForgottenMax) forgotten_.erase(forgotten_.begin());
  states_due_ = true;
}

// A neighbour was told. Who still reaches the cluster knows better.
void Node::Impl::on_forgotten(Turn& turn, const Member& member) {
  if (member.cluster == options_.cluster) return;
  const auto known_already = forgotten_.find(member.cluster);
  if (known_already != forgotten_.end() && known_already->second.member.epoch >= member.epoch) {
    return;
  }
  const Members::Known* known = members_.find(member.cluster);
  if (known != nullptr && (known->next_hop != kNoLink || known->member.epoch > member.epoch)) {
    return;
  }
  log(turn, LogLevel::info, "cluster " + quoted(member.cluster) + " is forgotten");
  forget_member(turn.now, member);
}

// Whether a report is only an echo of what was forgotten. One that is reached is not.
bool Node::Impl::is_forgotten(const Member& member) {
  const auto it = forgotten_.find(member.cluster);
  if (it == forgotten_.end()) return false;
  if (member.hops >= kHopsMax && member.epoch <= it->second.member.epoch) return true;
  forgotten_.erase(it);
  return false;
}

void Node::Impl::tell_forgotten(const Now& now, LinkState& state) const {
  for (const auto& [cluster, forgotten] : forgotten_) {
    if (now.instant - forgotten.since < kTellForgotten) state.members.push_back(forgotten.member);
  }
}

}  // namespace mpreg
