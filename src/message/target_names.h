#pragma once
// The targets of an invalidation or a replication: cluster ids, or `*` for every member, or
// `@REGION` for every member of a region. So no cluster may be called like that.

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace mpreg {

inline constexpr std::string_view kEveryMember = "*";
inline constexpr char kRegionMark = '@';

[[nodiscard]] inline bool is_target_selector(std::string_view target) {
  return target == kEveryMember || (!target.empty() && target.front() == kRegionMark);
}

[[nodiscard]] inline bool selects(std::string_view target, std::string_view cluster,
                                  std::string_view region) {
  if (target == kEveryMember || target == cluster) return true;
  return !target.empty() && target.front() == kRegionMark && target.substr(1) == region;
}

[[nodiscard]] inline bool selects(const std::vector<std::string>& targets, std::string_view cluster,
                                  std::string_view region) {
  return std::any_of(targets.begin(), targets.end(),
                     [&](const std::string& target) { return selects(target, cluster, region); });
}

}  // namespace mpreg
