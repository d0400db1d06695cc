#include "session/own_topics.h"

#include <gtest/gtest.h>

namespace mpreg {
namespace {

TEST(OwnTopics, a_topic_keeps_its_alias_and_is_declared_once_in_each_lane) {
  OwnTopics topics(10);
  const auto first = topics.use("a.b", Lane::events);
  EXPECT_TRUE(first.declare);
  const auto again = topics.use("a.b", Lane::events);
  EXPECT_EQ(again.alias, first.alias);
  EXPECT_FALSE(again.declare);
  const auto other_lane = topics.use("a.b", Lane::cache);
  EXPECT_EQ(other_lane.alias, first.alias);
  EXPECT_TRUE(other_lane.declare);
  EXPECT_EQ(topics.text_of(first.alias), "a.b");
}

TEST(OwnTopics, beyond_the_limit_topics_have_no_alias) {
  OwnTopics topics(2);
  EXPECT_NE(topics.use("a", Lane::events).alias, kNoAlias);
  EXPECT_NE(topics.use("b", Lane::events).alias, kNoAlias);
  EXPECT_EQ(topics.use("c", Lane::events).alias, kNoAlias);
  EXPECT_FALSE(topics.use("c", Lane::events).declare);
  EXPECT_EQ(topics.find("c"), kNoAlias);
  EXPECT_EQ(topics.text_of(topics.find("b")), "b");
  EXPECT_EQ(topics.size(), 2U);
}

}  // namespace
}  // namespace mpreg
