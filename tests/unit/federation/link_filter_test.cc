#include "federation/link_filter.h"

#include <gtest/gtest.h>

#include <limits>

namespace mpreg {
namespace {

CompleteFor complete(std::vector<ClusterGeneration> clusters) {
  return std::make_shared<const std::vector<ClusterGeneration>>(std::move(clusters));
}

TEST(Completeness, nothing_said_is_complete_for_everybody) {
  EXPECT_EQ(generation_for(nullptr, "eu"), std::numeric_limits<Generation>::max());
  EXPECT_EQ(generation_for(complete_for_nobody(), "eu"), std::nullopt);
  const CompleteFor two = complete({{"eu", 3}, {"us", 0}});
  EXPECT_EQ(generation_for(two, "eu"), 3U);
  EXPECT_EQ(generation_for(two, "us"), 0U) << "complete for an interest in nothing";
  EXPECT_EQ(generation_for(two, "asia"), std::nullopt);
}

TEST(Completeness, is_the_same_by_what_it_says) {
  EXPECT_TRUE(is_same(nullptr, nullptr));
  EXPECT_FALSE(is_same(nullptr, complete_for_nobody()));
  EXPECT_TRUE(is_same(complete({{"eu", 3}}), complete({{"eu", 3}})));
  EXPECT_FALSE(is_same(complete({{"eu", 3}}), complete({{"eu", 4}})));
}

TEST(Completeness, a_filter_that_knows_an_older_interest_makes_it_older) {
  InterestTable table;
  (void)table.apply({"eu", 5, 0, {"a"}, {}});
  const CompleteFor all = filtered_for(nullptr, {"eu", "us"}, table);
  EXPECT_TRUE(is_same(all, complete({{"eu", 5}, {"us", 0}})));
  EXPECT_TRUE(
      is_same(filtered_for(complete({{"eu", 3}}), {"eu", "us"}, table), complete({{"eu", 3}})))
      << "what was left out before stays left out";
  EXPECT_TRUE(is_same(filtered_for(complete({{"eu", 9}}), {"eu"}, table), complete({{"eu", 5}})));
}

// Two clusters want something; one of them is behind the link.
struct Filtered {
  InterestTable table;
  LinkFilter filter;
  IdList ids;
  Filtered() {
    (void)table.apply({"eu", 1, 0, {"a.#"}, {}});
    (void)table.apply({"us", 1, 0, {"b.#"}, {}});
    filter.add("eu");
  }
  bool wants(std::string_view topic) {
    table.index().match(topic, ids);
    filter.begin_batch();
    return filter.wants(ids, table);
  }
};

TEST(LinkFilter, lets_through_what_a_cluster_behind_the_link_wants) {
  Filtered f;
  EXPECT_TRUE(f.wants("a.1"));
  EXPECT_FALSE(f.wants("b.1"));
  EXPECT_TRUE(f.filter.add("us"));
  EXPECT_FALSE(f.filter.add("us"));
  EXPECT_TRUE(f.wants("b.1"));
  f.filter.replace({"us"});
  EXPECT_FALSE(f.wants("a.1"));
}

TEST(LinkFilter, follows_the_table) {
  Filtered f;
  EXPECT_FALSE(f.wants("c"));
  (void)f.table.apply({"eu", 2, 1, {"c"}, {"a.#"}});
  EXPECT_TRUE(f.wants("c"));
  EXPECT_FALSE(f.wants("a.1"));
  EXPECT_EQ(generation_for(f.filter.after(nullptr, f.table), "eu"), 2U);
}

TEST(LinkFilter, tells_completeness_once_until_it_changes) {
  Filtered f;
  const CompleteFor first = f.filter.after(nullptr, f.table);
  EXPECT_TRUE(f.filter.must_tell(first));
  f.filter.mark_told(first);
  EXPECT_FALSE(f.filter.must_tell(first));
  (void)f.table.apply({"us", 2, 1, {"c"}, {}});
  EXPECT_FALSE(f.filter.must_tell(f.filter.after(nullptr, f.table))) << "us is not behind it";
  (void)f.table.apply({"eu", 2, 1, {"c"}, {}});
  EXPECT_TRUE(f.filter.must_tell(f.filter.after(nullptr, f.table)));
}

}  // namespace
}  // namespace mpreg
