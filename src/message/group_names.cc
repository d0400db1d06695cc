#include "message/group_names.h"

#include "base/text.h"
#include "topic/topic.h"

namespace mpreg {
namespace {

constexpr std::string_view kPrefix = "$group.";

}  // namespace

Result<void> check_group(std::string_view group) {
  const bool is_word = check_topic(group).has_value() && group.find('.') == group.npos &&
                       !is_reserved(group) && group.size() <= kGroupBytesMax;
  if (is_word) return {};
  return fail(ErrorCode::malformed, "group is " + in_quotes(group) +
                                        ": one word of a topic, of 1 to " +
                                        std::to_string(kGroupBytesMax) + " bytes, is allowed");
}

std::string group_channel(std::string_view cluster, std::string_view group) {
  std::string name(kPrefix);
  name.append(cluster).append(".").append(group);
  return name;
}

bool is_group_name(std::string_view text) { return text.starts_with(kPrefix); }

std::vector<std::string> wanted_by(const Subscription& subscription, std::string_view cluster) {
  if (subscription.group.empty()) return subscription.patterns;
  const std::string channel = group_channel(cluster, subscription.group);
  std::vector<std::string> names{channel};
  for (const std::string& pattern : subscription.patterns) names.push_back(channel + '.' + pattern);
  return names;
}

std::optional<GroupInterest> parse_group_interest(std::string_view cluster, std::string_view name) {
  if (!is_group_name(name)) return std::nullopt;
  name.remove_prefix(kPrefix.size());
  if (!name.starts_with(cluster) || name.size() <= cluster.size() || name[cluster.size()] != '.') {
    return std::nullopt;
  }
  name.remove_prefix(cluster.size() + 1);
  const std::size_t dot = name.find('.');
  if (dot == name.npos || dot == 0 || dot + 1 == name.size()) return std::nullopt;
  return GroupInterest{std::string(name.substr(0, dot)), std::string(name.substr(dot + 1))};
}

}  // namespace mpreg
