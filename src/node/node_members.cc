// Who is a member and how it stands, over restarts; whether this broker may number cache operations
// (federation/member_protocol.h has the rules); and clusters that are gone for good.
//
// A member stays until an operator says that it is gone for good: a restart or a broken link does
// not remove it. That is a state in every file, told to whoever is joined later.
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

MemberProtocolStart membership_of(const NodeOptions& options) {
  MemberProtocolStart start;
  start.cluster = options.cluster;
  start.memory = options.memory;
  start.has_memory = options.has_memory;
  start.is_kept = options.is_memory_kept;
  for (const DialOptions& dial : options.dials) start.targets.push_back({dial.role, dial.endpoint});
  return start;
}

// A word about a member, from a neighbour. Returns false when its incarnation is forgotten.
bool Node::Impl::hear_member(Turn& turn, const Member& member) {
  const auto find = [&]() -> MemberStanding {
    const auto known = membership_.ledger().members().find(member.cluster);
    return known == membership_.ledger().members().end() ? MemberStanding{} : known->second;
  };
  const MemberStanding before = find();
  membership_.hear(member.cluster, member.record.incarnation, member.word, turn.now.instant);
  const MemberStanding after = find();
  if (after == before) return after.state != MemberState::forgotten;
  states_due_ = true;
  switch (after.state) {
    case MemberState::running:
      if (before.state == MemberState::left) {
        pending_.include(member.cluster, base_[static_cast<std::size_t>(Lane::cache)]);
      }
      break;
    case MemberState::left:
      log(turn, LogLevel::info, "cluster " + in_quotes(member.cluster) + " has left");
      end_left(turn, member);
      pending_.excuse(member.cluster, true, turn.now.instant, ended_);
      break;
    case MemberState::doubted:
      log(turn, LogLevel::warning, MemberProtocol::why_doubted(member.cluster));
      break;
    case MemberState::forgotten:
      log(turn, LogLevel::info, "cluster " + in_quotes(member.cluster) + " is forgotten");
      drop_member(turn, member.cluster);
      return false;
  }
  return true;
}

// After every word of a message, and after anything else that may end the waiting.
void Node::Impl::settle_membership(Turn& turn) {
  if (!membership_.settle()) return;
  log(turn, LogLevel::info, "rejoined: cache writes are taken from now on");
  states_due_ = true;
}

// `mpreg alone`.
Result<void> Node::Impl::stand_alone(Turn& turn) {
  if (membership_.may_number()) {
    return fail(ErrorCode::refused, "cluster " + in_quotes(options_.cluster) +
                                        " waits for nobody: it takes cache writes already");
  }
  log(turn, LogLevel::warning,
      "told to stand alone: cache writes are taken before the cluster has rejoined; caches "
      "elsewhere that rely on its having left may be stale");
  membership_.stand_alone();
  states_due_ = true;
  return {};
}

// Before anything of a client is numbered in the cache lane. What it says has changed is dropped
// here all the same.
Result<void> Node::Impl::check_may_number(const CacheAddress& address) {
  if (membership_.may_number()) return {};
  metrics_.writes_refused_waiting.add();
  reads_.void_loads(address, false);
  cache_.lose({ScopeKind::namespaces, {address.namespace_name}}, seen_.order());
  return fail(ErrorCode::disconnected, membership_.why_waiting());
}

// ---- Gone for good.

Result<void> Node::Impl::forget(Turn& turn, const std::string& cluster) {
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
  if (!membership_.forget(cluster)) {
    return fail(ErrorCode::refused, "cluster " + in_quotes(cluster) +
                                        " has only just been heard of: try again in a second");
  }
  drop_member(turn, cluster);
  settle_membership(turn);
  return {};
}

// It is forgotten, by whomever: nothing waits for it any more, and its streams are over.
void Node::Impl::drop_member(Turn& turn, const std::string& cluster) {
  const auto standing = membership_.ledger().members().find(cluster);
  if (standing == membership_.ledger().members().end()) return;
  (void)members_.forget(cluster);
  settings_.forget(cluster);
  metrics_.members.set(static_cast<std::int64_t>(members_.all().size() + 1));
  supersede(turn.now, cluster, {standing->second.incarnation.counter + 1, 0});
  pending_.excuse(cluster, false, turn.now.instant, ended_);
  states_due_ = true;
}

}  // namespace mpreg
