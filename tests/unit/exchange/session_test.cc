#include "exchange/session.h"

#include <gtest/gtest.h>

namespace mpreg {
namespace {

TEST(Session, has_credit_up_to_its_window_and_no_further) {
  Session session;
  session.window_bytes = 100;
  session.sent_bytes = 1000;
  session.consumed_bytes = 940;
  EXPECT_TRUE(session.has_credit_for(40));
  EXPECT_FALSE(session.has_credit_for(41));
  session.consumed_bytes = 960;
  EXPECT_TRUE(session.has_credit_for(60));
}

TEST(Session, one_batch_may_always_be_under_way) {
  Session session;
  session.window_bytes = 0;
  EXPECT_TRUE(session.has_credit_for(1 << 20));
  session.sent_bytes = 1;
  EXPECT_FALSE(session.has_credit_for(1));
}

TEST(Session, a_stream_that_it_was_not_told_of_is_where_the_caller_says) {
  Session session;
  EXPECT_EQ(session.told(3, 77), 77U);
  session.set_told(5, 10);
  EXPECT_EQ(session.told(3, 77), 77U);
  EXPECT_EQ(session.told(5, 77), 10U);
  session.set_told(5, 0);
  EXPECT_EQ(session.told(5, 77), 0U);
  session.set_told(5, kNumberMax);  // A closed stream.
  EXPECT_EQ(session.told(5, 77), kNumberMax);
}

TEST(Session, an_alias_is_told_once_per_stream) {
  Session session;
  EXPECT_TRUE(session.tell_alias(1, 4));
  EXPECT_FALSE(session.tell_alias(1, 4));
  EXPECT_TRUE(session.tell_alias(0, 4));
  EXPECT_TRUE(session.tell_alias(1, 0));
  EXPECT_TRUE(session.tell_alias(1, 1000));
  EXPECT_FALSE(session.tell_alias(1, 0));
  EXPECT_FALSE(session.tell_alias(1, 1000));
}

TEST(Session, there_is_nothing_to_tell_of_no_alias) {
  Session session;
  EXPECT_FALSE(session.tell_alias(0, kNoAlias));
}

}  // namespace
}  // namespace mpreg
