#include "node/own_incarnation.h"

#include <gtest/gtest.h>

namespace mpreg {
namespace {

constexpr std::uint64_t kInstance = 50;
const IncarnationRecord kFirst = successor_of({}, {}, 10);
const IncarnationRecord kSecond = successor_of(kFirst, {true, LaneNumbers{5, 0, 0}}, kInstance);

OwnIncarnation with_directory() { return {kSecond, {{1, 10}}, 0, kInstance}; }

TEST(OwnIncarnation, ancestors_and_itself_are_no_conflict_and_all_others_are) {
  const OwnIncarnation own = with_directory();
  EXPECT_FALSE(own.is_conflict({}));
  EXPECT_FALSE(own.is_conflict({2, kInstance}));
  EXPECT_FALSE(own.is_conflict({1, 10}));
  EXPECT_TRUE(own.is_conflict({1, 11})) << "smaller, and a stranger's";
  EXPECT_TRUE(own.is_conflict({2, 49}));
  EXPECT_TRUE(own.is_conflict({3, 1}));
}

TEST(OwnIncarnation, without_a_directory_only_a_later_one_is_a_conflict) {
  const OwnIncarnation own({}, {}, 1'700'000, kInstance);
  EXPECT_EQ(own.record(), record_without_past({1'700'000, kInstance}));
  EXPECT_FALSE(own.is_conflict({1'600'000, 7})) << "everybody has a gap anyway";
  EXPECT_TRUE(own.is_conflict({1'800'000, 7})) << "its clock went back";
  EXPECT_TRUE(own.may_number());
}

TEST(OwnIncarnation, after_a_conflict_nobody_continues_and_the_same_word_changes_nothing) {
  OwnIncarnation own = with_directory();
  own.begin(Renewal::conflict, {7, 1}, {3, 0, 0});
  EXPECT_EQ(own.record(), record_without_past({8, kInstance}));
  EXPECT_FALSE(own.is_conflict({7, 1}));
  EXPECT_FALSE(own.is_conflict({2, kInstance}));
}

TEST(OwnIncarnation, one_that_was_forgotten_ends_where_it_stands_and_one_rolled_back_nobody_knows) {
  OwnIncarnation forgotten = with_directory();
  forgotten.note_used();
  forgotten.begin(Renewal::forgotten, {}, {3, 0, 4});
  EXPECT_EQ(forgotten.incarnation(), (Incarnation{3, kInstance}));
  EXPECT_EQ(forgotten.record().parent, (IncarnationParent{{2, kInstance}, LaneNumbers{3, 0, 4}}));
  OwnIncarnation rolled_back = with_directory();
  rolled_back.begin(Renewal::rolled_back, {}, {3, 0, 4});
  EXPECT_EQ(rolled_back.record().parent, (IncarnationParent{{2, kInstance}, std::nullopt}));
}

TEST(OwnIncarnation, nothing_is_numbered_in_it_before_the_directory_holds_it) {
  OwnIncarnation own = with_directory();
  EXPECT_TRUE(own.may_number()) << "what begins at a start is there already";
  own.begin(Renewal::conflict, {7, 1}, {});
  EXPECT_FALSE(own.may_number());
  own.on_remembered(own.memory().revision - 1);
  EXPECT_FALSE(own.may_number());
  own.on_remembered(own.memory().revision);
  EXPECT_TRUE(own.may_number());
}

TEST(OwnIncarnation, each_change_that_the_directory_must_hold_is_a_revision) {
  OwnIncarnation own = with_directory();
  const std::uint64_t first = own.memory().revision;
  own.note_used();
  EXPECT_EQ(own.memory().revision, first + 1);
  own.note_used();
  EXPECT_EQ(own.memory().revision, first + 1);
  own.note_final({4, 5, 6});
  EXPECT_EQ(own.memory().revision, first + 2);
  EXPECT_EQ(own.memory().end, (IncarnationEnd{true, LaneNumbers{4, 5, 6}}));
}

TEST(OwnIncarnation, clients_are_believed_once) {
  OwnIncarnation own = with_directory();
  EXPECT_FALSE(own.believes({1, 10}));
  EXPECT_TRUE(own.believes({9, 9}));
  EXPECT_FALSE(own.believes({9, 8}));
}

}  // namespace
}  // namespace mpreg
