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

// Those of a neighbour whose table is larger than ours.
TEST(TopicTable, aliases_beyond_the_table_are_kept_and_bounded) {
  TopicTable table(10);
  const TopicIndex a = table.intern("a").value();
  EXPECT_TRUE(table.declare(0, 19, a));
  for (Alias alias = 0; alias < 20; ++alias) {
    EXPECT_TRUE(table.declare(0, 1'000'000 + alias, a));
    EXPECT_EQ(table.find(0, 1'000'000 + alias), a);
  }
  EXPECT_FALSE(table.declare(0, 2'000'000, a));
  EXPECT_TRUE(table.has_no_room_for(0, 2'000'000));
  EXPECT_FALSE(table.declare(0, kNoAlias, a));
  EXPECT_EQ(table.find(0, kNoAlias), kNoTopic);
  EXPECT_EQ(table.declarations_of(0).size(), 21U);
}

TEST(TopicTable, cache_topics_have_slots_that_no_other_traffic_can_take) {
  TopicTable table(2);
  ASSERT_TRUE(table.intern("a"));
  ASSERT_TRUE(table.intern("b"));
  ASSERT_FALSE(table.intern("c"));
  const auto one = table.intern("cache.users", TopicUse::cache);
  ASSERT_TRUE(one) << "events have taken all of theirs";
  EXPECT_EQ(table.use_of(*one), TopicUse::cache);
  EXPECT_EQ(table.use_of(table.find("a")), TopicUse::events);
  ASSERT_TRUE(table.intern("cache.hits", TopicUse::cache));
  EXPECT_FALSE(table.intern("cache.pages", TopicUse::cache));
  EXPECT_EQ(table.intern("cache.users", TopicUse::cache), one);
}

TEST(TopicTable, to_look_for_a_topic_gives_it_no_slot) {
  TopicTable table(2);
  EXPECT_EQ(table.find("a"), kNoTopic);
  EXPECT_EQ(table.size(), 0U);
  const auto a = table.intern("a");
  EXPECT_EQ(table.find("a"), a);
}

TEST(TopicTable, what_a_neighbour_declares_beyond_the_table_is_not_a_mistake_of_the_neighbour) {
  using Learned = TopicTable::Learned;
  TopicTable table(1);
  EXPECT_EQ(table.learn(0, {1, "a"}, TopicUse::events), Learned::known);
  EXPECT_EQ(table.learn(0, {1, "a"}, TopicUse::events), Learned::known);
  EXPECT_EQ(table.learn(0, {1, "b"}, TopicUse::events), Learned::contradiction);
  EXPECT_EQ(table.learn(0, {kNoAlias, "b"}, TopicUse::events), Learned::contradiction);
  EXPECT_FALSE(table.has_no_room_for(0, 0)) << "not declared: to be asked for";
  EXPECT_EQ(table.learn(0, {0, "b"}, TopicUse::events), Learned::no_room);
  EXPECT_TRUE(table.has_no_room_for(0, 0));
  EXPECT_EQ(table.find(0, 0), kNoTopic);
  EXPECT_EQ(table.learn(0, {0, "b"}, TopicUse::events), Learned::no_room);
  EXPECT_EQ(table.learn(1, {0, "cache.users"}, TopicUse::cache), Learned::known);
  EXPECT_EQ(table.learn(0, {9, "a"}, TopicUse::events), Learned::known)
      << "an alias of a larger table than this one";
  EXPECT_EQ(table.declarations_of(0), (std::vector<Declaration>{{1, "a"}, {9, "a"}}));
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
