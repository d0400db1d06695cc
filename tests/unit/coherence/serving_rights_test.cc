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
  void renew(Duration asked, bool is_behind, const std::vector<Vouch>& vouches) {
    rights.renew(AsOf(SentAt::before_sending(start + asked)), is_behind, vouches);
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
  fresh.renew(AsOf(SentAt::before_sending(start)), false, {{"east", 0}});
  EXPECT_EQ(fresh.state(start, *scope), CoherenceState::repairing);
  fresh.subscribed();
  fresh.renew(AsOf(SentAt::before_sending(start)), false, {{"east", 0}});
  EXPECT_EQ(fresh.state(start, *scope), CoherenceState::coherent);
}

// Pitfalls 7 and 10: it ends by the clock, whether anybody looks or not, and counts from the
// sending of the probe.
TEST_F(Rights, Pitfall10TheLeaseEndsThreeSecondsAfterTheProbeWasSent) {
  renew({}, false, {{"east", 0}});
  EXPECT_EQ(at(milliseconds(2999)), CoherenceState::coherent);
  EXPECT_EQ(at(milliseconds(3000)), CoherenceState::repairing);
  rights.end();
  EXPECT_EQ(at(seconds(4)), CoherenceState::suspect);
  EXPECT_EQ(rights.lease_until(), start + seconds(3));
}

TEST_F(Rights, ABrokerThatIsBehindRenewsNothing) {
  renew({}, true, {{"east", 0}});
  EXPECT_EQ(at({}), CoherenceState::repairing);
}

TEST_F(Rights, AnEchoOfAnOlderProbeTakesNothingBack) {
  renew(seconds(1), false, {{"east", 0}, {"west", 100}});
  renew({}, false, {{"east", 0}, {"west", 0}});
  EXPECT_EQ(at(milliseconds(3999)), CoherenceState::coherent);
}

TEST_F(Rights, AClusterThatIsSilentDegrades) {
  renew({}, false, {{"east", 0}, {"west", 4000}});
  EXPECT_EQ(at(milliseconds(999)), CoherenceState::coherent);
  EXPECT_EQ(at(milliseconds(1000)), CoherenceState::degraded);
  renew(seconds(1), false, {{"east", 0}, {"west", 100}});
  EXPECT_EQ(at(milliseconds(1000)), CoherenceState::coherent);
}

TEST_F(Rights, AClusterOfWhichNothingIsKnownDegradesUntilItIs) {
  renew({}, false, {{"east", 0}, {"west", kAgeUnknown}});
  EXPECT_EQ(at({}), CoherenceState::degraded);
  renew({}, false, {{"east", 0}, {"west", 0}});
  EXPECT_EQ(at({}), CoherenceState::coherent);
}

TEST_F(Rights, OnlyTheWritersOfANamespaceCount) {
  const auto* of_east = rights.add_scope({"east"});
  const auto* of_west = rights.add_scope({"west"});
  renew({}, false, {{"east", 0}, {"west", kAgeUnknown}});
  EXPECT_EQ(at({}, of_east), CoherenceState::coherent);
  EXPECT_EQ(at({}, of_west), CoherenceState::degraded);
  EXPECT_EQ(at({}), CoherenceState::degraded);
}

TEST_F(Rights, AClusterThatTheSameBrokerNamesNoMoreWasForgotten) {
  renew({}, false, {{"east", 0}, {"west", kAgeUnknown}});
  renew({}, false, {{"east", 0}});
  EXPECT_EQ(at({}), CoherenceState::coherent);
}

// Pitfall 26: another broker may not have heard of it yet.
TEST_F(Rights, AClusterThatAnotherBrokerDoesNotNameStaysAwaited) {
  renew({}, false, {{"east", 0}, {"west", 0}});
  rights.begin(2);
  renew(seconds(5), false, {{"east", 0}});
  EXPECT_EQ(at(seconds(5)), CoherenceState::degraded);
  renew(seconds(5), false, {{"east", 0}, {"west", 500}});
  EXPECT_EQ(at(seconds(5)), CoherenceState::coherent);
}

// A neighbour that a broker has never reached has no name; the next life of the broker may know it.
TEST_F(Rights, AnEndpointIsAwaitedForTheLifeOfItsBrokerAlone) {
  renew({}, false, {{"east", 0}, {"tcp://west:7002", kAgeUnknown, 0, true}});
  EXPECT_EQ(at({}), CoherenceState::degraded);
  rights.begin(2);
  renew({}, false, {{"east", 0}, {"west", 0}});
  EXPECT_EQ(at({}), CoherenceState::coherent);
  rights.begin(3);
  renew({}, false, {{"east", 0}, {"west", 0}, {"tcp://west:7002", kAgeUnknown, 0, true}});
  EXPECT_EQ(at({}), CoherenceState::degraded) << "it is awaited by this one, too";
}

TEST_F(Rights, AnOperatorMayForgetIt) {
  renew({}, false, {{"east", 0}, {"west", kAgeUnknown}});
  rights.forget("west");
  EXPECT_EQ(at({}), CoherenceState::coherent);
}

}  // namespace
}  // namespace mpreg
