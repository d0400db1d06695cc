// Observers alone: which facts count as observed, and when.

#include "node/observers.h"

#include <gtest/gtest.h>

#include "message/leases.h"

namespace mpreg {
namespace {

using std::chrono::milliseconds;

constexpr StreamIndex kStream = 3;
constexpr Instant kBegun{std::chrono::hours(1)};
// When near caches of an earlier process have all stopped serving.
constexpr Instant kLater = kBegun + std::chrono::hours(1);
constexpr Duration kFence = kNearCacheLease + kLeaseMargin;

TEST(Observers, without_near_caches_everything_applied_is_observed) {
  Observers observers(kBegun);
  observers.await(kStream, 5, 5, kLater, {});
  EXPECT_FALSE(observers.is_waiting());
  EXPECT_EQ(observers.observed_through(kStream, 5), 5U);
}

TEST(Observers, a_fact_waits_until_each_near_cache_has_applied_it) {
  Observers observers(kBegun);
  observers.await(kStream, 5, 5, kLater, {1, 2});
  observers.applied(1, kStream, 5);
  EXPECT_TRUE(observers.settle(kLater).moved.empty());
  EXPECT_EQ(observers.observed_through(kStream, 9), 4U);
  observers.applied(2, kStream, 7);
  const Observers::Settled settled = observers.settle(kLater);
  EXPECT_EQ(settled.moved, std::vector<StreamIndex>{kStream});
  EXPECT_EQ(settled.fenced, 0U);
  EXPECT_EQ(observers.observed_through(kStream, 9), 9U);
}

TEST(Observers, a_near_cache_that_does_not_answer_is_fenced_when_its_lease_has_run_out) {
  Observers observers(kBegun);
  observers.await(kStream, 5, 5, kLater, {1, 2});
  observers.applied(2, kStream, 5);
  EXPECT_TRUE(observers.settle(kLater + kFence - milliseconds(1)).moved.empty());
  EXPECT_EQ(observers.settle(kLater + kFence).fenced, 1U);
  EXPECT_FALSE(observers.is_waiting());
}

TEST(Observers, a_gap_is_observed_by_its_last_number) {
  Observers observers(kBegun);
  observers.await(kStream, 5, 8, kLater, {1});
  observers.applied(1, kStream, 7);
  EXPECT_TRUE(observers.settle(kLater).moved.empty());
  EXPECT_EQ(observers.observed_through(kStream, 8), 4U);
  observers.applied(1, kStream, 8);
  EXPECT_EQ(observers.settle(kLater).moved.size(), 1U);
}

TEST(Observers, facts_are_observed_in_the_order_of_their_stream) {
  Observers observers(kBegun);
  observers.await(kStream, 5, 5, kLater, {1});
  observers.await(kStream, 6, 6, kLater, {2});
  observers.applied(2, kStream, 6);
  EXPECT_TRUE(observers.settle(kLater).moved.empty());
  EXPECT_EQ(observers.observed_through(kStream, 6), 4U);
}

TEST(Observers, a_near_cache_whose_session_has_ended_may_serve_until_its_lease_has_run_out) {
  Observers observers(kBegun);
  observers.depart(kLater);
  observers.await(kStream, 5, 5, kLater + milliseconds(1), {});
  EXPECT_TRUE(observers.settle(kLater + kFence - milliseconds(1)).moved.empty());
  EXPECT_EQ(observers.settle(kLater + kFence).moved.size(), 1U);
}

TEST(Observers, near_caches_of_an_earlier_process_are_waited_for_as_well) {
  Observers observers(kBegun);
  observers.await(kStream, 1, 1, kBegun, {});
  EXPECT_TRUE(observers.is_waiting());
  EXPECT_TRUE(observers.may_trust_earlier_life(kBegun + kOriginSilenceMax));
  EXPECT_EQ(observers.settle(kBegun + kFence).moved.size(), 1U);
  EXPECT_FALSE(observers.may_trust_earlier_life(kBegun + kOriginSilenceMax + kLeaseMargin));
}

}  // namespace
}  // namespace mpreg
