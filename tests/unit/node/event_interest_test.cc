#include "node/event_interest.h"

#include <gtest/gtest.h>

namespace mpreg {
namespace {

using Texts = std::vector<std::string>;

constexpr std::uint64_t kCounter = 7;
constexpr Instant kBegun{std::chrono::hours(1)};

struct Asking {
  NodeOptions options;
  MetricsRegistry registry;
  NodeMetrics metrics{registry};
  EventInterest interest{options, metrics};
  Asking() {
    options.cluster = "east";
    interest.begin(kCounter);
    interest.federate();
  }
};

InterestUpdate update_of(std::string cluster, Generation generation, Generation since,
                         Texts added) {
  return {std::move(cluster), generation, since, std::move(added), {}};
}

TEST(EventInterest, before_there_are_links_nothing_is_told_and_nobody_waits) {
  NodeOptions options;
  options.cluster = "east";
  MetricsRegistry registry;
  NodeMetrics metrics(registry);
  EventInterest interest(options, metrics);
  interest.begin(kCounter);
  interest.want("a.b");
  EXPECT_EQ(interest.due(), 0U);
  EXPECT_EQ(interest.due_for({"a.b"}), 0U);
  EXPECT_FALSE(interest.take_update());
}

TEST(EventInterest, each_change_is_told_once_in_the_next_generation) {
  Asking f;
  f.interest.want("a.b");
  const Generation due = f.interest.due_for({"a.b"});
  const auto update = f.interest.take_update();
  ASSERT_TRUE(update);
  EXPECT_EQ(update->generation, due);
  EXPECT_EQ(update->added, (Texts{"a.b"}));
  EXPECT_FALSE(f.interest.take_update());
  EXPECT_EQ(f.interest.due_for({"a.b"}), due) << "it is told already";
}

TEST(EventInterest, patterns_of_the_cache_are_not_told) {
  Asking f;
  f.interest.want(f.options.topic_prefix + ".invalidation.#");
  EXPECT_FALSE(f.interest.take_update());
}

TEST(EventInterest, a_generation_for_which_somebody_waits_comes_though_nothing_is_left_of_it) {
  Asking f;
  f.interest.want("a.b");
  const Generation due = f.interest.due();
  f.interest.unwant("a.b");
  const auto update = f.interest.take_update();
  ASSERT_TRUE(update);
  EXPECT_EQ(update->generation, due);
  EXPECT_TRUE(update->added.empty());
}

TEST(EventInterest, what_is_given_up_is_asked_for_a_little_longer) {
  Asking f;
  f.interest.want("a.b");
  (void)f.interest.take_update();
  f.interest.linger(kBegun, {"a.b"});
  f.interest.tick(kBegun + kInterestLinger - std::chrono::milliseconds(1));
  EXPECT_FALSE(f.interest.take_update());
  f.interest.tick(kBegun + kInterestLinger);
  const auto update = f.interest.take_update();
  ASSERT_TRUE(update);
  EXPECT_EQ(update->removed, (Texts{"a.b"}));
}

TEST(EventInterest, another_life_asks_for_all_of_it_above_whatever_was_told_before) {
  Asking f;
  f.interest.want("a.b");
  const Generation before = f.interest.take_update()->generation;
  f.interest.begin_again(kCounter + 1);
  EXPECT_GT(f.interest.all_of_ours().generation, before);
  EXPECT_EQ(f.interest.all_of_ours().added, (Texts{"a.b"}));
}

TEST(EventInterest, a_later_generation_of_ours_that_somebody_knows_is_outnumbered) {
  Asking f;
  f.interest.want("a.b");
  const Generation ours = f.interest.take_update()->generation;
  EXPECT_EQ(f.interest.hear(update_of("east", ours, 0, {}), false), EventInterest::Heard::known);
  EXPECT_EQ(f.interest.hear(update_of("east", ours + 10, 0, {"x"}), false),
            EventInterest::Heard::ours_is_late);
  EXPECT_EQ(f.interest.all_of_ours().generation, ours + 11);
  EXPECT_EQ(f.interest.all_of_ours().added, (Texts{"a.b"}));
  InterestDigest digest;
  digest.known.push_back({"east", ours + 11, 0});
  EXPECT_FALSE(f.interest.catch_up(digest));
  digest.known[0].generation = ours + 20;
  EXPECT_TRUE(f.interest.catch_up(digest));
  EXPECT_EQ(f.interest.all_of_ours().generation, ours + 21);
}

TEST(EventInterest, of_the_others_news_is_told_on_and_a_hole_is_asked_for) {
  Asking f;
  EXPECT_EQ(f.interest.hear(update_of("west", 5, 0, {"a"}), false), EventInterest::Heard::news);
  EXPECT_EQ(f.interest.hear(update_of("west", 5, 0, {"a"}), false), EventInterest::Heard::known);
  EXPECT_EQ(f.interest.hear(update_of("west", 8, 7, {"b"}), false), EventInterest::Heard::behind);
}

TEST(EventInterest, a_digest_shows_who_knows_better) {
  Asking f;
  (void)f.interest.hear(update_of("west", 5, 0, {"a"}), false);
  InterestDigest theirs = f.interest.table().digest();
  const auto is_towards = [](const std::string& cluster) { return cluster == "west"; };
  EXPECT_TRUE(f.interest.better_than(theirs, is_towards).empty());
  EXPECT_FALSE(f.interest.is_behind(theirs));
  for (KnownInterest& known : theirs.known) {
    if (known.cluster == "west") known.hash ^= 1;  // The same generation, other patterns.
  }
  EXPECT_TRUE(f.interest.better_than(theirs, is_towards).empty()) << "they are nearer to it";
  const auto nobody = [](const std::string&) { return false; };
  EXPECT_EQ(f.interest.better_than(theirs, nobody).size(), 1U);
  for (KnownInterest& known : theirs.known) known.generation += known.cluster == "west" ? 1 : 0;
  EXPECT_TRUE(f.interest.is_behind(theirs));
}

}  // namespace
}  // namespace mpreg
