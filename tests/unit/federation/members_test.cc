#include "federation/members.h"

#include <gtest/gtest.h>

namespace mpreg {
namespace {

using namespace std::chrono_literals;

constexpr Instant kStart{100s};

Member member_of(const std::string& cluster, std::uint8_t hops, std::uint64_t counter = 1,
                 std::uint32_t age_ms = 0) {
  Member member;
  member.cluster = cluster;
  member.region = "default";
  member.record.incarnation = {counter, counter * 10};
  member.hops = hops;
  member.age_ms = age_ms;
  return member;
}

TEST(Members, a_new_member_is_news_and_the_same_again_is_not) {
  Members members;
  EXPECT_TRUE(members.report(member_of("east", 1), 7, kStart));
  EXPECT_FALSE(members.report(member_of("east", 1), 7, kStart + 1s));
  ASSERT_NE(members.find("east"), nullptr);
  EXPECT_EQ(members.find("east")->next_hop, 7U);
  EXPECT_EQ(members.find("east")->member.hops, 1U);
  EXPECT_EQ(members.find("west"), nullptr);
}

TEST(Members, the_nearest_way_is_taken_and_kept_among_equals) {
  Members members;
  EXPECT_TRUE(members.report(member_of("east", 3), 7, kStart));
  EXPECT_FALSE(members.report(member_of("east", 3), 8, kStart));
  EXPECT_EQ(members.find("east")->next_hop, 7U);
  EXPECT_TRUE(members.report(member_of("east", 2), 8, kStart));
  EXPECT_EQ(members.find("east")->next_hop, 8U);
  // The way that is used has become longer: that is news, and the other may take over.
  EXPECT_TRUE(members.report(member_of("east", 5), 8, kStart));
  EXPECT_EQ(members.find("east")->member.hops, 5U);
  EXPECT_TRUE(members.report(member_of("east", 3), 7, kStart));
  EXPECT_EQ(members.find("east")->next_hop, 7U);
}

TEST(Members, a_lost_link_leaves_the_member_without_a_way_until_somebody_reports_it) {
  Members members;
  EXPECT_TRUE(members.report(member_of("east", 1), 7, kStart));
  EXPECT_TRUE(members.report(member_of("west", 1), 8, kStart));
  members.lose_link(7);
  ASSERT_NE(members.find("east"), nullptr);
  EXPECT_EQ(members.find("east")->next_hop, kNoLink);
  EXPECT_EQ(members.find("west")->next_hop, 8U);
  EXPECT_TRUE(members.report(member_of("east", 9), 8, kStart));
  EXPECT_EQ(members.find("east")->next_hop, 8U);
  EXPECT_EQ(members.find("east")->member.hops, 9U);
}

TEST(Members, a_later_incarnation_replaces_the_life_before_it) {
  Members members;
  EXPECT_TRUE(members.report(member_of("east", 1, 5), 7, kStart));
  EXPECT_TRUE(members.report(member_of("east", 4, 6), 8, kStart));
  EXPECT_EQ(members.find("east")->member.record.incarnation, (Incarnation{6, 60}));
}

TEST(Members, a_report_of_an_older_incarnation_neither_vouches_nor_shows_a_way) {
  Members members;
  EXPECT_TRUE(members.report(member_of("east", 3, 6), 7, kStart));
  EXPECT_FALSE(members.report(member_of("east", 1, 5), 8, kStart + 10s));
  EXPECT_EQ(members.find("east")->next_hop, 7U);
  EXPECT_EQ(members.find("east")->last_heard, kStart);
  EXPECT_EQ(members.find("east")->member.record.incarnation, (Incarnation{6, 60}));
}

TEST(Members, ages_of_all_hops_are_taken_off_and_the_freshest_word_counts) {
  Members members;
  EXPECT_TRUE(members.report(member_of("east", 2, 1, 400), 7, kStart));
  EXPECT_EQ(members.find("east")->last_heard, kStart - 400ms);
  EXPECT_EQ(Members::age_ms(*members.find("east"), kStart + 100ms), 500U);
  (void)members.report(member_of("east", 3, 1, 100), 8, kStart + 100ms);
  EXPECT_EQ(Members::age_ms(*members.find("east"), kStart + 100ms), 100U);
  (void)members.report(member_of("east", 2, 1, 9000), 7, kStart + 200ms);
  EXPECT_EQ(Members::age_ms(*members.find("east"), kStart + 200ms), 200U);
}

TEST(Members, an_age_has_bounds) {
  Members::Known known;
  known.last_heard = kStart;
  EXPECT_EQ(Members::age_ms(known, kStart - 1s), 0xFFFFFFFFU) << "it was never met";
  known.is_met = true;
  EXPECT_EQ(Members::age_ms(known, kStart - 1s), 0U);
  EXPECT_EQ(Members::age_ms(known, kStart + 24h * 365), 0xFFFFFFFFU);
}

TEST(Members, one_that_is_remembered_is_met_when_it_is_heard_of_by_a_way_to_it) {
  Members members;
  Member east = member_of("east", 5);
  east.record.parent = IncarnationParent{{4, 4}, LaneNumbers{1, 2, 3}};
  members.remember("east", {east.record.incarnation, MemberState::left});
  EXPECT_FALSE(members.find("east")->is_met);
  EXPECT_EQ(members.find("east")->member.word.entitlement, Entitlement::waiting)
      << "nobody who waits is told that it need not";
  EXPECT_EQ(members.find("east")->next_hop, kNoLink);
  east.hops = kHopsMax;
  members.report(east, 7, kStart);
  EXPECT_FALSE(members.find("east")->is_met);
  // Of the same incarnation, and more of it.
  east.hops = 0;
  EXPECT_TRUE(members.report(east, 7, kStart));
  EXPECT_TRUE(members.find("east")->is_met);
  EXPECT_EQ(members.find("east")->member.record, east.record);
  EXPECT_EQ(members.find("east")->member.word.state, MemberState::left) << "that only grows";
  ++east.record.incarnation.counter;
  EXPECT_TRUE(members.report(east, 7, kStart));
  EXPECT_TRUE(members.find("east")->is_met);
  EXPECT_EQ(members.find("east")->member.word.state, MemberState::running);
}

TEST(Members, a_member_stays_until_it_is_forgotten) {
  Members members;
  EXPECT_TRUE(members.report(member_of("east", 1), 7, kStart));
  members.lose_link(7);
  EXPECT_EQ(members.all().size(), 1U);
  EXPECT_TRUE(members.forget("east"));
  EXPECT_FALSE(members.forget("east"));
  EXPECT_EQ(members.find("east"), nullptr);
  EXPECT_TRUE(members.report(member_of("east", 1), 7, kStart));
}

}  // namespace
}  // namespace mpreg
