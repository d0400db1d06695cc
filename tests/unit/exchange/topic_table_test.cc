#include "exchange/topic_table.h"

#include <gtest/gtest.h>

#include <string>

namespace mpreg {
namespace {

TEST(TopicTable, a_topic_has_one_slot_for_ever) {
  TopicTable table(1000);
  const auto first = table.intern("a.b");
  ASSERT_TRUE(first.has_value());
  for (int i = 0; i < 500; ++i) ASSERT_TRUE(table.intern("topic." + std::to_string(i)));
  EXPECT_EQ(table.intern("a.b"), first);
  EXPECT_EQ(table.intern(std::string("a.") + "b"), first);
  EXPECT_EQ(table.text_of(*first), "a.b");
  EXPECT_EQ(table.size(), 501U);
}

TEST(TopicTable, when_full_it_takes_no_new_topic_and_still_knows_the_old_ones) {
  TopicTable table(2);
  const auto first = table.intern("a");
  ASSERT_TRUE(table.intern("b"));
  EXPECT_EQ(table.intern("c"), std::nullopt);
  EXPECT_EQ(table.intern("a"), first);
  EXPECT_EQ(table.size(), 2U);
}

TEST(TopicTable, an_alias_means_one_topic_within_its_stream) {
  TopicTable table(10);
  const TopicIndex a = table.intern("a").value();
  const TopicIndex b = table.intern("b").value();
  EXPECT_TRUE(table.declare(0, 3, a));
  EXPECT_TRUE(table.declare(1, 3, b));
  EXPECT_TRUE(table.declare(0, 3, a));
  EXPECT_FALSE(table.declare(0, 3, b));
  EXPECT_EQ(table.find(0, 3), a);
  EXPECT_EQ(table.find(1, 3), b);
  EXPECT_EQ(table.find(0, 2), kNoTopic);
  EXPECT_EQ(table.find(0, 4), kNoTopic);
  EXPECT_EQ(table.find(2, 3), kNoTopic);
}

TEST(TopicTable, aliases_beyond_the_table_are_refused) {
  TopicTable table(10);
  const TopicIndex a = table.intern("a").value();
  EXPECT_TRUE(table.declare(0, 9, a));
  EXPECT_FALSE(table.declare(0, 10, a));
  EXPECT_FALSE(table.declare(0, kNoAlias, a));
  EXPECT_EQ(table.find(0, kNoAlias), kNoTopic);
}

TEST(TopicTable, declarations_of_a_stream_come_in_the_order_of_aliases) {
  TopicTable table(10);
  EXPECT_TRUE(table.declare(0, 7, table.intern("late").value()));
  EXPECT_TRUE(table.declare(0, 2, table.intern("early").value()));
  EXPECT_EQ(table.declarations_of(0), (std::vector<Declaration>{{2, "early"}, {7, "late"}}));
  EXPECT_TRUE(table.declarations_of(1).empty());
}

TEST(TopicTable, sessions_follow_the_patterns_as_they_come_and_go) {
  TopicTable table(10);
  PatternIndex patterns;
  const TopicIndex topic = table.intern("a.b").value();
  EXPECT_TRUE(table.sessions_for(topic, patterns).empty());
  patterns.add("a.*", 8);
  patterns.add("#", 2);
  patterns.add("x", 5);
  EXPECT_EQ(table.sessions_for(topic, patterns), (IdList{2, 8}));
  ASSERT_TRUE(patterns.remove("a.*", 8));
  EXPECT_EQ(table.sessions_for(topic, patterns), (IdList{2}));
}

}  // namespace
}  // namespace mpreg
