#include "federation/pending_operations.h"

#include <gtest/gtest.h>

namespace mpreg {
namespace {

using namespace std::chrono_literals;
using Ended = std::vector<PendingOperations::Ended>;
using Names = std::vector<std::string>;

constexpr Instant kStart{100s};

PendingOperations::Operation operation_of(std::uint64_t id, Number cache, Names missing,
                                          Number bulk = 0, Duration timeout = 30s) {
  PendingOperations::Operation operation;
  operation.id = {1, id};
  operation.cache_number = cache;
  operation.bulk_number = bulk;
  operation.progress = std::make_shared<const PendingOperations::Progress>(
      PendingOperations::Progress{{}, std::move(missing), {}});
  operation.started = kStart;
  operation.deadline = kStart + timeout;
  return operation;
}

TEST(PendingOperations, confirmed_when_the_last_target_has_applied_it) {
  PendingOperations pending(10);
  Ended ended;
  pending.add(operation_of(50, 7, {"east", "west"}), kStart, ended);
  pending.applied("west", Lane::cache, 6, kStart, ended);
  pending.applied("west", Lane::cache, 7, kStart + 1ms, ended);
  pending.applied("north", Lane::cache, 9, kStart + 1ms, ended);
  EXPECT_TRUE(ended.empty());
  EXPECT_EQ(pending.size(), 1U);
  pending.applied("east", Lane::cache, 100, kStart + 3ms, ended);
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_EQ(ended[0].id.client, 1U);
  EXPECT_EQ(ended[0].id.operation, 50U);
  EXPECT_EQ(ended[0].outcome, Outcome::confirmed);
  EXPECT_EQ(ended[0].progress->confirmed, (Names{"west", "east"}));
  EXPECT_TRUE(ended[0].progress->missing.empty());
  EXPECT_EQ(ended[0].latency_us, 3000U);
  EXPECT_EQ(pending.size(), 0U);
  EXPECT_EQ(pending.next_deadline(), std::nullopt);
}

TEST(PendingOperations, without_targets_an_operation_ends_at_once) {
  PendingOperations pending(10);
  Ended ended;
  pending.add(operation_of(50, 7, {}), kStart, ended);
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_EQ(ended[0].outcome, Outcome::confirmed);
  EXPECT_EQ(pending.size(), 0U);
}

TEST(PendingOperations, one_report_ends_every_operation_that_it_covers_in_order) {
  PendingOperations pending(10);
  Ended ended;
  for (std::uint64_t i = 1; i <= 5; ++i) {
    pending.add(operation_of(50 + i, i, {"east"}), kStart, ended);
  }
  pending.applied("east", Lane::cache, 3, kStart, ended);
  ASSERT_EQ(ended.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(ended[i].id.operation, 51 + i);
  EXPECT_EQ(pending.size(), 2U);
  EXPECT_EQ(pending.applied_by("east", Lane::cache), 3U);
}

TEST(PendingOperations, a_replication_waits_for_fact_and_value_whichever_comes_first) {
  PendingOperations pending(10);
  Ended ended;
  pending.add(operation_of(50, 7, {"east"}, 3), kStart, ended);
  pending.add(operation_of(51, 8, {"east"}, 4), kStart, ended);
  pending.applied("east", Lane::cache, 7, kStart, ended);
  EXPECT_TRUE(ended.empty());
  pending.applied("east", Lane::bulk, 4, kStart, ended);
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_EQ(ended[0].id.operation, 50U);
  pending.applied("east", Lane::cache, 8, kStart, ended);
  ASSERT_EQ(ended.size(), 2U);
  EXPECT_EQ(ended[1].id.operation, 51U);
}

TEST(PendingOperations, a_position_never_goes_back_and_events_confirm_nothing) {
  PendingOperations pending(10);
  Ended ended;
  pending.applied("east", Lane::cache, 9, kStart, ended);
  pending.applied("east", Lane::cache, 5, kStart, ended);
  EXPECT_EQ(pending.applied_by("east", Lane::cache), 9U);
  pending.add(operation_of(50, 10, {"east"}), kStart, ended);
  pending.applied("east", Lane::events, 100, kStart, ended);
  pending.applied("east", Lane::bulk, 100, kStart, ended);
  EXPECT_TRUE(ended.empty());
  EXPECT_EQ(pending.applied_by("east", Lane::events), 0U);
  EXPECT_EQ(pending.applied_by("west", Lane::cache), 0U);
}

TEST(PendingOperations, at_the_deadline_it_names_who_is_missing) {
  PendingOperations pending(10);
  Ended ended;
  pending.add(operation_of(50, 7, {"east", "north", "west"}, 0, 2s), kStart, ended);
  pending.add(operation_of(51, 8, {"east"}, 0, 1s), kStart, ended);
  pending.applied("north", Lane::cache, 8, kStart, ended);
  EXPECT_EQ(pending.next_deadline(), kStart + 1s);
  pending.expire(kStart + 1s - 1ns, ended);
  EXPECT_TRUE(ended.empty());
  pending.expire(kStart + 2s, ended);
  ASSERT_EQ(ended.size(), 2U);
  EXPECT_EQ(ended[1].id.operation, 51U);
  EXPECT_EQ(ended[0].outcome, Outcome::timed_out);
  EXPECT_EQ(ended[0].progress->missing, (Names{"east", "west"}));
  EXPECT_EQ(ended[0].progress->confirmed, (Names{"north"}));
  pending.applied("east", Lane::cache, 9, kStart, ended);
  EXPECT_EQ(ended.size(), 2U) << "an operation ends once";
}

TEST(PendingOperations, with_one_deadline_for_many_only_the_confirmed_one_leaves) {
  PendingOperations pending(10);
  Ended ended;
  pending.add(operation_of(50, 7, {"west"}), kStart, ended);
  pending.add(operation_of(51, 8, {"east"}), kStart, ended);
  pending.add(operation_of(52, 9, {"west"}), kStart, ended);
  pending.applied("east", Lane::cache, 9, kStart, ended);
  ASSERT_EQ(ended.size(), 1U);
  pending.expire(kStart + 30s, ended);
  ASSERT_EQ(ended.size(), 3U);
  EXPECT_EQ(ended[1].id.operation, 50U);
  EXPECT_EQ(ended[2].id.operation, 52U);
}

TEST(PendingOperations, one_may_be_ended_by_hand_and_an_unknown_one_may_not) {
  PendingOperations pending(10);
  Ended ended;
  pending.add(operation_of(50, 7, {"east"}), kStart, ended);
  pending.add(operation_of(51, 8, {"east"}), kStart, ended);
  EXPECT_FALSE(pending.complete({1, 99}, true, kStart, ended));
  EXPECT_FALSE(pending.complete({2, 50}, true, kStart, ended));
  EXPECT_TRUE(pending.complete({1, 50}, false, kStart, ended));
  EXPECT_TRUE(pending.complete({1, 51}, true, kStart, ended));
  EXPECT_FALSE(pending.complete({1, 50}, true, kStart, ended));
  ASSERT_EQ(ended.size(), 2U);
  EXPECT_EQ(ended[0].outcome, Outcome::failed);
  EXPECT_EQ(ended[0].progress->missing, (Names{"east"}));
  EXPECT_EQ(ended[1].outcome, Outcome::confirmed);
  EXPECT_EQ(pending.next_deadline(), std::nullopt);
}

TEST(PendingOperations, is_full_at_its_limit_and_no_longer_when_one_has_ended) {
  PendingOperations pending(2);
  Ended ended;
  pending.add(operation_of(50, 7, {"east"}), kStart, ended);
  EXPECT_FALSE(pending.full());
  pending.add(operation_of(51, 8, {"east"}), kStart, ended);
  EXPECT_TRUE(pending.full());
  pending.applied("east", Lane::cache, 7, kStart, ended);
  EXPECT_FALSE(pending.full());
}

TEST(PendingOperations, all_fail_when_the_incarnation_is_over_and_numbers_start_again) {
  PendingOperations pending(10);
  Ended ended;
  pending.add(operation_of(50, 7, {"east"}), kStart, ended);
  pending.add(operation_of(51, 8, {"east"}), kStart, ended);
  pending.applied("east", Lane::cache, 6, kStart, ended);
  pending.fail_all(kStart, ended);
  pending.forget_positions();
  ASSERT_EQ(ended.size(), 2U);
  EXPECT_EQ(ended[1].outcome, Outcome::failed);
  EXPECT_EQ(pending.oldest(), std::nullopt);
  EXPECT_EQ(pending.applied_by("east", Lane::cache), 0U);
  pending.add(operation_of(52, 1, {"east"}), kStart, ended);
  pending.applied("east", Lane::cache, 1, kStart, ended);
  EXPECT_EQ(ended.size(), 3U);
}

// What is told of many is told once: see Node::Impl::tell_outcomes.
TEST(PendingOperations,
     those_that_await_the_same_and_end_by_the_same_report_share_how_far_they_came) {
  PendingOperations pending(100);
  Ended ended;
  for (std::uint64_t i = 1; i <= 40; ++i) {
    auto operation = operation_of(50 + i, i, {});
    operation.progress = pending.awaiting({"east", "west"});
    pending.add(operation, kStart, ended);
  }
  pending.applied("west", Lane::cache, 30, kStart, ended);
  pending.applied("east", Lane::cache, 40, kStart, ended);
  ASSERT_EQ(ended.size(), 30U);
  for (const auto& one : ended) EXPECT_EQ(one.progress, ended[0].progress);
  EXPECT_EQ(ended[0].progress->confirmed, (Names{"west", "east"}));
  pending.applied("west", Lane::cache, 40, kStart, ended);
  ASSERT_EQ(ended.size(), 40U);
  for (std::size_t i = 30; i < 40; ++i) EXPECT_EQ(ended[i].progress, ended[30].progress);
  EXPECT_EQ(ended[30].progress->confirmed, (Names{"east", "west"}));
}

// Behind one that stays, thousands come and go.
TEST(PendingOperations, one_that_waits_long_keeps_its_place_among_many_that_end) {
  PendingOperations pending(10);
  Ended ended;
  pending.add(operation_of(1, 1, {"west"}), kStart, ended);
  for (std::uint64_t i = 2; i <= 5000; ++i) {
    pending.add(operation_of(i, i, {"east"}), kStart, ended);
    pending.applied("east", Lane::cache, i, kStart, ended);
  }
  ASSERT_EQ(ended.size(), 4999U);
  for (std::size_t i = 0; i < ended.size(); ++i) ASSERT_EQ(ended[i].id.operation, i + 2);
  EXPECT_EQ(pending.size(), 1U);
  pending.applied("west", Lane::cache, 5000, kStart, ended);
  EXPECT_EQ(ended.back().id.operation, 1U);
  EXPECT_EQ(pending.size(), 0U);
}

TEST(PendingOperations, knows_when_the_oldest_one_began) {
  PendingOperations pending(10);
  Ended ended;
  auto later = operation_of(51, 8, {"east"});
  later.started = kStart + 5s;
  pending.add(operation_of(50, 7, {"east"}), kStart, ended);
  pending.add(later, kStart + 5s, ended);
  EXPECT_EQ(pending.oldest(), kStart);
  EXPECT_TRUE(pending.complete({1, 50}, true, kStart, ended));
  EXPECT_EQ(pending.oldest(), kStart + 5s);
}

TEST(PendingOperationsDeathTest, one_operation_twice_stops_the_process) {
  PendingOperations pending(10);
  Ended ended;
  pending.add(operation_of(50, 7, {"east"}), kStart, ended);
  EXPECT_DEATH(pending.add(operation_of(50, 7, {"east"}), kStart, ended), "broken invariant");
}

// ---- Level observed.

PendingOperations::Operation observed_operation(Number cache, Names missing) {
  PendingOperations::Operation operation = operation_of(50, cache, std::move(missing));
  operation.fence = kStart + 5s;
  return operation;
}

TEST(PendingOperations, one_that_waits_for_near_caches_is_confirmed_when_they_have_applied_it) {
  PendingOperations pending(10);
  Ended ended;
  pending.add(observed_operation(7, {"east", "west"}), kStart, ended);
  EXPECT_TRUE(pending.awaits_observers());
  pending.applied("east", Lane::cache, 9, kStart, ended);
  pending.applied("west", Lane::cache, 9, kStart, ended);
  pending.observed("east", 9, kStart, ended);
  pending.observed("west", 6, kStart, ended);
  EXPECT_TRUE(ended.empty());
  pending.observed("west", 7, kStart + 1ms, ended);
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_EQ(ended[0].progress->confirmed, (Names{"east", "west"}));
  EXPECT_TRUE(ended[0].progress->fenced.empty());
  EXPECT_FALSE(pending.awaits_observers());
}

TEST(PendingOperations, pitfall_31_who_has_not_observed_it_in_time_is_fenced_and_does_not_count) {
  PendingOperations pending(10);
  Ended ended;
  pending.add(observed_operation(7, {"east", "west"}), kStart, ended);
  pending.applied("east", Lane::cache, 7, kStart, ended);
  pending.observed("east", 7, kStart, ended);
  EXPECT_EQ(pending.next_deadline(), kStart + 5s);
  pending.expire(kStart + 5s - 1ms, ended);
  EXPECT_TRUE(ended.empty());
  pending.expire(kStart + 5s, ended);
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_EQ(ended[0].outcome, Outcome::confirmed);
  EXPECT_EQ(ended[0].progress->confirmed, (Names{"east", "west"}));
  EXPECT_EQ(ended[0].progress->fenced, Names{"west"});
}

TEST(PendingOperations, one_that_waits_for_its_fence_is_not_confirmed_before) {
  PendingOperations pending(10);
  Ended ended;
  auto operation = observed_operation(7, {"east"});
  operation.waits_for_fence = true;
  pending.add(std::move(operation), kStart, ended);
  pending.applied("east", Lane::cache, 7, kStart, ended);
  pending.observed("east", 7, kStart, ended);
  EXPECT_TRUE(ended.empty());
  pending.expire(kStart + 5s, ended);
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_EQ(ended[0].progress->confirmed, Names{"east"});
  EXPECT_TRUE(ended[0].progress->fenced.empty());
}

TEST(PendingOperations, a_value_sent_later_waits_for_the_bulk_lane_alone_and_each_is_told) {
  PendingOperations pending(10);
  Ended ended;
  auto value = operation_of(51, 0, {"east", "west"}, 4);
  value.tells_each = true;
  pending.add(operation_of(50, 7, {"east"}, 3), kStart, ended);
  pending.add(value, kStart, ended);
  pending.add(operation_of(52, 0, {"west"}, 5), kStart, ended);
  pending.applied("west", Lane::bulk, 4, kStart, ended);
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_EQ(ended[0].outcome, Outcome::acknowledged);
  EXPECT_EQ(ended[0].id.operation, 51U);
  EXPECT_EQ(ended[0].progress->confirmed, (Names{"west"}));
  pending.applied("east", Lane::bulk, 4, kStart, ended);
  ASSERT_EQ(ended.size(), 2U);
  EXPECT_EQ(ended[1].outcome, Outcome::confirmed);
  EXPECT_EQ(ended[1].progress->confirmed, (Names{"west", "east"}));
  EXPECT_TRUE(pending.complete({1, 52}, true, kStart, ended));
  EXPECT_EQ(pending.size(), 1U);
}

// ---- What a target has passed and does not hold.

TEST(PendingOperations, a_value_that_a_target_does_not_hold_ends_the_operation_as_failed) {
  PendingOperations pending(10);
  Ended ended;
  pending.add(operation_of(50, 7, {"east", "west"}, 3), kStart, ended);
  pending.add(operation_of(51, 8, {"east", "west"}, 4), kStart, ended);
  pending.failed("west", Lane::bulk, {3, 3, ApplyFailure::too_large}, kStart, ended);
  pending.applied("west", Lane::bulk, 4, kStart, ended);
  pending.applied("west", Lane::cache, 8, kStart, ended);
  EXPECT_TRUE(ended.empty()) << "east is missing";
  pending.applied("east", Lane::bulk, 4, kStart, ended);
  pending.applied("east", Lane::cache, 8, kStart, ended);
  ASSERT_EQ(ended.size(), 2U);
  EXPECT_EQ(ended[0].id.operation, 50U);
  EXPECT_EQ(ended[0].outcome, Outcome::failed);
  EXPECT_EQ(ended[0].progress->confirmed, Names{"east"});
  EXPECT_EQ(ended[0].progress->failed, (std::vector<FailedAt>{{"west", ApplyFailure::too_large}}));
  EXPECT_TRUE(ended[0].progress->missing.empty());
  EXPECT_EQ(ended[1].outcome, Outcome::confirmed) << "the next value is there";
}

TEST(PendingOperations, the_last_one_to_fail_ends_it_and_a_repeated_report_changes_nothing) {
  PendingOperations pending(10);
  Ended ended;
  pending.add(operation_of(50, 7, {"east", "west"}, 3), kStart, ended);
  pending.applied("east", Lane::cache, 7, kStart, ended);
  pending.applied("east", Lane::bulk, 3, kStart, ended);
  for (int i = 0; i < 2; ++i) {
    pending.failed("east", Lane::bulk, {1, 9, ApplyFailure::lost}, kStart, ended);
    pending.failed("west", Lane::bulk, {1, 9, ApplyFailure::lost}, kStart + 2ms, ended);
  }
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_EQ(ended[0].outcome, Outcome::failed);
  EXPECT_EQ(ended[0].progress->confirmed, Names{"east"}) << "it had confirmed before";
  EXPECT_EQ(ended[0].latency_us, 2000U);
  EXPECT_EQ(pending.size(), 0U);
}

TEST(PendingOperations, a_lost_fact_fails_a_replication_and_not_an_invalidation) {
  PendingOperations pending(10);
  Ended ended;
  pending.add(operation_of(50, 7, {"west"}), kStart, ended);
  pending.add(operation_of(51, 8, {"west"}, 3), kStart, ended);
  pending.failed("west", Lane::cache, {7, 8, ApplyFailure::unreadable}, kStart, ended);
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_EQ(ended[0].id.operation, 51U);
  EXPECT_EQ(ended[0].outcome, Outcome::failed);
  pending.applied("west", Lane::cache, 8, kStart, ended);
  ASSERT_EQ(ended.size(), 2U);
  EXPECT_EQ(ended[1].outcome, Outcome::confirmed) << "what it may have been about was dropped";
}

TEST(PendingOperations, who_is_fenced_does_not_make_good_what_another_did_not_hold) {
  PendingOperations pending(10);
  Ended ended;
  auto operation = operation_of(50, 7, {"east", "west"}, 3);
  operation.fence = kStart + 5s;
  pending.add(std::move(operation), kStart, ended);
  pending.failed("west", Lane::bulk, {3, 3, ApplyFailure::no_capacity}, kStart, ended);
  pending.expire(kStart + 5s, ended);
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_EQ(ended[0].outcome, Outcome::failed);
  EXPECT_EQ(ended[0].progress->fenced, Names{"east"});
}

}  // namespace
}  // namespace mpreg
