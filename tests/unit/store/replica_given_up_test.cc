// Values that will not come: their keys are missing, and never on their way for ever.

#include <gtest/gtest.h>

#include "store/replica_store.h"

namespace mpreg {
namespace {

using namespace std::chrono_literals;

constexpr Instant kNow{100s};
constexpr std::uint64_t kClient = 1;

struct GivenUp : testing::Test {
  ReplicaStore store{"west", "eu", 1U << 20U};
  std::uint64_t operation = 0;

  static CacheAddress address(const std::string& key) { return {"users", key, "", 1, "default"}; }

  // The operation of the fact.
  OperationId announce(const std::string& key, HybridTime version,
                       const std::string& origin = "east") {
    CacheReplication fact;
    fact.address = address(key);
    fact.targets = {"west"};
    failure = store.take(kNow, fact, origin, version, OperationId{kClient, ++operation});
    return {kClient, operation};
  }
  ReplicaStore::NotHeld bring(const OperationId& fact, const std::string& key,
                              const std::string& text) {
    CacheValue value;
    value.address = address(key);
    value.targets = {"west"};
    value.fact_operation = fact.operation;
    value.value = text;
    return store.take(kNow, value, fact.client);
  }
  EntryState state(const std::string& key) { return store.look(kNow, address(key)).state; }

  ReplicaStore::NotHeld failure;
};

TEST_F(GivenUp, a_value_that_is_expected_is_missing_from_then_on) {
  const OperationId fact = announce("u1", 10);
  EXPECT_EQ(state("u1"), EntryState::syncing);
  store.give_up(kNow, fact, ApplyFailure::too_large);
  EXPECT_EQ(state("u1"), EntryState::invalid);
  EXPECT_EQ(bring(fact, "u1", "too late"), std::nullopt);
  EXPECT_EQ(state("u1"), EntryState::invalid);
  (void)bring(announce("u1", 9), "u1", "older");
  EXPECT_EQ(state("u1"), EntryState::invalid) << "what is older stays refused";
  (void)bring(announce("u1", 11), "u1", "newer");
  EXPECT_EQ(state("u1"), EntryState::shared);
}

TEST_F(GivenUp, a_fact_that_comes_after_its_value_was_given_up_says_why_it_is_not_held) {
  store.give_up(kNow, {kClient, 1}, ApplyFailure::too_large);
  (void)announce("u1", 10);
  EXPECT_EQ(failure, ApplyFailure::too_large);
  EXPECT_EQ(state("u1"), EntryState::missing);
  (void)announce("u1", 11);
  EXPECT_EQ(failure, std::nullopt) << "the next value may come";
  EXPECT_EQ(state("u1"), EntryState::syncing);
}

TEST_F(GivenUp, what_something_newer_has_replaced_is_left_alone) {
  const OperationId fact = announce("u1", 10);
  (void)bring(announce("u1", 11), "u1", "newer");
  store.give_up(kNow, fact, ApplyFailure::lost);
  EXPECT_EQ(state("u1"), EntryState::shared);
}

TEST_F(GivenUp, when_some_values_of_an_origin_were_lost_all_that_it_owes_are_given_up) {
  const OperationId east = announce("u1", 10);
  const OperationId north = announce("u2", 11, "north");
  store.give_up_of(kNow, "east");
  EXPECT_EQ(state("u1"), EntryState::invalid);
  EXPECT_EQ(state("u2"), EntryState::syncing);
  (void)bring(east, "u1", "late");
  (void)bring(north, "u2", "in time");
  EXPECT_EQ(state("u1"), EntryState::invalid);
  EXPECT_EQ(state("u2"), EntryState::shared);
}

TEST_F(GivenUp, a_value_that_does_not_come_in_time_is_given_up) {
  (void)announce("u1", 10);
  const Instant last = kNow + ResolvedStore::kValueLateMax;
  store.give_up_overdue(last - 1ms);
  EXPECT_EQ(state("u1"), EntryState::syncing);
  store.give_up_overdue(last);
  EXPECT_EQ(state("u1"), EntryState::invalid);
}

TEST_F(GivenUp, a_value_for_which_there_is_no_room_says_so_whichever_comes_first) {
  const std::string large(2U << 20U, 'x');
  const OperationId fact = announce("u1", 10);
  EXPECT_EQ(bring(fact, "u1", large), ApplyFailure::no_capacity);
  EXPECT_NE(state("u1"), EntryState::syncing);
  EXPECT_EQ(bring({kClient, 2}, "u2", large), std::nullopt) << "nobody knows of it yet";
  (void)announce("u2", 11);
  EXPECT_EQ(failure, ApplyFailure::no_capacity);
  EXPECT_NE(state("u2"), EntryState::syncing);
}

}  // namespace
}  // namespace mpreg
