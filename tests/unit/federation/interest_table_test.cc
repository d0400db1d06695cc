#include "federation/interest_table.h"

#include <gtest/gtest.h>

namespace mpreg {
namespace {

using Verdict = InterestTable::Verdict;
using Texts = std::vector<std::string>;

std::vector<std::uint32_t> wanting(const InterestTable& table, std::string_view topic) {
  std::vector<std::uint32_t> clusters;
  table.index().match(topic, clusters);
  return clusters;
}

TEST(InterestTable, answers_which_clusters_want_a_topic) {
  InterestTable table;
  EXPECT_EQ(table.apply({"eu", 1, 0, {"user.#"}, {}}), Verdict::accepted);
  EXPECT_EQ(table.apply({"us", 1, 0, {"user.1", "order.*"}, {}}), Verdict::accepted);
  const ClusterIndex eu = table.find("eu")->index;
  const ClusterIndex us = table.find("us")->index;
  EXPECT_EQ(wanting(table, "user.2"), (std::vector<std::uint32_t>{eu}));
  EXPECT_EQ(wanting(table, "order.2"), (std::vector<std::uint32_t>{us}));
  EXPECT_EQ(wanting(table, "user.1").size(), 2U);
  EXPECT_TRUE(wanting(table, "x").empty());
}

TEST(InterestTable, a_change_is_taken_when_it_follows_what_is_known) {
  InterestTable table;
  (void)table.apply({"eu", 5, 0, {"a", "b"}, {}});
  const std::uint64_t revision = table.revision();
  EXPECT_EQ(table.apply({"eu", 6, 5, {"c"}, {"a"}}), Verdict::accepted);
  EXPECT_EQ(table.tell_all("eu").added, (Texts{"b", "c"}));
  EXPECT_NE(table.revision(), revision);
  EXPECT_EQ(table.apply({"eu", 6, 5, {"c"}, {"a"}}), Verdict::known);
  EXPECT_EQ(table.apply({"eu", 9, 8, {"d"}, {}}), Verdict::behind) << "7 and 8 are missing";
  EXPECT_EQ(table.generation_of("eu"), 6U);
  EXPECT_TRUE(wanting(table, "d").empty());
  EXPECT_EQ(table.apply({"eu", 9, 0, {"d"}, {}}), Verdict::accepted) << "all of it needs nothing";
  EXPECT_EQ(table.tell_all("eu"), (InterestUpdate{"eu", 9, 0, {"d"}, {}}));
}

TEST(InterestTable, what_is_older_changes_nothing) {
  InterestTable table;
  (void)table.apply({"eu", 5, 0, {"a"}, {}});
  EXPECT_EQ(table.apply({"eu", 4, 0, {"b"}, {}}), Verdict::known);
  EXPECT_EQ(table.apply({"eu", 5, 0, {"b"}, {}}), Verdict::known);
  EXPECT_EQ(table.tell_all("eu").added, (Texts{"a"}));
}

TEST(InterestTable, whoever_is_nearer_is_believed_about_the_same_generation) {
  InterestTable table;
  (void)table.apply({"eu", 5, 0, {"a", "x"}, {}});
  EXPECT_EQ(table.apply({"eu", 5, 0, {"a", "b"}, {}}, true), Verdict::accepted);
  EXPECT_EQ(table.tell_all("eu").added, (Texts{"a", "b"}));
  EXPECT_EQ(table.apply({"eu", 4, 0, {"z"}, {}}, true), Verdict::known);
}

TEST(InterestTable, two_that_know_the_same_have_the_same_hash_however_they_learned_it) {
  InterestTable one;
  InterestTable other;
  EXPECT_EQ(one.hash(), other.hash());
  (void)one.apply({"eu", 1, 0, {"a", "b"}, {}});
  (void)one.apply({"us", 1, 0, {"c"}, {}});
  (void)one.apply({"eu", 2, 1, {"d"}, {"a"}});
  (void)other.apply({"us", 1, 0, {"c"}, {}});
  EXPECT_NE(one.hash(), other.hash());
  (void)other.apply({"eu", 2, 0, {"d", "b"}, {}});
  EXPECT_EQ(one.hash(), other.hash());
  EXPECT_EQ(one.digest(), other.digest());
  one.intern("asia");  // Nothing was told of it.
  EXPECT_EQ(one.hash(), other.hash());
  EXPECT_EQ(one.digest(), other.digest());
}

TEST(InterestTable, the_same_patterns_in_another_generation_are_another_hash) {
  InterestTable one;
  InterestTable other;
  (void)one.apply({"eu", 1, 0, {"a"}, {}});
  (void)other.apply({"eu", 2, 0, {"a"}, {}});
  EXPECT_NE(one.hash(), other.hash());
}

TEST(InterestTable, what_is_forgotten_leaves_nothing_and_its_place_is_used_again) {
  InterestTable table;
  const std::uint64_t empty = table.hash();
  (void)table.apply({"eu", 5, 0, {"a.#", "b"}, {}});
  const ClusterIndex place = table.find("eu")->index;
  table.forget("eu");
  table.forget("nobody");
  EXPECT_EQ(table.hash(), empty);
  EXPECT_EQ(table.find("eu"), nullptr);
  EXPECT_TRUE(wanting(table, "a.1").empty());
  EXPECT_EQ(table.intern("us"), place);
  EXPECT_TRUE(wanting(table, "b").empty());
}

}  // namespace
}  // namespace mpreg
