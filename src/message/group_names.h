#pragma once
// The broker's own names for queue groups. A cluster with members of a group tells the others
//
//   $group.CLUSTER.GROUP            it takes the messages that another broker picked it for
//   $group.CLUSTER.GROUP.PATTERN    and its members want what matches the pattern
//
// as part of its interest. A message that is picked for it travels once more, under the first name,
// with its own topic inline. No wildcard at the first word matches such a name, and clients neither
// publish nor subscribe there.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "message/session_messages.h"

namespace mpreg {

inline constexpr std::size_t kGroupBytesMax = 64;

// One word of a topic, of at most kGroupBytesMax bytes. Otherwise `malformed`.
[[nodiscard]] Result<void> check_group(std::string_view group);

[[nodiscard]] std::string group_channel(std::string_view cluster, std::string_view group);
[[nodiscard]] bool is_group_name(std::string_view text);

// What the cluster of a subscription asks the others for: its patterns, or the names above.
[[nodiscard]] std::vector<std::string> wanted_by(const Subscription& subscription,
                                                 std::string_view cluster);

// The second kind of name, taken apart; nothing for others, and for those of other clusters.
struct GroupInterest {
  std::string group;
  std::string pattern;

  friend auto operator<=>(const GroupInterest&, const GroupInterest&) = default;
};
[[nodiscard]] std::optional<GroupInterest> parse_group_interest(std::string_view cluster,
                                                                std::string_view name);

}  // namespace mpreg
