#include "session/interest.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace mpreg {
namespace {

std::vector<std::uint32_t> ids_for(const Interest& interest, std::string_view topic) {
  std::vector<std::uint32_t> slots;
  interest.patterns().match(topic, slots);
  std::vector<std::uint32_t> ids;
  for (const std::uint32_t slot : slots) ids.push_back(interest.id_of(slot));
  std::sort(ids.begin(), ids.end());
  return ids;
}

TEST(Interest, a_subscription_matches_from_its_confirmation_on) {
  Interest interest;
  interest.begin(1, {7, {"a.*"}, 0, 0});
  EXPECT_TRUE(ids_for(interest, "a.b").empty());
  EXPECT_TRUE(interest.confirm(1, {}));
  EXPECT_EQ(ids_for(interest, "a.b"), (std::vector<std::uint32_t>{7}));
  EXPECT_FALSE(interest.confirm(1, {}));
}

TEST(Interest, backlog_of_a_request_that_was_replaced_is_not_taken) {
  Interest interest;
  interest.begin(1, {7, {"a"}, 10, 0});
  interest.begin(2, {7, {"b"}, 0, 0});
  EXPECT_FALSE(interest.takes_backlog(7));
  EXPECT_FALSE(interest.confirm(1, {}));
  interest.void_backlog(7);
  EXPECT_FALSE(interest.takes_backlog(7));
  EXPECT_TRUE(interest.confirm(2, {}));
  EXPECT_TRUE(interest.takes_backlog(7));
  EXPECT_FALSE(interest.takes_backlog(8));
}

TEST(Interest, a_replacement_keeps_the_old_patterns_until_it_is_confirmed_or_refused) {
  Interest interest;
  interest.begin(1, {7, {"a"}, 0, 0});
  interest.confirm(1, {});
  EXPECT_EQ(interest.begin(2, {7, {"b"}, 0, 0}), 0U);
  EXPECT_EQ(interest.begin(3, {7, {"c"}, 0, 0}), 2U);
  EXPECT_EQ(ids_for(interest, "a").size(), 1U);
  EXPECT_FALSE(interest.confirm(2, {}));
  EXPECT_TRUE(interest.confirm(3, {}));
  EXPECT_TRUE(ids_for(interest, "a").empty());
  EXPECT_EQ(ids_for(interest, "c").size(), 1U);
  interest.begin(4, {7, {"d"}, 0, 0});
  EXPECT_TRUE(interest.refuse(4));
  EXPECT_EQ(ids_for(interest, "c").size(), 1U);
}

TEST(Interest, a_new_subscription_counts_from_the_seam_of_each_stream) {
  Interest interest;
  interest.begin(1, {7, {"#"}, 0, 0});
  interest.confirm(1, {});
  interest.begin(2, {8, {"#"}, 0, 0});
  interest.confirm(2, {{4, 100}});
  EXPECT_EQ(interest.seam_of(4), 100U);
  EXPECT_EQ(interest.seam_of(3), 0U);
  std::vector<std::uint32_t> slots;
  interest.patterns().match("x", slots);
  ASSERT_EQ(slots.size(), 2U);
  for (const std::uint32_t slot : slots) {
    EXPECT_EQ(interest.counts(slot, 4, 100), interest.id_of(slot) == 7);
    EXPECT_TRUE(interest.counts(slot, 4, 101));
    EXPECT_TRUE(interest.counts(slot, 3, 1));
  }
}

TEST(Interest, removal_leaves_nothing_behind) {
  Interest interest;
  interest.begin(1, {7, {"a", "b"}, 0, 0});
  interest.confirm(1, {});
  interest.begin(2, {7, {"c"}, 0, 0});
  EXPECT_EQ(interest.patterns_asked(), 3U);
  EXPECT_EQ(interest.remove(7), 2U);
  EXPECT_EQ(interest.remove(7), std::nullopt);
  EXPECT_EQ(interest.patterns_asked(), 0U);
  EXPECT_EQ(interest.patterns().patterns(), 0U);
  EXPECT_TRUE(interest.active().empty());
  EXPECT_TRUE(interest.pending().empty());
}

}  // namespace
}  // namespace mpreg
