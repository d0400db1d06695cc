#include "exchange/group_table.h"

#include <algorithm>

namespace mpreg {

std::optional<GroupTable::GroupIndex> GroupTable::intern(std::string_view group) {
  if (const auto known = find(group)) return known;
  if (full()) return std::nullopt;
  const auto index = static_cast<GroupIndex>(names_.size());
  names_.emplace_back(group);
  turns_.push_back(0);
  by_name_.emplace(group, index);
  return index;
}

std::optional<GroupTable::GroupIndex> GroupTable::find(std::string_view group) const {
  const auto it = by_name_.find(group);
  if (it == by_name_.end()) return std::nullopt;
  return it->second;
}

GroupTable::TargetId GroupTable::place(Target target) {
  TargetId id = static_cast<TargetId>(targets_.size());
  if (free_.empty()) {
    targets_.emplace_back();
  } else {
    id = free_.back();
    free_.pop_back();
  }
  targets_[id] = std::move(target);
  return id;
}

void GroupTable::vacate(TargetId id) {
  targets_[id] = Target{};
  free_.push_back(id);
}

void GroupTable::add(GroupIndex group, std::uint32_t slot, std::uint32_t subscription,
                     const std::vector<std::string>& patterns) {
  remove(slot, subscription);
  const TargetId id = place({group, {}, slot, subscription});
  for (const std::string& pattern : patterns) (void)index_.add(pattern, id);
  members_[{slot, subscription}] = {id, patterns};
}

void GroupTable::remove(std::uint32_t slot, std::uint32_t subscription) {
  const auto it = members_.find({slot, subscription});
  if (it == members_.end()) return;
  for (const std::string& pattern : it->second.patterns) index_.remove(pattern, it->second.id);
  vacate(it->second.id);
  members_.erase(it);
}

void GroupTable::set_cluster(const std::string& cluster, const std::set<GroupInterest>& interests) {
  const auto known = clusters_.find(cluster);
  if (known == clusters_.end() ? interests.empty() : known->second == interests) return;
  std::set<GroupInterest>& held = clusters_[cluster];
  std::set<GroupIndex> wanted;
  for (const GroupInterest& interest : interests) {
    const auto group = intern(interest.group);
    if (!group) continue;
    wanted.insert(*group);
    if (held.count(interest) > 0) continue;
    const auto [it, is_new] = cluster_targets_.try_emplace({cluster, *group}, 0);
    if (is_new) it->second = place({*group, cluster, 0, 0});
    (void)index_.add(interest.pattern, it->second);
  }
  for (const GroupInterest& interest : held) {
    if (interests.count(interest) > 0) continue;
    const auto group = find(interest.group);
    const auto it = group ? cluster_targets_.find({cluster, *group}) : cluster_targets_.end();
    if (it == cluster_targets_.end()) continue;
    index_.remove(interest.pattern, it->second);
    if (wanted.count(*group) > 0) continue;
    // Its last pattern goes with the last turn of this loop; the place may go when it is gone.
    const bool is_last =
        std::none_of(std::next(held.find(interest)), held.end(),
                     [&](const auto& other) { return other.group == interest.group; });
    if (!is_last) continue;
    vacate(it->second);
    cluster_targets_.erase(it);
  }
  held = interests;
  if (held.empty()) clusters_.erase(cluster);
}

const IdList& GroupTable::wanting(TopicIndex index, std::string_view topic) {
  if (index == kNoTopic) {
    other_ = {};
    return refresh(other_, topic, index_);
  }
  if (matches_.size() <= index) matches_.resize(std::size_t{index} + 1);
  return refresh(matches_[index], topic, index_);
}

}  // namespace mpreg
