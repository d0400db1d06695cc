// What was made from a key goes with it, wherever it is held.

#include <gtest/gtest.h>

#include "unit/near/near_stores.h"

namespace mpreg {
namespace {

// Pitfall 28: one row feeds many keys, directly or by way of others, in whatever shard they lie.
TEST_F(NearStores, Pitfall28WhatDependsOnAKeyGoesWithIt) {
  const auto load_from = [&](const std::string& key, const std::vector<std::string>& from) {
    std::vector<std::uint32_t> tags;
    for (const std::string& one : from) tags.push_back(DependencyGraph::tag_of("users", one));
    ASSERT_TRUE(store.end_fill(now.instant, users, {key}, store.begin_fill(users, {key}), "v",
                               {.tags = tags}));
  };
  load("row", "v");
  for (int i = 0; i < 20; ++i) load_from("page" + std::to_string(i), {"row"});
  load_from("site", {"page3", "other"});
  load_from("row2", {"site"});
  load_from("row", {"row2"});  // A cycle.
  load("other", "v");
  invalidate("page3", from("west", 1), InvalidationType::cascade);
  for (const char* gone : {"page3", "site", "row2", "row", "page4"}) EXPECT_EQ(get(gone), "-");
  EXPECT_EQ(get("other"), "v");
}

// The widget was made from the row by a loader elsewhere, which read it there: no declaration of
// that ever came here. What that loader made of the widget says so itself.
TEST_F(NearStores, a_cascade_reaches_what_was_declared_elsewhere_alone) {
  NearStore elsewhere{{}, 5};
  const auto space = elsewhere.open("users");
  const auto tag_of = [](const char* key) { return DependencyGraph::tag_of("users", key); };
  const std::vector<std::uint32_t> rows{tag_of("row")};
  ASSERT_TRUE(elsewhere.end_fill(now.instant, space, {"widget"},
                                 elsewhere.begin_fill(space, {"widget"}), "v", {.tags = rows}));
  const std::vector<std::uint32_t> widgets{tag_of("widget")};
  CacheReplication page;
  page.address = {"users", "page", "", 1, "default"};
  page.targets = {"*"};
  page.depends_on = {"widget"};
  page.ancestors = elsewhere.ancestors_of("users", widgets);
  ASSERT_EQ(page.ancestors, rows);
  replicate(page, "v", from("west", 1));
  ASSERT_EQ(get("page"), "v");
  invalidate("row", from("west", 2), InvalidationType::cascade);
  EXPECT_EQ(get("page"), "-");
}

// More than an entry can carry: then any cascade of its namespace drops it.
TEST_F(NearStores, what_has_too_many_ancestors_falls_with_every_cascade) {
  std::vector<std::uint32_t> rows;
  for (int i = 0; i < 60; ++i) {
    rows.push_back(DependencyGraph::tag_of("users", "row" + std::to_string(i)));
  }
  const auto load_from = [&](const char* key, const std::vector<std::uint32_t>& tags) {
    ASSERT_TRUE(store.end_fill(now.instant, users, {key}, store.begin_fill(users, {key}), "v",
                               {.tags = tags}));
  };
  load_from("a", {rows.begin(), rows.begin() + 40});
  load_from("b", {rows.begin() + 20, rows.end()});
  load_from("c", {rows.begin(), rows.end()});
  const std::vector<std::uint32_t> of_a{DependencyGraph::tag_of("users", "a")};
  EXPECT_EQ(store.ancestors_of("users", of_a).size(), 40U);
  for (int i = 60; i < 100; ++i) {
    rows.push_back(DependencyGraph::tag_of("users", "row" + std::to_string(i)));
  }
  load_from("e", {rows.begin() + 60, rows.end()});
  std::vector<std::uint32_t> of_both{DependencyGraph::tag_of("users", "c"),
                                     DependencyGraph::tag_of("users", "e")};
  const auto ancestors = store.ancestors_of("users", of_both);
  ASSERT_EQ(ancestors, std::vector<std::uint32_t>{DependencyGraph::of_many("users")});
  of_both.push_back(ancestors.front());
  load_from("f", of_both);
  std::vector<std::uint32_t> most(kTagsHeldMax, of_both.front());
  load_from("g", most);
  EXPECT_EQ(get("g"), "v");
  invalidate("unrelated", from("west", 1), InvalidationType::cascade);
  EXPECT_EQ(get("f"), "-");
  EXPECT_EQ(get("e"), "v");
}

}  // namespace
}  // namespace mpreg
