#include "exchange/selection.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

namespace mpreg {
namespace {

using Records = std::vector<std::uint16_t>;
using Sessions = std::vector<std::uint32_t>;

TEST(Selection, records_that_all_go_to_the_same_sessions_need_no_body_built) {
  const IdList sessions = {2, 5};
  Selection selection;
  selection.begin(3);
  for (int i = 0; i < 3; ++i) selection.add(&sessions);
  const auto groups = selection.finish();
  ASSERT_EQ(groups.size(), 1U);
  EXPECT_TRUE(groups[0].everything);
  EXPECT_TRUE(groups[0].records.empty());
  EXPECT_EQ(groups[0].sessions, (Sessions{2, 5}));
}

TEST(Selection, records_for_nobody_make_no_group) {
  const IdList nobody;
  Selection selection;
  selection.begin(2);
  selection.add(nullptr);
  selection.add(nullptr);
  EXPECT_TRUE(selection.finish().empty());
  selection.begin(2);
  selection.add(&nobody);
  selection.add(&nobody);
  EXPECT_TRUE(selection.finish().empty());
  selection.begin(0);
  EXPECT_TRUE(selection.finish().empty());
}

TEST(Selection, sessions_with_the_same_records_share_a_group) {
  const IdList first = {1, 2, 3};
  const IdList second = {2, 3};
  Selection selection;
  selection.begin(3);
  selection.add(&first);
  selection.add(nullptr);
  selection.add(&second);
  const auto groups = selection.finish();
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_EQ(groups[0].records, (Records{0}));
  EXPECT_EQ(groups[0].sessions, (Sessions{1}));
  EXPECT_EQ(groups[1].records, (Records{0, 2}));
  EXPECT_EQ(groups[1].sessions, (Sessions{2, 3}));
  EXPECT_FALSE(groups[1].everything);
}

TEST(Selection, a_session_that_gets_every_record_by_different_lists_gets_the_body_as_it_is) {
  const IdList first = {4, 9};
  const IdList second = {4};
  Selection selection;
  selection.begin(2);
  selection.add(&first);
  selection.add(&second);
  const auto groups = selection.finish();
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_TRUE(groups[0].everything);
  EXPECT_EQ(groups[0].sessions, (Sessions{4}));
  EXPECT_EQ(groups[1].records, (Records{0}));
  EXPECT_EQ(groups[1].sessions, (Sessions{9}));
}

TEST(Selection, a_record_for_nobody_at_the_beginning_or_end_leaves_no_everything) {
  const IdList sessions = {1};
  Selection selection;
  selection.begin(2);
  selection.add(nullptr);
  selection.add(&sessions);
  ASSERT_EQ(selection.finish().size(), 1U);
  EXPECT_FALSE(selection.finish()[0].everything);
  selection.begin(2);
  selection.add(&sessions);
  selection.add(nullptr);
  ASSERT_EQ(selection.finish().size(), 1U);
  EXPECT_EQ(selection.finish()[0].records, (Records{0}));
}

// One selection is used for many bodies, as by the broker: nothing of one reaches the next.
TEST(Selection, agrees_with_a_plain_map_for_body_after_body) {
  std::mt19937_64 random(6);
  const std::vector<IdList> lists = {{}, {0}, {0, 1}, {1, 3}, {0, 1}, {2, 5, 700}, {700}};
  Selection selection;
  for (int body = 0; body < 2000; ++body) {
    const std::size_t count = random() % 6;
    const std::size_t kinds = 1 + random() % lists.size();
    std::map<std::uint32_t, Records> truth;
    selection.begin(count);
    for (std::uint16_t record = 0; record < count; ++record) {
      const std::size_t kind = random() % (kinds + 1);
      const IdList* sessions = kind == kinds ? nullptr : &lists[kind];
      selection.add(sessions);
      if (sessions == nullptr) continue;
      for (const std::uint32_t session : *sessions) truth[session].push_back(record);
    }
    std::map<std::uint32_t, Records> found;
    std::set<Records> seen;
    std::uint32_t last_first = 0;
    for (const Selection::Group& group : selection.finish()) {
      Records records = group.records;
      ASSERT_EQ(group.everything, records.empty());
      if (group.everything) {
        for (std::uint16_t record = 0; record < count; ++record) records.push_back(record);
      }
      ASSERT_TRUE(seen.insert(records).second) << "two groups of the same records";
      ASSERT_GE(group.sessions.front(), last_first);
      last_first = group.sessions.front();
      for (const std::uint32_t session : group.sessions) {
        ASSERT_TRUE(found.emplace(session, records).second) << "a session in two groups";
      }
    }
    ASSERT_EQ(found, truth) << body;
  }
}

}  // namespace
}  // namespace mpreg
