#include <algorithm>

#include "node/node_impl.h"

namespace mpreg {

// Whether facts were applied that the session has not been sent, or may come from what it knows and
// this broker does not yet.
bool Node::Impl::is_behind(const Session& session) const {
  const auto& unknown = session.resumed.positions();
  return session.cursors[static_cast<std::size_t>(Lane::cache)].behind ||
         std::any_of(unknown.begin(), unknown.end(), [&](const StreamPosition& position) {
           return position.stream.lane == Lane::cache &&
                  session.told_unknown.count(position.stream) == 0;
         });
}

std::uint32_t Node::Impl::age_of(Instant now, const StreamState& stream) {
  if (stream.own) return 0;
  const Instant as_of = stream.freshness.complete_as_of();
  if (as_of == Instant{}) return kAgeUnknown;
  const auto age = std::chrono::ceil<std::chrono::milliseconds>(now - as_of).count();
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(age, 0, kAgeUnknown - 1));
}

// Of an earlier life, too, something may be missing: until all of it has come or is given up.
std::uint32_t Node::Impl::age_of(Instant now, const std::string& origin) const {
  std::uint32_t age = kAgeUnknown;
  std::uint32_t before = 0;
  const Members::Known* member = members_.find(origin);
  const StreamId first{origin, {}, Lane::cache};
  for (auto it = stream_ids_.by_id().lower_bound(first);
       it != stream_ids_.by_id().end() && it->first.origin == origin; ++it) {
    const StreamState& state = streams_[it->second];
    if (it->first.lane != Lane::cache || !state.started) continue;
    if (member != nullptr && it->first.incarnation >= member->member.record.incarnation) {
      age = age_of(now, state);
    } else if (!state.complete()) {
      before = std::max(before, age_of(now, state));
    }
  }
  return std::max(age, before);
}

}  // namespace mpreg
