// Confirmed means applied: what a cluster does not hold is reported to whoever waits for it.

#include <gtest/gtest.h>

#include <algorithm>

#include "unit/node/federation_rig.h"

namespace mpreg {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// East and west, by way of a hub.
struct NotHeldThere : testing::Test {
  FederationRig rig;
  std::size_t hub = 0, east = 0, west = 0;
  std::size_t at_east = 0, at_west = 0;

  void start(NodeOptions of_hub, NodeOptions of_west) {
    hub = rig.add_broker("hub", {}, std::move(of_hub));
    east = rig.add_broker("east", {hub});
    west = rig.add_broker("west", {hub}, std::move(of_west));
    at_east = rig.add_client(east);
    at_west = rig.add_client(west);
    rig.pass(seconds(2));
  }
  static CacheAddress address(const std::string& key) { return {"users", key, "", 1, "default"}; }

  void put(const std::string& key, std::size_t bytes, WaitLevel wait = WaitLevel::applied,
           std::vector<std::string> targets = {"west"}) {
    CacheReplication fact;
    fact.address = address(key);
    fact.targets = std::move(targets);
    fact.tracking.wait = wait;
    ASSERT_TRUE(rig.session(at_east).replicate(rig.now(), fact, std::string(bytes, 'x')));
    rig.pass(milliseconds(200));
  }
  EntryState state_at_west(const std::string& key) {
    EXPECT_TRUE(rig.session(at_west).get(rig.now(), address(key)));
    rig.settle();
    EXPECT_FALSE(rig.client(at_west).gots.empty());
    return rig.client(at_west).gots.back().state;
  }
  const OperationOutcome& outcome() {
    static const OperationOutcome none;
    const auto& all = rig.client(at_east).outcomes;
    EXPECT_FALSE(all.empty()) << "nothing was told";
    return all.empty() ? none : all.back();
  }
};

NodeOptions with_payload_max(std::uint64_t bytes) {
  NodeOptions options;
  options.payload_bytes_max = bytes;
  return options;
}

TEST_F(NotHeldThere, a_value_larger_than_the_target_accepts_ends_as_failed_and_says_why) {
  start({}, with_payload_max(4096));
  for (const WaitLevel wait : {WaitLevel::applied, WaitLevel::observed}) {
    put("large", 10'000, wait);
    EXPECT_EQ(outcome().outcome, Outcome::failed);
    EXPECT_EQ(outcome().failed, (std::vector<FailedAt>{{"west", ApplyFailure::too_large}}));
    EXPECT_EQ(std::count(outcome().confirmed.begin(), outcome().confirmed.end(), "west"), 0);
    EXPECT_EQ(state_at_west("large"), EntryState::invalid) << "missing, and not on its way";
  }
  put("small", 100);
  EXPECT_EQ(outcome().outcome, Outcome::confirmed);
  EXPECT_EQ(state_at_west("small"), EntryState::shared) << "what came after it is held";
  EXPECT_GE(rig.counter(west, "mpreg_not_applied_total"), 2U);
}

TEST_F(NotHeldThere, others_that_hold_it_have_confirmed) {
  start({}, with_payload_max(4096));
  put("large", 10'000, WaitLevel::applied, {"hub", "west"});
  EXPECT_EQ(outcome().outcome, Outcome::failed);
  EXPECT_EQ(outcome().confirmed, std::vector<std::string>{"hub"});
  EXPECT_EQ(outcome().failed, (std::vector<FailedAt>{{"west", ApplyFailure::too_large}}));
}

TEST_F(NotHeldThere, a_broker_on_the_way_that_accepts_less_passes_on_what_is_for_others) {
  start(with_payload_max(4096), {});
  put("large", 10'000);
  EXPECT_EQ(outcome().outcome, Outcome::confirmed);
  EXPECT_EQ(state_at_west("large"), EntryState::shared);
}

TEST_F(NotHeldThere, a_value_for_which_the_store_has_no_room_ends_as_failed) {
  NodeOptions small;
  small.cache_bytes_max = 64U << 10U;
  start({}, small);
  put("large", 500'000);
  EXPECT_EQ(outcome().outcome, Outcome::failed);
  EXPECT_EQ(outcome().failed, (std::vector<FailedAt>{{"west", ApplyFailure::no_capacity}}));
  EXPECT_NE(state_at_west("large"), EntryState::syncing);
}

TEST_F(NotHeldThere, a_report_that_was_lost_with_the_link_is_repeated) {
  start({}, with_payload_max(4096));
  CacheReplication fact;
  fact.address = address("large");
  fact.targets = {"west"};
  fact.tracking.wait = WaitLevel::applied;
  rig.mute(east, 0);
  ASSERT_TRUE(rig.session(at_east).replicate(rig.now(), fact, std::string(10'000, 'x')));
  rig.settle();
  rig.unmute(east, 0);
  rig.pass(milliseconds(100));
  rig.mute(east, 0);  // What west and the hub report meanwhile does not come.
  rig.pass(seconds(2));
  rig.unmute(east, 0);
  rig.pass(seconds(4));
  EXPECT_EQ(outcome().outcome, Outcome::failed);
  EXPECT_EQ(outcome().failed, (std::vector<FailedAt>{{"west", ApplyFailure::too_large}}));
}

TEST_F(NotHeldThere, an_invalidation_is_applied_however_little_a_broker_accepts) {
  start({}, with_payload_max(1024));
  put("other", 10);
  CacheInvalidation fact;
  fact.address = address(std::string(1500, 'k'));
  fact.tracking.wait = WaitLevel::applied;
  ASSERT_TRUE(rig.session(at_east).invalidate(rig.now(), fact));
  rig.pass(milliseconds(200));
  EXPECT_EQ(outcome().outcome, Outcome::confirmed);
  EXPECT_EQ(state_at_west("other"), EntryState::shared) << "it was read, and not lost";
}

}  // namespace
}  // namespace mpreg
