#pragma once
// SettingsBook: what brokers have to agree on, and who does not. It compares what a neighbour
// announces in the handshake with what is set here, and remembers for every member which of its
// namespaces are set up in another way.
//
//   - Topic prefix and key rules decide what a fact is about: where they differ there is no link.
//   - Of claim-lease-max the longest that is known anywhere is used by everybody who waits for
//     claims of others to run out. It never becomes shorter while a broker runs: the one that
//     granted for so long may be out of reach.
//   - A namespace that is set up in another way (resolver, protocol) at the broker that wrote
//     something is kept coherent by invalidations alone: its values are not taken, in either
//     direction, and its stores are not compared. So a setting can be changed broker by broker.
//   - Capacities and limits on sizes may differ and are not announced.
//
// A namespace is judged by the member that wrote, not by the neighbour that passed it on: on the
// way nothing is changed.

#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "message/link_messages.h"

namespace mpreg {

struct SettingDifference {
  std::string namespace_name;  // Empty: of the whole broker.
  std::string option;
  std::string ours;  // Empty: the default.
  std::string theirs;

  friend bool operator==(const SettingDifference&, const SettingDifference&) = default;
};

// "resolver of namespace 'users' is 'set' at hub and the default at east".
[[nodiscard]] std::string text_of(const SettingDifference& difference, std::string_view us,
                                  std::string_view them);

class SettingsBook {
 public:
  using Differences = std::vector<SettingDifference>;

  explicit SettingsBook(LinkSettings own);

  // As it is announced: with the longest claim lease that is known.
  [[nodiscard]] const LinkSettings& announced() const { return own_; }
  [[nodiscard]] std::chrono::milliseconds claim_lease_max() const {
    return std::chrono::milliseconds(own_.claim_lease_max_ms);
  }

  // What makes a link impossible; empty: nothing.
  [[nodiscard]] Differences obstacles(const LinkSettings& theirs) const;

  // Somebody knows of claims that are granted for so long. True: that is longer than was known.
  bool learn_claim_lease(std::uint32_t lease_ms);

  // How the namespaces of a member are set up, ascending. True: what differs from ours is not what
  // differed before. A member of which nothing was learned differs in nothing.
  bool learn(const std::string& cluster, const std::vector<NamespaceSetting>& theirs);
  void forget(const std::string& cluster) { members_.erase(cluster); }

  [[nodiscard]] const Differences& differences(const std::string& cluster) const;
  // Of one namespace. Costs nothing where all agree.
  [[nodiscard]] bool differs(const std::string& cluster, std::string_view namespace_name) const;
  // Those that differ in something, ascending.
  [[nodiscard]] const std::map<std::string, Differences>& disagreeing() const { return members_; }

 private:
  LinkSettings own_;
  std::map<std::string, Differences> members_;  // Never empty lists.
};

}  // namespace mpreg
