#include "federation/serving.h"

#include <gtest/gtest.h>

namespace mpreg {
namespace {

TEST(Serving, a_window_of_bytes_may_be_under_way_and_applying_gives_it_back) {
  Serving serving(10, kNumberMax, 100);
  EXPECT_EQ(serving.sent(), 10U);
  EXPECT_TRUE(serving.has_credit_for(1000)) << "one piece may always be under way";
  serving.mark_sent(12, 60);
  EXPECT_TRUE(serving.has_credit_for(40));
  EXPECT_FALSE(serving.has_credit_for(41));
  serving.mark_sent(15, 40);
  EXPECT_FALSE(serving.has_credit_for(1));
  serving.acknowledge(12);
  EXPECT_TRUE(serving.has_credit_for(60));
  EXPECT_FALSE(serving.has_credit_for(61));
  serving.acknowledge(15);
  EXPECT_TRUE(serving.has_credit_for(1000));
}

TEST(Serving, a_piece_that_is_applied_in_part_is_still_under_way) {
  Serving serving(0, kNumberMax, 100);
  serving.mark_sent(10, 100);
  serving.acknowledge(9);
  EXPECT_FALSE(serving.has_credit_for(1));
  EXPECT_EQ(serving.acknowledged(), 9U);
}

TEST(Serving, an_acknowledgement_never_goes_back) {
  Serving serving(5, kNumberMax, 100);
  EXPECT_EQ(serving.acknowledged(), 5U);
  serving.acknowledge(3);
  EXPECT_EQ(serving.acknowledged(), 5U);
  serving.acknowledge(8);
  serving.acknowledge(7);
  EXPECT_EQ(serving.acknowledged(), 8U);
}

TEST(Serving, a_repair_ends_where_live_data_begins) {
  Serving serving(10, 20, 100);
  EXPECT_FALSE(serving.finished());
  serving.mark_sent(19, 1);
  EXPECT_FALSE(serving.finished());
  serving.mark_sent(22, 1);  // Bodies are not cut.
  EXPECT_TRUE(serving.finished());
  EXPECT_TRUE(Serving(20, 20, 100).finished());
  EXPECT_TRUE(Serving().finished());
}

TEST(Serving, an_alias_is_told_once_and_none_is_never_told) {
  Serving serving(0, kNumberMax, 100);
  EXPECT_TRUE(serving.tell_alias(5));
  EXPECT_TRUE(serving.tell_alias(0));
  EXPECT_TRUE(serving.tell_alias(500));
  EXPECT_FALSE(serving.tell_alias(5));
  EXPECT_FALSE(serving.tell_alias(500));
  EXPECT_FALSE(serving.tell_alias(kNoAlias));
}

}  // namespace
}  // namespace mpreg
