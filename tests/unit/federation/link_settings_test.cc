#include "federation/link_settings.h"

#include <gtest/gtest.h>

namespace mpreg {
namespace {

using Settings = std::vector<NamespaceSetting>;

LinkSettings ours() {
  return {
      "mpreg.cache", 1, 30'000, {{"users", "resolver", "set"}, {"hits", "resolver", "counter"}}};
}

TEST(SettingsBook, equal_settings_are_no_obstacle_whatever_the_leases) {
  const SettingsBook book(ours());
  LinkSettings theirs = ours();
  theirs.claim_lease_max_ms = 1;
  theirs.namespaces.clear();
  EXPECT_TRUE(book.obstacles(theirs).empty());
}

TEST(SettingsBook, what_facts_are_about_must_be_the_same_and_both_values_are_named) {
  const SettingsBook book(ours());
  LinkSettings theirs = ours();
  theirs.topic_prefix = "other";
  theirs.key_rules = 2;
  const auto obstacles = book.obstacles(theirs);
  ASSERT_EQ(obstacles.size(), 2U);
  EXPECT_EQ(text_of(obstacles[0], "hub", "east"),
            "topic-prefix is 'mpreg.cache' at hub and 'other' at east");
  EXPECT_EQ(text_of(obstacles[1], "hub", "east"),
            "the edition of the rules for keys is '1' at hub and '2' at east");
}

TEST(SettingsBook, the_longest_claim_lease_that_is_known_counts_and_is_passed_on) {
  SettingsBook book(ours());
  EXPECT_FALSE(book.learn_claim_lease(10'000)) << "ours is the safer one";
  EXPECT_EQ(book.claim_lease_max(), std::chrono::seconds(30));
  EXPECT_TRUE(book.learn_claim_lease(60'000));
  EXPECT_EQ(book.claim_lease_max(), std::chrono::seconds(60));
  EXPECT_EQ(book.announced().claim_lease_max_ms, 60'000U);
  EXPECT_FALSE(book.learn_claim_lease(30'000)) << "who granted for longer may be out of reach";
  EXPECT_EQ(book.claim_lease_max(), std::chrono::seconds(60));
}

TEST(SettingsBook, a_namespace_differs_by_value_and_where_only_one_side_has_a_setting) {
  SettingsBook book(ours());
  EXPECT_TRUE(book.learn("east", {{"hits", "resolver", "counter"},
                                  {"pages", "protocol", "moesi"},
                                  {"users", "resolver", "map"}}));
  EXPECT_FALSE(book.differs("east", "hits"));
  EXPECT_TRUE(book.differs("east", "pages"));
  EXPECT_TRUE(book.differs("east", "users"));
  EXPECT_FALSE(book.differs("west", "users")) << "nothing is known of it";
  const auto& all = book.differences("east");
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(text_of(all[0], "hub", "east"),
            "protocol of namespace 'pages' is the default at hub and 'moesi' at east");
  EXPECT_EQ(text_of(all[1], "hub", "east"),
            "resolver of namespace 'users' is 'set' at hub and 'map' at east");
  EXPECT_TRUE(book.learn("west", {}));
  EXPECT_EQ(text_of(book.differences("west")[0], "hub", "west"),
            "resolver of namespace 'hits' is 'counter' at hub and the default at west");
}

TEST(SettingsBook, only_a_change_is_news_and_agreement_ends_it) {
  SettingsBook book(ours());
  EXPECT_FALSE(book.learn("east", ours().namespaces)) << "the order makes no difference";
  EXPECT_TRUE(book.learn("east", {}));
  EXPECT_FALSE(book.learn("east", {}));
  EXPECT_EQ(book.disagreeing().size(), 1U);
  EXPECT_TRUE(book.learn("east", ours().namespaces));
  EXPECT_FALSE(book.differs("east", "users"));
  EXPECT_TRUE(book.disagreeing().empty());
  EXPECT_TRUE(book.learn("east", {}));
  book.forget("east");
  EXPECT_TRUE(book.disagreeing().empty());
}

}  // namespace
}  // namespace mpreg
