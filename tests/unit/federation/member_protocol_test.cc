#include "federation/member_protocol.h"

#include <gtest/gtest.h>

namespace mpreg {
namespace {

using Names = std::vector<std::string>;

constexpr Incarnation kOwn{7, 1};
const LinkTarget kHub{LinkRole::hub, "tcp://10.0.0.1:7101"};
const LinkTarget kPeer{LinkRole::peer, "tcp://10.0.0.2:7101"};
const LinkTarget kOtherPeer{LinkRole::peer, "tcp://10.0.0.3:7101"};

MemberProtocolStart start_of(std::map<std::string, MemberStanding> members, bool has_left) {
  MemberProtocolStart start;
  start.cluster = "east";
  start.incarnation = kOwn;
  start.memory.members = std::move(members);
  start.memory.has_left = has_left;
  start.has_memory = true;
  start.is_kept = true;
  start.targets = {kHub};
  return start;
}

constexpr MemberStanding standing(std::uint64_t counter, MemberState state) {
  return {{counter, 1}, state};
}

MemberWord word(Entitlement entitlement, std::vector<RejoinSynced> welcomes = {}) {
  MemberWord word;
  word.entitlement = entitlement;
  word.welcomes = std::move(welcomes);
  return word;
}

MemberWord said(MemberState state) {
  MemberWord word;
  word.state = state;
  return word;
}

// What the node's carrier does with a disk that answers at once.
void save(MemberProtocol& membership) {
  if (const auto save = membership.take_save()) membership.on_saved(save->ticket);
}

TEST(MemberProtocol, a_welcome_is_given_when_the_rejoin_is_saved_and_not_before) {
  MemberProtocol west(start_of({{"north", standing(3, MemberState::left)}}, false), Instant{});
  west.hear("north", {4, 9}, word(Entitlement::waiting), Instant{});
  EXPECT_TRUE(west.own_word().welcomes.empty());
  const auto save = west.take_save();
  ASSERT_TRUE(save);
  EXPECT_EQ(save->memory.members.at("north"), (MemberStanding{{4, 9}, MemberState::running}));
  EXPECT_TRUE(west.own_word().welcomes.empty());
  EXPECT_FALSE(west.take_save());
  west.on_saved(save->ticket);
  EXPECT_EQ(west.own_word().welcomes, (std::vector<RejoinSynced>{{"north", {4, 9}}}));
  // It is said as long as it is of use.
  west.hear("north", {4, 9}, word(Entitlement::entitled), Instant{});
  EXPECT_TRUE(west.own_word().welcomes.empty());
}

TEST(MemberProtocol, one_that_may_number_lets_another_rejoin) {
  MemberProtocol east(start_of({{"west", standing(2, MemberState::running)},
                                {"north", standing(3, MemberState::running)}},
                               true),
                      Instant{});
  EXPECT_EQ(east.entitlement(), Entitlement::waiting);
  EXPECT_NE(east.why_waiting().find("north, west"), std::string::npos) << east.why_waiting();
  east.hear("west", {2, 1}, word(Entitlement::entitled, {{"east", {6, 1}}}), Instant{});
  EXPECT_FALSE(east.settle());  // Of an earlier incarnation.
  east.hear("west", {2, 1}, word(Entitlement::waiting, {{"east", kOwn}}), Instant{});
  EXPECT_FALSE(east.settle());  // It waits itself.
  east.hear("west", {2, 1}, word(Entitlement::entitled, {{"east", kOwn}}), Instant{});
  EXPECT_FALSE(east.may_number());  // Whom it knows is heard first.
  EXPECT_TRUE(east.settle());
  EXPECT_TRUE(east.may_number());
  EXPECT_EQ(east.why_waiting(), "");
  const auto save = east.take_save();
  ASSERT_TRUE(save);
  EXPECT_FALSE(save->memory.has_left);
}

TEST(MemberProtocol, those_who_left_together_start_together) {
  MemberProtocol east(start_of({{"west", standing(2, MemberState::running)}}, true), Instant{});
  east.hear("west", {3, 1}, word(Entitlement::waiting, {{"east", kOwn}}), Instant{});
  EXPECT_TRUE(east.settle());
}

TEST(MemberProtocol, welcomes_are_of_one_incarnation) {
  MemberProtocol east(start_of({{"west", standing(2, MemberState::running)}}, true), Instant{});
  east.hear("west", {3, 1}, word(Entitlement::entitled, {{"east", kOwn}}), Instant{});
  east.begin({9, 1});
  EXPECT_FALSE(east.settle());
  east.hear("west", {3, 1}, word(Entitlement::entitled, {{"east", {9, 1}}}), Instant{});
  EXPECT_TRUE(east.settle());
}

TEST(MemberProtocol, the_last_to_leave_starts_alone) {
  MemberProtocol east(start_of({{"west", standing(2, MemberState::left)}}, true), Instant{});
  EXPECT_TRUE(east.may_number());
  const auto save = east.take_save();
  ASSERT_TRUE(save);
  EXPECT_FALSE(save->memory.has_left);
}

TEST(MemberProtocol, goodbye_is_said_when_the_promise_is_saved) {
  MemberProtocol east(start_of({{"west", standing(2, MemberState::running)}}, false), Instant{});
  save(east);
  east.leave(5);
  EXPECT_FALSE(east.may_number());
  EXPECT_FALSE(east.take_goodbye());
  EXPECT_EQ(east.own_word().state, MemberState::running);
  const auto last = east.take_save();
  ASSERT_TRUE(last);
  EXPECT_TRUE(last->memory.has_left);
  east.on_saved(last->ticket);
  EXPECT_TRUE(east.take_goodbye());
  EXPECT_FALSE(east.take_goodbye());
  EXPECT_TRUE(east.has_said_goodbye());
  EXPECT_EQ(east.own_word().state, MemberState::left);
  // It lets nobody rejoin any more.
  east.hear("west", {3, 1}, word(Entitlement::waiting), Instant{});
  EXPECT_FALSE(east.take_save());
  EXPECT_TRUE(east.own_word().welcomes.empty());
}

TEST(MemberProtocol, without_a_data_directory_the_end_is_silence) {
  MemberProtocolStart start = start_of({}, false);
  start.is_kept = start.has_memory = false;
  start.targets.clear();
  MemberProtocol east(start, Instant{});
  EXPECT_TRUE(east.may_number());
  east.leave(0);
  EXPECT_TRUE(east.take_goodbye());
  EXPECT_EQ(east.own_word().state, MemberState::running);
}

TEST(MemberProtocol, a_configured_neighbour_counts_until_one_of_its_kind_was_reached_once) {
  MemberProtocolStart start = start_of({}, false);
  start.targets = {kHub, kPeer, kOtherPeer};
  MemberProtocol east(start, Instant{});
  EXPECT_EQ(east.unmet_targets().size(), 3U);
  EXPECT_NE(east.why_waiting().find("hub tcp://10.0.0.1:7101"), std::string::npos);
  east.meet_target(kOtherPeer);
  ASSERT_EQ(east.unmet_targets().size(), 1U);
  EXPECT_EQ(east.unmet_targets()[0].endpoint, kHub.endpoint);
  const auto save = east.take_save();
  ASSERT_TRUE(save);
  start.memory = save->memory;
  EXPECT_EQ(MemberProtocol(start, Instant{}).unmet_targets().size(), 1U);
}

TEST(MemberProtocol, it_is_known_since_when_a_member_has_left) {
  const Instant early = Instant{} + std::chrono::hours(1);
  const Instant late = early + std::chrono::minutes(1);
  MemberProtocol east(start_of({{"north", standing(1, MemberState::left)},
                                {"west", standing(2, MemberState::running)}},
                               false),
                      early);
  EXPECT_EQ(east.left_since("north"), early);
  EXPECT_EQ(east.left_since("west"), std::nullopt);
  east.hear("west", {2, 1}, said(MemberState::left), late);
  EXPECT_EQ(east.left_since("west"), late);
  east.hear("west", {2, 1}, said(MemberState::left), late + std::chrono::seconds(1));
  EXPECT_EQ(east.left_since("west"), late);
  east.hear("west", {3, 1}, word(Entitlement::waiting), late);
  EXPECT_EQ(east.left_since("west"), std::nullopt);
}

TEST(MemberProtocol, alone_is_for_one_incarnation_and_admits_nobody) {
  MemberProtocol east(start_of({{"west", standing(2, MemberState::running)}}, true), Instant{});
  east.stand_alone();
  EXPECT_TRUE(east.may_number());
  EXPECT_EQ(east.own_word().entitlement, Entitlement::alone);
  const auto save = east.take_save();
  EXPECT_TRUE(!save || save->memory.has_left);
  MemberProtocol west(start_of({{"east", standing(6, MemberState::running)}}, true), Instant{});
  west.hear("east", kOwn, word(Entitlement::alone, {{"east", kOwn}}), Instant{});
  west.settle();
  EXPECT_FALSE(west.may_number());
}

TEST(MemberWord, of_two_reports_of_one_incarnation_both_count) {
  MemberWord word;
  EXPECT_EQ(word.entitlement, Entitlement::waiting) << "nobody is entitled until it says so";
  word.welcomes = {{"b", {1, 1}}};
  MemberWord other;
  other.entitlement = Entitlement::entitled;
  other.welcomes = {{"a", {2, 1}}, {"b", {3, 1}}};
  EXPECT_TRUE(word.merge(other));
  EXPECT_EQ(word.entitlement, Entitlement::entitled);
  EXPECT_EQ(word.welcomes, other.welcomes);
  EXPECT_FALSE(word.merge(other));
  other.state = MemberState::left;
  EXPECT_TRUE(word.merge(other));
  EXPECT_EQ(word.state, MemberState::left);
}

}  // namespace
}  // namespace mpreg
