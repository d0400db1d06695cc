#pragma once
// GroupCheck: what the queue groups of a world must be given. Each message that matches comes to
// some member of each group that has members, and to no more than one of them unless something went
// wrong on the way.

#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "plan.h"
#include "session/session_events.h"
#include "truth.h"

namespace mpreg::sim {

class GroupCheck {
 public:
  // The subscriptions that are memberships; each is of the group of its number.
  static constexpr std::uint32_t kFirstId = 101;
  static constexpr std::uint32_t kGroups = 2;
  [[nodiscard]] static bool is_membership(std::uint32_t subscription) {
    return subscription >= kFirstId;
  }
  [[nodiscard]] static Subscription subscription_of(std::uint32_t group);

  GroupCheck(const Plan& plan, Truth& truth, Verdict& verdict)
      : plan_(plan), truth_(truth), verdict_(verdict) {}

  // Confirmed by the client's broker. After kKnownAfter, with which on_known is called again,
  // everybody must have heard of it.
  static constexpr std::chrono::seconds kKnownAfter{6};
  std::uint64_t on_joined(std::uint32_t client, std::uint32_t subscription);
  void on_known(std::uint32_t client, std::uint32_t subscription, std::uint64_t joining);
  void on_left(std::uint32_t client, std::uint32_t subscription);
  void on_left_all(std::uint32_t client);
  void on_delivery(std::uint32_t client, const Delivery& delivery);
  // From now on everything is well: who is a member stays one.
  void begin_last_round();

  [[nodiscard]] std::optional<std::string> find_missing() const;
  [[nodiscard]] std::uint64_t deliveries() const { return deliveries_; }

 private:
  // Nothing can have cut a member off, or made a broker forget.
  [[nodiscard]] bool is_undisturbed() const;
  [[nodiscard]] static bool wants(std::uint32_t group, const std::string& topic);

  struct Group {
    struct Member {
      std::uint64_t joining = 0;
      MessageIndex since = kNoMessage;  // From here on everybody knows.
    };
    std::map<std::uint32_t, Member> members;
    std::set<std::uint32_t> steady;  // Members when the last round began.
    std::map<MessageIndex, std::uint32_t> times;
  };

  const Plan& plan_;
  Truth& truth_;
  Verdict& verdict_;
  std::array<Group, kGroups> groups_;
  std::uint64_t joinings_ = 0;
  std::uint64_t deliveries_ = 0;
};

}  // namespace mpreg::sim
