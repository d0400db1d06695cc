#include "stream/lineage.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace mpreg {
namespace {

using News = Lineage::News;

const IncarnationRecord kOne = successor_of({}, {}, 1);
const IncarnationRecord kTwo = successor_of(kOne, {true, LaneNumbers{5, 0, 2}}, 2);
const IncarnationRecord kThree = successor_of(kTwo, {}, 3);                     // Two was unused.
const IncarnationRecord kFour = successor_of(kThree, {true, std::nullopt}, 4);  // Three crashed.

TEST(Lineage, the_greatest_incarnation_is_current_in_whatever_order_they_are_met) {
  std::vector<IncarnationRecord> records{kOne, kTwo, kThree, kFour};
  std::vector<std::size_t> order{0, 1, 2, 3};
  do {
    Lineage lineage;
    EXPECT_EQ(lineage.meet(records[order[0]]), News::first);
    std::size_t greatest = order[0];
    for (std::size_t i = 1; i < order.size(); ++i) {
      EXPECT_EQ(lineage.meet(records[order[i]]), order[i] > greatest ? News::newer : News::older);
      greatest = std::max(greatest, order[i]);
      EXPECT_EQ(lineage.meet(records[greatest]), News::known);
    }
    EXPECT_EQ(lineage.current(), kFour);
    EXPECT_FALSE(lineage.is_over(kFour.incarnation));
    EXPECT_EQ(lineage.final_number(kOne.incarnation, Lane::cache), 5U);
    EXPECT_EQ(lineage.final_number(kOne.incarnation, Lane::events), 2U);
    EXPECT_EQ(lineage.final_number(kTwo.incarnation, Lane::cache), 0U);
    EXPECT_TRUE(lineage.is_over(kThree.incarnation));
    EXPECT_EQ(lineage.final_number(kThree.incarnation, Lane::cache), std::nullopt);
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST(Lineage, who_waits_for_an_incarnation_that_is_over_does_not_wait_for_ever) {
  Lineage lineage;
  lineage.meet(kOne);
  const auto state = [&](const IncarnationRecord& of, Number wanted, Number held) {
    return wait_state(lineage, of.incarnation, Lane::cache, wanted, held);
  };
  EXPECT_EQ(state(kOne, 7, 4), WaitState::waiting);
  EXPECT_EQ(state(kOne, 4, 4), WaitState::reached);
  lineage.meet(kTwo);
  EXPECT_EQ(state(kOne, 7, 4), WaitState::lost);
  EXPECT_EQ(state(kOne, 5, 4), WaitState::waiting);  // It can be fetched.
  EXPECT_EQ(state(kOne, 5, 5), WaitState::reached);
  lineage.meet(kFour);
  EXPECT_EQ(state(kThree, 1, 0), WaitState::lost);
}

TEST(Lineage, one_that_was_forgotten_is_over_until_a_greater_one_is_met) {
  Lineage lineage;
  lineage.meet(kTwo);
  lineage.forget(kTwo.incarnation);
  EXPECT_TRUE(lineage.is_over(kTwo.incarnation));
  EXPECT_TRUE(lineage.is_over(kOne.incarnation));
  EXPECT_EQ(wait_state(lineage, kTwo.incarnation, Lane::cache, 1, 0), WaitState::lost);
  EXPECT_EQ(lineage.meet(kThree), News::newer);
  EXPECT_FALSE(lineage.is_over(kThree.incarnation));
}

TEST(Lineage, an_incarnation_that_nobody_has_met_is_not_over) {
  const Lineage lineage;
  EXPECT_FALSE(lineage.is_over(kOne.incarnation));
  EXPECT_EQ(wait_state(lineage, kOne.incarnation, Lane::cache, 1, 0), WaitState::waiting);
}

TEST(Lineage, what_the_current_record_does_not_account_for_is_a_stray_until_one_does) {
  Lineage lineage;
  lineage.meet(kOne);
  lineage.meet(kTwo);
  EXPECT_EQ(lineage.stray(), Incarnation{}) << "its parent";
  const IncarnationRecord copy = successor_of(kOne, {true, LaneNumbers{5, 0, 2}}, 9);
  EXPECT_EQ(lineage.meet(copy), News::newer);
  EXPECT_EQ(lineage.stray(), kTwo.incarnation) << "both follow one";
  lineage.note_stray({9, 9});
  EXPECT_EQ(lineage.stray(), kTwo.incarnation) << "a later one is not known by its name alone";
  lineage.meet(record_without_past({4, 1}));
  EXPECT_EQ(lineage.stray(), Incarnation{}) << "everybody has a gap";
}

TEST(Lineage, one_that_is_met_late_is_a_stray_too) {
  Lineage lineage;
  lineage.meet(successor_of(kOne, {true, LaneNumbers{5, 0, 2}}, 9));
  EXPECT_EQ(lineage.meet(kTwo), News::older);
  EXPECT_EQ(lineage.stray(), kTwo.incarnation);
}

TEST(Lineage, only_the_most_recent_ends_are_remembered) {
  Lineage lineage;
  IncarnationRecord last = kOne;
  for (std::uint64_t i = 0; i < 100; ++i) {
    last = successor_of(last, {true, LaneNumbers{i + 1, 0, 0}}, i);
    lineage.meet(last);
  }
  EXPECT_EQ(lineage.final_number(last.parent->incarnation, Lane::cache), 100U);
  EXPECT_EQ(lineage.final_number(kOne.incarnation, Lane::cache), std::nullopt);
  EXPECT_TRUE(lineage.is_over(kOne.incarnation));
}

}  // namespace
}  // namespace mpreg
