#include "coherence/serving_rights.h"

#include <gtest/gtest.h>

namespace mpreg {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Rights : testing::Test {
  ServingRights rights;
  const ServingRights::Scope* all = rights.add_scope({});
  Instant start{seconds(1000)};

  Rights() {
    rights.begin(1);
    rights.subscribed();
  }
  [[nodiscard]] CoherenceState at(Duration since,
                                  const ServingRights::Scope* scope = nullptr) const {
    return rights.state(start + since, scope == nullptr ? *all : *scope);
  }
};

TEST_F(Rights, NothingIsServedBeforeTheFirstLease) {
  EXPECT_EQ(at({}), CoherenceState::repairing);
  rights.end();
  EXPECT_EQ(at({}), CoherenceState::suspect);
}

// Pitfall 6: what is told before the subscription is active is told to nobody.
TEST_F(Rights, Pitfall06ALeaseFromBeforeTheSubscriptionIsNone) {
  ServingRights fresh;
  const auto* scope = fresh.add_scope({});
  fresh.begin(1);
  fresh.renew(start, false, {{"east", 0}});
  EXPECT_EQ(fresh.state(start, *scope), CoherenceState::repairing);
  fresh.subscribed();
  fresh.renew(start, false, {{"east", 0}});
  EXPECT_EQ(fresh.state(start, *scope), CoherenceState::coherent);
}

// Pitfalls 7 and 10: it ends by the clock, whether anybody looks or not, and counts from the
// sending of the probe.
TEST_F(Rights, Pitfall10TheLeaseEndsThreeSecondsAfterTheProbeWasSent) {
  rights.renew(start, false, {{"east", 0}});
  EXPECT_EQ(at(milliseconds(2999)), CoherenceState::coherent);
  EXPECT_EQ(at(milliseconds(3000)), CoherenceState::repairing);
  rights.end();
  EXPECT_EQ(at(seconds(4)), CoherenceState::suspect);
  EXPECT_EQ(rights.lease_until(), start + seconds(3));
}

TEST_F(Rights, ABrokerThatIsBehindRenewsNothing) {
  rights.renew(start, true, {{"east", 0}});
  EXPECT_EQ(at({}), CoherenceState::repairing);
}

TEST_F(Rights, AnEchoOfAnOlderProbeTakesNothingBack) {
  rights.renew(start + seconds(1), false, {{"east", 0}, {"west", 100}});
  rights.renew(start, false, {{"east", 0}, {"west", 0}});
  EXPECT_EQ(at(milliseconds(3999)), CoherenceState::coherent);
}

TEST_F(Rights, AClusterThatIsSilentDegrades) {
  rights.renew(start, false, {{"east", 0}, {"west", 4000}});
  EXPECT_EQ(at(milliseconds(999)), CoherenceState::coherent);
  EXPECT_EQ(at(milliseconds(1000)), CoherenceState::degraded);
  rights.renew(start + seconds(1), false, {{"east", 0}, {"west", 100}});
  EXPECT_EQ(at(milliseconds(1000)), CoherenceState::coherent);
}

TEST_F(Rights, AClusterOfWhichNothingIsKnownDegradesUntilItIs) {
  rights.renew(start, false, {{"east", 0}, {"west", kAgeUnknown}});
  EXPECT_EQ(at({}), CoherenceState::degraded);
  rights.renew(start, false, {{"east", 0}, {"west", 0}});
  EXPECT_EQ(at({}), CoherenceState::coherent);
}

TEST_F(Rights, OnlyTheWritersOfANamespaceCount) {
  const auto* of_east = rights.add_scope({"east"});
  const auto* of_west = rights.add_scope({"west"});
  rights.renew(start, false, {{"east", 0}, {"west", kAgeUnknown}});
  EXPECT_EQ(at({}, of_east), CoherenceState::coherent);
  EXPECT_EQ(at({}, of_west), CoherenceState::degraded);
  EXPECT_EQ(at({}), CoherenceState::degraded);
}

TEST_F(Rights, AClusterThatTheSameBrokerNamesNoMoreWasForgotten) {
  rights.renew(start, false, {{"east", 0}, {"west", kAgeUnknown}});
  rights.renew(start, false, {{"east", 0}});
  EXPECT_EQ(at({}), CoherenceState::coherent);
}

// Pitfall 26: another broker may not have heard of it yet.
TEST_F(Rights, AClusterThatAnotherBrokerDoesNotNameStaysAwaited) {
  rights.renew(start, false, {{"east", 0}, {"west", 0}});
  rights.begin(2);
  rights.renew(start + seconds(5), false, {{"east", 0}});
  EXPECT_EQ(at(seconds(5)), CoherenceState::degraded);
  rights.renew(start + seconds(5), false, {{"east", 0}, {"west", 500}});
  EXPECT_EQ(at(seconds(5)), CoherenceState::coherent);
}

TEST_F(Rights, AnOperatorMayForgetIt) {
  rights.renew(start, false, {{"east", 0}, {"west", kAgeUnknown}});
  rights.forget("west");
  EXPECT_EQ(at({}), CoherenceState::coherent);
}

}  // namespace
}  // namespace mpreg
