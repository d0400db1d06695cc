#include "node/vouch.h"

#include <algorithm>

namespace mpreg {
namespace {

// A near cache may have missed what a forgotten cluster numbered last, until its streams have ended
// here.
bool has_open_stream(const NodeState& node, const std::string& cluster) {
  const auto& ids = node.stream_ids_.by_id();
  const auto first = ids.lower_bound({cluster, {}, Lane::cache});
  return std::any_of(first, ids.end(), [&](const auto& entry) {
    const StreamState& stream = node.streams_[entry.second];
    return entry.first.origin == cluster && entry.first.lane == Lane::cache && stream.started &&
           !stream.complete();
  });
}

}  // namespace

std::uint32_t age_of(Instant now, const StreamState& stream) {
  if (stream.own) return 0;
  const Instant as_of = stream.freshness.complete_as_of();
  if (as_of == Instant{}) return kAgeUnknown;
  const auto age = std::chrono::ceil<std::chrono::milliseconds>(now - as_of).count();
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(age, 0, kAgeUnknown - 1));
}

namespace {

// `of_awaited` counts for one that has left.
std::uint32_t age_of(const NodeState& node, Instant now, const std::string& origin,
                     std::uint32_t of_awaited) {
  std::uint32_t age = kAgeUnknown;
  std::uint32_t before = 0;
  bool is_known = false;  // A stream of its present incarnation.
  const Members::Known* member = node.members_.find(origin);
  const bool has_left = node.membership_.ledger().has_left(origin);
  const auto& ids = node.stream_ids_.by_id();
  for (auto it = ids.lower_bound({origin, {}, Lane::cache});
       it != ids.end() && it->first.origin == origin; ++it) {
    const StreamState& state = node.streams_[it->second];
    if (it->first.lane != Lane::cache || !state.started) continue;
    if (member != nullptr && it->first.incarnation >= member->member.record.incarnation) {
      age = state.complete() && has_left ? 0 : age_of(now, state);
      is_known = true;
    } else if (!state.complete()) {
      before = std::max(before, age_of(now, state));
    }
  }
  // What it had numbered before it left is here, or counts above.
  if (has_left) age = std::max(is_known ? age : 0, of_awaited);
  return std::max(age, before);
}

// Of the oldest that is known of those who may have let somebody rejoin; none of them has left.
std::uint32_t age_of_awaited(const NodeState& node, Instant now) {
  std::uint32_t age = 0;
  for (const std::string& cluster : node.membership_.ledger().awaited()) {
    age = std::max(age, age_of(node, now, cluster, 0));
  }
  return age;
}

}  // namespace

std::uint32_t age_of(const NodeState& node, Instant now, const std::string& origin) {
  const bool has_left = node.membership_.ledger().has_left(origin);
  return age_of(node, now, origin, has_left ? age_of_awaited(node, now) : 0);
}

std::vector<Vouch> vouches_of(const NodeState& node, Instant now) {
  std::vector<Vouch> vouches;
  const bool may_vouch = node.membership_.may_number();
  Vouch& own = vouches.emplace_back(Vouch{node.options_.cluster, may_vouch ? 0 : kAgeUnknown});
  if (node.incarnation_.has_begun_again()) {
    own.unheard_counter = node.incarnation_.incarnation().counter;
  }
  for (const LinkTarget& target : node.membership_.unmet_targets()) {
    vouches.push_back({target.endpoint, kAgeUnknown, 0, true});
  }
  const std::uint32_t of_awaited = age_of_awaited(node, now);
  for (const auto& [cluster, known] : node.members_.all()) {
    Vouch vouch{cluster, may_vouch ? age_of(node, now, cluster, of_awaited) : kAgeUnknown};
    const Incarnation& current = known.member.record.incarnation;
    const auto stream = node.stream_ids_.find({cluster, current, Lane::cache});
    if (stream && node.streams_[*stream].has_unheard) vouch.unheard_counter = current.counter;
    vouches.push_back(std::move(vouch));
  }
  for (const auto& [cluster, standing] : node.membership_.ledger().members()) {
    const bool is_forgotten = standing.state == MemberState::forgotten;
    if (is_forgotten && has_open_stream(node, cluster)) vouches.push_back({cluster, kAgeUnknown});
  }
  return vouches;
}

bool is_behind(const Session& session) {
  const auto& unknown = session.resumed.positions();
  return session.cursors[static_cast<std::size_t>(Lane::cache)].behind ||
         std::any_of(unknown.begin(), unknown.end(), [&](const StreamPosition& position) {
           return position.stream.lane == Lane::cache &&
                  session.told_unknown.count(position.stream) == 0;
         });
}

}  // namespace mpreg
