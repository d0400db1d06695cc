#pragma once
// GroupTable: the queue groups that can be handed something: members among the sessions of this
// broker, and clusters that have members. Says who wants a topic, and remembers whose turn it is.
// Groups stay known when their last member goes, for what is still on its way to them.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "exchange/topic_table.h"
#include "message/group_names.h"
#include "topic/match_cache.h"
#include "topic/pattern_index.h"

namespace mpreg {

class GroupTable {
 public:
  using GroupIndex = std::uint32_t;
  using TargetId = std::uint32_t;
  static constexpr std::size_t kGroupsMax = 10'000;

  // A subscription of a session here, or another cluster.
  struct Target {
    GroupIndex group = 0;
    std::string cluster;  // Empty: here.
    std::uint32_t slot = 0;
    std::uint32_t subscription = 0;
  };

  // The group's place, made if need be; nothing when there are kGroupsMax.
  [[nodiscard]] std::optional<GroupIndex> intern(std::string_view group);
  [[nodiscard]] bool full() const { return names_.size() >= kGroupsMax; }
  [[nodiscard]] std::optional<GroupIndex> find(std::string_view group) const;
  [[nodiscard]] const std::string& name_of(GroupIndex group) const { return names_[group]; }

  // A member here. The patterns are admissible, each named once.
  void add(GroupIndex group, std::uint32_t slot, std::uint32_t subscription,
           const std::vector<std::string>& patterns);
  void remove(std::uint32_t slot, std::uint32_t subscription);

  // Everything that another cluster's members want; replaces what it was.
  void set_cluster(const std::string& cluster, const std::set<GroupInterest>& interests);

  // Nobody is a member anywhere.
  [[nodiscard]] bool empty() const { return index_.patterns() == 0; }
  // Rises with every change of who wants what.
  [[nodiscard]] std::uint64_t revision() const { return index_.revision(); }
  [[nodiscard]] const std::map<std::string, std::set<GroupInterest>>& clusters() const {
    return clusters_;
  }

  // Who wants a topic, ascending. `index` is kNoTopic for one that has no place in the table.
  // Valid until the next call.
  [[nodiscard]] const IdList& wanting(TopicIndex index, std::string_view topic);
  // The same, for a question that is asked seldom.
  void match(std::string_view topic, std::vector<TargetId>& targets) const {
    index_.match(topic, targets);
  }
  [[nodiscard]] const Target& target(TargetId id) const { return targets_[id]; }

  // Which of so many has its turn now: each once, then again.
  [[nodiscard]] std::size_t next_turn(GroupIndex group, std::size_t members) {
    return turns_[group]++ % members;
  }

 private:
  TargetId place(Target target);
  void vacate(TargetId id);

  std::vector<std::string> names_;
  std::map<std::string, GroupIndex, std::less<>> by_name_;
  std::vector<std::uint64_t> turns_;  // By group.

  std::vector<Target> targets_;
  std::vector<TargetId> free_;
  struct Member {
    TargetId id = 0;
    std::vector<std::string> patterns;
  };
  std::map<std::pair<std::uint32_t, std::uint32_t>, Member> members_;  // (slot, subscription).
  std::map<std::string, std::set<GroupInterest>> clusters_;
  std::map<std::pair<std::string, GroupIndex>, TargetId> cluster_targets_;
  PatternIndex index_;  // By TargetId.

  std::vector<CachedMatch> matches_;  // By TopicIndex.
  CachedMatch other_;
};

}  // namespace mpreg
