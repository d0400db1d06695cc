#include "near/near_store.h"

#include <gtest/gtest.h>

#include "unit/near/near_stores.h"

namespace mpreg {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Pitfall 1: the reader that missed puts its old value after the invalidation.
TEST_F(NearStores, Pitfall01StaleSet) {
  const auto ticket = store.begin_fill(users, {"7"});
  invalidate("7", from("west", 1));
  EXPECT_FALSE(fill("7", "old", ticket));
  EXPECT_EQ(get("7"), "-");
  EXPECT_EQ(store.counters().fills_voided, 1U);
}

// Pitfall 2: a second miss does not make the first one's ticket good again.
TEST_F(NearStores, Pitfall02EachMissHasATicketOfItsOwn) {
  const auto first = store.begin_fill(users, {"7"});
  invalidate("7", from("west", 1));
  const auto second = store.begin_fill(users, {"7"});
  EXPECT_FALSE(fill("7", "old", first));
  EXPECT_TRUE(fill("7", "new", second));
  EXPECT_EQ(get("7"), "new");
  EXPECT_FALSE(fill("7", "once more", second));
}

// An invalidation of another origin, whose clock is behind, that comes after the fill.
TEST_F(NearStores, WhateverIsToldLaterDropsAFill) {
  invalidate("7", from("west", 50));
  load("7", "v");
  EXPECT_EQ(get("7"), "v");
  invalidate("7", from("north", 10));
  EXPECT_EQ(get("7"), "-");
  load("7", "v");
  replicate("7", "older", from("north", 11));
  EXPECT_EQ(get("7"), "-");
  load("7", "v");
  // It may have seen one that is still later.
  replicate("7", "newer", from("north", 60));
  EXPECT_EQ(get("7"), "-");
  replicate("7", "newest", from("north", 61));
  EXPECT_EQ(get("7"), "newest");
}

// Pitfall 4: the version that was invalidated is not replicated back.
TEST_F(NearStores, Pitfall04TheFloorOfAnInvalidationHolds) {
  load("other", "x");
  invalidate("7", from("west", 20));
  replicate("7", "late", from("west", 10));
  EXPECT_EQ(get("7"), "-");
}

TEST_F(NearStores, AReplicatedValueIsServedWhereItIsFor) {
  replicate("7", "v", from("west", 1));
  EXPECT_EQ(get("7"), "v");
  replicate("7", "w", from("west", 2), {"north"});
  EXPECT_EQ(get("7"), "-");
  replicate("7", "x", from("west", 3), {"@eu"});
  EXPECT_EQ(get("7"), "x");
  replicate("7", "y", from("west", 4), {"*"});
  EXPECT_EQ(get("7"), "y");
}

// Pitfall 18: first invalidated, then replicated, by one origin.
TEST_F(NearStores, Pitfall18AnInvalidationBeforeTheReplicaSparesIt) {
  invalidate("7", from("west", 4));
  replicate("7", "v", from("west", 5));
  EXPECT_EQ(get("7"), "v");
}

// Pitfall 19: wide invalidations void fills, and spare what came later.
TEST_F(NearStores, Pitfall19WideInvalidations) {
  load("a.1", "x");
  load("b.1", "y");
  const auto ticket = store.begin_fill(users, {"a.2"});
  invalidate("a.#", from("west", 1), InvalidationType::pattern);
  EXPECT_EQ(get("a.1"), "-");
  EXPECT_EQ(get("b.1"), "y");
  EXPECT_FALSE(fill("a.2", "z", ticket));
  load("a.2", "z");
  EXPECT_EQ(get("a.2"), "z");
  invalidate("", from("west", 2), InvalidationType::namespace_all);
  EXPECT_EQ(get("b.1"), "-");
}

// Pitfall 28.
TEST_F(NearStores, Pitfall28Tags) {
  const std::vector<std::uint32_t> tags{CacheStore::tag_id("team-1")};
  ASSERT_TRUE(store.end_fill(now.instant, users, {"7"}, store.begin_fill(users, {"7"}), "v",
                             {.tags = tags}));
  load("8", "w");
  invalidate("team-1", from("west", 1), InvalidationType::tag);
  EXPECT_EQ(get("7"), "-");
  EXPECT_EQ(get("8"), "w");
}

// Pitfall 27: "absent" is a value like any other.
TEST_F(NearStores, Pitfall27WhatIsKnownNotToExist) {
  ASSERT_TRUE(store.end_fill(now.instant, users, {"7"}, store.begin_fill(users, {"7"}), "",
                             {.absent = true}));
  EXPECT_EQ(get("7"), "absent");
  invalidate("7", from("west", 1));
  EXPECT_EQ(get("7"), "-");
}

// Pitfall 15: what was erased does not come back with an older value, whatever was held.
TEST_F(NearStores, Pitfall15WhatWasErasedStaysErased) {
  replicate("7", "v", from("west", 1));
  CacheInvalidation fact;
  fact.address = {"users", "7", "", 1, "default"};
  fact.erased = true;
  store.take(now, fact, from("north", 9));
  EXPECT_EQ(get("7"), "-");
  replicate("7", "late", from("west", 5));
  EXPECT_EQ(get("7"), "-");
  replicate("7", "again", from("west", 10));
  EXPECT_EQ(get("7"), "again");
}

// Pitfall 17: the end of an older value's time takes no newer one away.
TEST_F(NearStores, Pitfall17ANewerValueOutlivesTheTtlOfTheOlder) {
  ASSERT_TRUE(store.end_fill(now.instant, users, {"7"}, store.begin_fill(users, {"7"}), "old",
                             {.ttl = milliseconds(100)}));
  ASSERT_TRUE(store.end_fill(now.instant, users, {"7"}, store.begin_fill(users, {"7"}), "new",
                             {.ttl = seconds(10)}));
  now.instant += milliseconds(500);
  EXPECT_EQ(get("7"), "new");
}

// Pitfall 3: a value of the cluster's store carries the version at which it was written.
TEST_F(NearStores, Pitfall03AnOlderValueOfTheClusterTakesNothingsPlace) {
  CacheGot got;
  got.state = EntryState::shared;
  got.value = "older";
  got.version = base + 5;
  got.origin = "west";
  const auto ticket = store.begin_fill(users, {"7"});
  EXPECT_TRUE(store.keep(now.instant, users, {"7"}, ticket, got));
  replicate("7", "newer", from("west", 9));
  EXPECT_FALSE(store.keep(now.instant, users, {"7"}, store.begin_fill(users, {"7"}), got));
  EXPECT_EQ(get("7"), "newer");
}

// ---- Writes of its own.

TEST_F(NearStores, AWriteIsServedAtOnceAndAfterItsFact) {
  load("7", "old");
  const auto ticket = write("7", "mine");
  EXPECT_EQ(get("7"), "mine");
  store.sent(now.instant, users, {"7"}, ticket, 1);
  invalidate("7", from("west", 1));  // Came to the broker before it.
  EXPECT_EQ(get("7"), "mine");
  invalidate("7", from("east", 2, kUs, 1));
  EXPECT_EQ(get("7"), "mine");
  EXPECT_EQ(store.counters().writes, 0U);
  invalidate("7", from("west", 1));  // In doubt it goes.
  EXPECT_EQ(get("7"), "-");
}

TEST_F(NearStores, TheFactMayComeBeforeTheNumberOfTheWrite) {
  const auto ticket = write("7", "mine");
  invalidate("7", from("east", 2, kUs, 1));
  EXPECT_EQ(get("7"), "mine");
  store.sent(now.instant, users, {"7"}, ticket, 1);
  EXPECT_EQ(store.counters().writes, 0U);
  EXPECT_EQ(get("7"), "mine");
}

TEST_F(NearStores, AFactInBetweenDropsAWriteWhoseNumberWasNotKnown) {
  const auto ticket = write("7", "mine");
  invalidate("7", from("east", 2, kUs, 1));
  invalidate("7", from("west", 3));
  store.sent(now.instant, users, {"7"}, ticket, 1);
  EXPECT_EQ(get("7"), "-");
}

TEST_F(NearStores, TheLastOfTwoWritesIsServed) {
  const auto first = write("7", "one");
  const auto second = write("7", "two");
  store.sent(now.instant, users, {"7"}, first, 1);
  store.sent(now.instant, users, {"7"}, second, 2);
  invalidate("7", from("east", 1, kUs, 1));
  EXPECT_EQ(get("7"), "two");
  invalidate("7", from("east", 2, kUs, 2));
  EXPECT_EQ(get("7"), "two");
}

// They were sent in the other order: what everybody else has last is not what is held here.
TEST_F(NearStores, TwoWritesThatWereSentTheOtherWayRoundLeaveNothing) {
  const auto first = write("7", "one");
  const auto second = write("7", "two");
  store.sent(now.instant, users, {"7"}, second, 1);
  store.sent(now.instant, users, {"7"}, first, 2);
  invalidate("7", from("east", 1, kUs, 1));
  EXPECT_EQ(get("7"), "two");
  invalidate("7", from("east", 2, kUs, 2));
  EXPECT_EQ(get("7"), "-");
}

TEST_F(NearStores, Pitfall05AWriteThatFailedIsGone) {
  load("7", "old");
  const auto ticket = write("7", "mine");
  store.failed(now.instant, users, {"7"}, ticket);
  EXPECT_EQ(get("7"), "-");
}

TEST_F(NearStores, AWriteVoidsALoadThatMayHaveReadWhatWasBefore) {
  const auto ticket = store.begin_fill(users, {"7"});
  const auto written = write("7", "mine");
  store.sent(now.instant, users, {"7"}, written, 1);
  invalidate("7", from("east", 1, kUs, 1));
  EXPECT_FALSE(fill("7", "old", ticket));
  EXPECT_EQ(get("7"), "mine");
}

// Values that wait for their facts are bounded, too.
TEST_F(NearStores, TooMuchThatIsWrittenAndNotStampedIsNotHeld) {
  const std::string large(100'000, 'x');
  load("0", "old");
  for (int i = 0; i < 100; ++i) (void)write(std::to_string(i), large);
  EXPECT_LT(store.counters().writes, 20U);
  EXPECT_GT(store.counters().writes, 0U);
  int held = 0;
  for (int i = 0; i < 100; ++i) held += get(std::to_string(i)) == large ? 1 : 0;
  EXPECT_EQ(static_cast<std::uint64_t>(held), store.counters().writes);
  EXPECT_NE(get("0"), "old");
}

TEST_F(NearStores, WhatIsDroppedHereIsNotServedWhileItsFactIsOnItsWay) {
  load("a.1", "x");
  (void)write("a.2", "y");
  (void)write("b.1", "z");
  CacheInvalidation like;
  like.address = {"users", "a.*", "", 1, "default"};
  like.type = InvalidationType::pattern;
  store.drop(now.instant, like);
  EXPECT_EQ(get("a.1"), "-");
  EXPECT_EQ(get("a.2"), "-");
  EXPECT_EQ(get("b.1"), "z");
}

// ---- Loss.

TEST_F(NearStores, AGapDropsItsScopeAndNothingOlderComesBack) {
  const auto orders = store.open("orders");
  load("7", "v");
  ASSERT_TRUE(store.end_fill(now.instant, orders, {"1"}, store.begin_fill(orders, {"1"}), "o", {}));
  const auto ticket = store.begin_fill(users, {"8"});
  (void)write("9", "w");
  store.lose({ScopeKind::namespaces, {"users"}});
  EXPECT_EQ(get("7"), "-");
  EXPECT_EQ(get("9"), "-");
  EXPECT_FALSE(fill("8", "x", ticket));
  replicate("7", "old", from("west", -1));
  EXPECT_EQ(get("7"), "-");
  NearValue value;
  EXPECT_TRUE(store.get(now.instant, orders, {"1"}, value));
  store.lose({});
  EXPECT_FALSE(store.get(now.instant, orders, {"1"}, value));
}

TEST_F(NearStores, AnotherLifeOfTheBrokerBeginsWithNothing) {
  load("7", "v");
  store.set_broker("east", "eu", 1, base);
  EXPECT_EQ(get("7"), "v");
  store.set_broker("east", "eu", 2, 0);
  EXPECT_EQ(get("7"), "-");
}

// What overwrote it may have been told before this cache began.
TEST_F(NearStores, AValueFromBeforeTheBeginningIsNotServed) {
  store.begin(base + 10);
  replicate("7", "older", from("west", 10));
  EXPECT_EQ(get("7"), "-");
  replicate("7", "later", from("west", 11));
  EXPECT_EQ(get("7"), "later");
  // What the broker has in its store now is not in doubt.
  CacheGot got;
  got.state = EntryState::shared;
  got.value = "v";
  got.version = base + 5;
  got.origin = "west";
  EXPECT_TRUE(store.keep(now.instant, users, {"8"}, store.begin_fill(users, {"8"}), got));
  EXPECT_EQ(get("8"), "v");
  invalidate("8", from("west", 6));
  EXPECT_EQ(get("8"), "-");
}

TEST_F(NearStores, TheNextBrokerHasAnOrderOfItsOwn) {
  load("7", "v");
  store.set_broker("west", "us", 2, base + 10);
  EXPECT_EQ(get("7"), "-");
  replicate("7", "older", from("west", 10), {"west"});
  EXPECT_EQ(get("7"), "-");
  replicate("7", "later", from("west", 11), {"west"});
  EXPECT_EQ(get("7"), "later");
  // One that has applied less than the one before.
  store.set_broker("north", "us", 3, 10);
  base = 10;
  replicate("7", "of north", from("north", 1), {"north"});
  EXPECT_EQ(get("7"), "of north");
}

// Its writer was not answered by west, which was held up, and north refused it.
TEST_F(NearStores, AWriteWithAnotherVerdictGoesAndWhatFollowedItStays) {
  const CacheAddress address{"users", "7", "", 1, "default"};
  const FactSource first = from("west", 50, kOther, 1);
  replicate("7", "first", first);
  store.withdraw(now, address, from("north", 60, kOther, 2));
  EXPECT_EQ(get("7"), "first") << "another operation";
  store.withdraw(now, address, from("north", 61, kOther, 1));
  EXPECT_EQ(get("7"), "-");
  replicate("7", "second", from("north", 70, kOther, 3));
  store.withdraw(now, address, from("north", 71, kOther, 1));
  EXPECT_EQ(get("7"), "second");
}

TEST_F(NearStores, NamespacesThatNobodyOpenedCostNothing) {
  CacheInvalidation fact;
  fact.address = {"unknown", "1", "", 1, "default"};
  store.take(now, fact, from("west", 1));
  EXPECT_EQ(store.counters().entries, 0U);
}

TEST_F(NearStores, TimeToLiveIsByTheBootClock) {
  ASSERT_TRUE(store.end_fill(now.instant, users, {"7"}, store.begin_fill(users, {"7"}), "v",
                             {.ttl = milliseconds(100)}));
  now.instant += milliseconds(99);
  EXPECT_EQ(get("7"), "v");
  now.instant += milliseconds(30);
  EXPECT_EQ(get("7"), "-");
}

// What the cluster's store gave has a version, and races like any fill.
TEST_F(NearStores, AClusterHitIsKeptUnlessSomethingWasTold) {
  CacheGot got;
  got.state = EntryState::shared;
  got.value = "v";
  got.version = base + 5;
  got.origin = "west";
  EXPECT_TRUE(store.keep(now.instant, users, {"7"}, store.begin_fill(users, {"7"}), got));
  EXPECT_EQ(get("7"), "v");
  const auto ticket = store.begin_fill(users, {"8"});
  invalidate("8", from("north", 1));
  EXPECT_FALSE(store.keep(now.instant, users, {"8"}, ticket, got));
  EXPECT_EQ(get("8"), "-");
}

}  // namespace
}  // namespace mpreg
