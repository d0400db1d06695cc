#include "store/retention.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

namespace mpreg {
namespace {

constexpr std::size_t kEntryBytes = sizeof(LogEntry) + 100;

// Logs of one stream per lane, with entries of one size; what a cache entry is about is given as
// names with commas between them.
class Logs {
 public:
  explicit Logs(std::size_t entries_max) : retention(entries_max * kEntryBytes) {}

  void append(Lane lane, const std::string& about = "") {
    LogEntry entry;
    Number& head = heads_[static_cast<std::size_t>(lane)];
    entry.after = head;
    entry.through = ++head;
    entry.body.frame = Frame::copy_of(as_bytes(std::string(100, ' ')));
    if (!about.empty()) entry.namespaces = names_in(about);
    retention.log(lane).append(std::move(entry));
    retention.enforce();
  }

  [[nodiscard]] std::size_t held(Lane lane) const {
    return retention.log(lane).end() - retention.log(lane).begin();
  }

  Retention retention;

 private:
  static std::shared_ptr<const std::vector<std::string>> names_in(const std::string& text) {
    auto names = std::make_shared<std::vector<std::string>>(1);
    for (const char c : text) {
      if (c == ',') {
        names->emplace_back();
      } else {
        names->back() += c;
      }
    }
    return names;
  }

  std::array<Number, kLanes> heads_{};
};

using Names = std::vector<std::string>;

TEST(Retention, nothing_is_evicted_within_the_budget) {
  Logs logs(8);
  for (int i = 0; i < 8; ++i) logs.append(i % 2 == 0 ? Lane::cache : Lane::events, "n");
  EXPECT_EQ(logs.retention.evicted(), 0U);
  EXPECT_EQ(logs.retention.bytes(), 8 * kEntryBytes);
}

TEST(Retention, other_lanes_give_way_to_the_cache_lane) {
  Logs logs(8);
  for (int i = 0; i < 8; ++i) logs.append(Lane::events);
  for (int i = 0; i < 6; ++i) logs.append(Lane::cache, "n");
  EXPECT_EQ(logs.held(Lane::cache), 6U);
  EXPECT_EQ(logs.held(Lane::events), 2U);
}

TEST(Retention, the_cache_lane_stops_at_three_quarters_while_others_hold_entries) {
  Logs logs(8);
  for (int i = 0; i < 2; ++i) logs.append(Lane::events);
  for (int i = 0; i < 20; ++i) logs.append(Lane::cache, "n");
  EXPECT_EQ(logs.held(Lane::cache), 6U);
  EXPECT_EQ(logs.held(Lane::events), 2U);
}

TEST(Retention, the_cache_lane_alone_may_fill_the_budget) {
  Logs logs(8);
  for (int i = 0; i < 20; ++i) logs.append(Lane::cache, "n");
  EXPECT_EQ(logs.held(Lane::cache), 8U);
  EXPECT_EQ(logs.retention.evicted(), 12U);
}

TEST(Retention, a_flood_of_events_costs_the_cache_lane_no_more_than_a_quarter) {
  Logs logs(8);
  for (int i = 0; i < 8; ++i) logs.append(Lane::cache, "n");
  for (int i = 0; i < 100; ++i) logs.append(Lane::events);
  EXPECT_EQ(logs.held(Lane::cache), 6U);
  EXPECT_EQ(logs.held(Lane::events), 2U);
}

TEST(Retention, of_the_other_lanes_the_greater_one_loses_first) {
  Logs logs(8);
  for (int i = 0; i < 5; ++i) logs.append(Lane::bulk);
  for (int i = 0; i < 3; ++i) logs.append(Lane::events);
  logs.append(Lane::events);
  EXPECT_EQ(logs.held(Lane::bulk), 4U);
  EXPECT_EQ(logs.held(Lane::events), 4U);
}

TEST(Retention, what_was_lost_is_named_by_namespace_from_a_position_on) {
  Logs logs(2);
  for (const char* about : {"a", "b,c", "a", "d", "held", "held"}) logs.append(Lane::cache, about);
  EXPECT_EQ(logs.retention.log(Lane::cache).begin(), 4U);
  EXPECT_EQ(logs.retention.lost_since(0),
            (Scope{ScopeKind::namespaces, Names{"a", "b", "c", "d"}}));
  EXPECT_EQ(logs.retention.lost_since(1),
            (Scope{ScopeKind::namespaces, Names{"a", "b", "c", "d"}}));
  EXPECT_EQ(logs.retention.lost_since(2), (Scope{ScopeKind::namespaces, Names{"a", "d"}}));
  EXPECT_EQ(logs.retention.lost_since(3), (Scope{ScopeKind::namespaces, Names{"d"}}));
}

TEST(Retention, an_entry_that_may_be_about_anything_makes_the_scope_all) {
  Logs logs(1);
  for (const char* about : {"a", "", "b", "held"}) logs.append(Lane::cache, about);
  EXPECT_EQ(logs.retention.lost_since(0).kind, ScopeKind::all);
  EXPECT_EQ(logs.retention.lost_since(1).kind, ScopeKind::all);
  EXPECT_EQ(logs.retention.lost_since(2), (Scope{ScopeKind::namespaces, Names{"b"}}));
}

TEST(Retention, where_nothing_is_known_to_be_lost_the_scope_is_all) {
  Logs logs(4);
  logs.append(Lane::cache, "a");
  EXPECT_EQ(logs.retention.lost_since(0).kind, ScopeKind::all);
}

TEST(Retention, more_namespaces_than_it_remembers_widen_what_is_oldest_and_only_that) {
  Logs logs(1);
  constexpr std::size_t kEntries = 300;
  for (std::size_t i = 0; i <= kEntries; ++i) logs.append(Lane::cache, "n" + std::to_string(i));
  EXPECT_EQ(logs.retention.lost_since(0).kind, ScopeKind::all);
  EXPECT_EQ(logs.retention.lost_since(kEntries - 257).kind, ScopeKind::all);
  const Scope recent = logs.retention.lost_since(kEntries - 256);
  EXPECT_EQ(recent.kind, ScopeKind::namespaces);
  EXPECT_EQ(recent.names.size(), 256U);
}

TEST(Retention, an_entry_about_many_namespaces_does_not_make_it_remember_more) {
  Logs logs(1);
  for (int i = 0; i < 200; ++i) {
    const std::string n = "n" + std::to_string(i);
    logs.append(Lane::cache, n + "a," + n + "b," + n + "c");
  }
  logs.append(Lane::cache, "held");
  EXPECT_EQ(logs.retention.lost_since(0).kind, ScopeKind::all);
  for (LogPosition position = 0; position < 200; ++position) {
    ASSERT_LE(logs.retention.lost_since(position).names.size(), 256U) << position;
  }
  EXPECT_EQ(logs.retention.lost_since(199).names.size(), 3U);
}

}  // namespace
}  // namespace mpreg
