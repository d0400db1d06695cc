#pragma once
// Members: the clusters of the federation. One joins by a handshake with somebody and stays until
// it is forgotten: a restart or a broken link is not a leaving.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "message/link_messages.h"

namespace mpreg {

using LinkId = std::uint32_t;
inline constexpr LinkId kNoLink = 0xFFFFFFFFU;

// So far away is nowhere: it ends counting to infinity, and says of a member that it is known and
// not reached.
inline constexpr std::uint8_t kHopsMax = 32;

class Members {
 public:
  struct Known {
    Member member;              // hops and age_ms as of the last report.
    LinkId next_hop = kNoLink;  // The link by which it is nearest; kNoLink when none reaches it.
    Instant last_heard{};       // When the origin itself was last heard of, ages taken off.
    bool is_met = false;        // This incarnation was heard of by a way to it, since our start.
  };

  // A neighbour said this over `link`. Returns true when something that others should know has
  // changed: a new member, a new incarnation, another way to it. Word of an earlier one is ignored.
  bool report(const Member& member, LinkId link, Instant now);

  // It was a member when this broker ran last, and nothing is heard of it yet.
  void remember(const std::string& cluster, const MemberStanding& standing);

  // The link is down: what was reached through it is reached by nobody until reported again.
  void lose_link(LinkId link);

  [[nodiscard]] const Known* find(const std::string& cluster) const;
  [[nodiscard]] bool forget(const std::string& cluster) { return members_.erase(cluster) > 0; }
  [[nodiscard]] const std::map<std::string, Known>& all() const { return members_; }

  [[nodiscard]] static std::uint32_t age_ms(const Known& known, Instant now);

 private:
  std::map<std::string, Known> members_;
};

}  // namespace mpreg
