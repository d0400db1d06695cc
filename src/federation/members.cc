#include "federation/members.h"

#include <algorithm>

namespace mpreg {

bool Members::report(const Member& member, LinkId link, Instant now) {
  const Instant heard = now - std::chrono::milliseconds(member.age_ms);
  const auto [it, added] = members_.try_emplace(member.cluster);
  Known& known = it->second;
  const bool is_way = member.hops < kHopsMax;
  if (added) {
    known = Known{member, is_way ? link : kNoLink, heard, is_way};
    return true;
  }
  // Word of an earlier life vouches for nothing: its process may go on beside the one that counts.
  if (member.record.incarnation < known.member.record.incarnation) return false;
  bool changed = false;
  const bool is_same = member.record.incarnation == known.member.record.incarnation;
  const bool is_more = known.member.is_remembered && !member.is_remembered;
  if (!is_same || is_more) {
    known.member.record = member.record;
    known.member.is_remembered = member.is_remembered;
    known.member.region = member.region;
    known.member.settings = member.settings;
    changed = true;
  }
  if (!is_same) {
    known.member.word = member.word;
    known.is_met = false;
    known.next_hop = kNoLink;  // The way that was known leads to an earlier life.
  }
  changed = known.member.word.merge(member.word) || changed;
  if (!is_way) {
    if (known.next_hop != link) return changed;
    known.next_hop = kNoLink;
    return true;
  }
  if (known.next_hop == kNoLink || known.next_hop == link || member.hops < known.member.hops) {
    changed = changed || known.next_hop != link || known.member.hops != member.hops;
    known.next_hop = link;
    known.member.hops = member.hops;
  }
  known.last_heard = std::max(known.last_heard, heard);
  known.is_met = true;
  return changed;
}

void Members::lose_link(LinkId link) {
  for (auto& [cluster, known] : members_) {
    if (known.next_hop == link) known.next_hop = kNoLink;
  }
}

const Members::Known* Members::find(const std::string& cluster) const {
  const auto it = members_.find(cluster);
  return it == members_.end() ? nullptr : &it->second;
}

void Members::remember(const std::string& cluster, const MemberStanding& standing) {
  Known known;
  known.member.cluster = cluster;
  known.member.record = record_without_past(standing.incarnation);
  known.member.is_remembered = true;
  known.member.word.state = standing.state;
  known.member.word.has_memory = standing.has_memory;
  known.member.word.last_fact = standing.last_fact;
  known.member.hops = kHopsMax;
  members_.try_emplace(cluster, std::move(known));
}

std::uint32_t Members::age_ms(const Known& known, Instant now) {
  if (!known.is_met) return kAgeUnknown;
  const auto age = std::chrono::duration_cast<std::chrono::milliseconds>(now - known.last_heard);
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(age.count(), 0, 0xFFFFFFFF));
}

}  // namespace mpreg
