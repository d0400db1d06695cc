#include <gtest/gtest.h>

#include "unit/node/federation_rig.h"

namespace mpreg {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Two clusters, and a client at each.
struct Verdicts : testing::Test {
  explicit Verdicts(std::uint64_t cache_bytes_max = 4U << 20U) {
    NodeOptions options;
    options.cache_bytes_max = cache_bytes_max;
    hub = rig.add_broker("hub", {}, options);
    east = rig.add_broker("east", {hub}, options);
    at_hub = rig.add_client(hub);
    at_east = rig.add_client(east);
    rig.pass(seconds(2));
  }

  static CacheAddress address(const std::string& key) { return {"users", key, "", 1, "default"}; }
  void put(std::size_t client, const std::string& key, const std::string& value,
           const std::vector<std::string>& targets = {"*"}) {
    CacheReplication fact;
    fact.address = address(key);
    fact.targets = targets;
    ASSERT_TRUE(rig.session(client).replicate(rig.now(), fact, value));
  }
  // The client is told of changes by the answer.
  std::string get(std::size_t client, const std::string& key) {
    EXPECT_TRUE(rig.session(client).get(rig.now(), address(key)));
    rig.settle();
    if (rig.client(client).gots.empty()) return "no answer";
    const CacheGot got = rig.client(client).gots.back();
    return has_value(got.state) ? got.value : "(" + std::string(name_of(got.state)) + ")";
  }
  [[nodiscard]] std::uint64_t as_invalidations(std::size_t broker) const {
    return rig.counter(broker, "mpreg_writes_as_invalidations_total");
  }

  FederationRig rig;
  std::size_t hub = 0;
  std::size_t east = 0;
  std::size_t at_hub = 0;
  std::size_t at_east = 0;
};

TEST_F(Verdicts, a_put_whose_client_cannot_know_of_a_change_invalidates) {
  put(at_hub, "k", "of hub");
  rig.settle();
  ASSERT_EQ(get(at_hub, "k"), "of hub");
  put(at_east, "k", "may be older");  // Its client has heard nothing since.
  rig.settle();
  EXPECT_EQ(as_invalidations(east), 1U);
  EXPECT_EQ(get(at_east, "k"), "(invalid)");
  EXPECT_EQ(get(at_hub, "k"), "(invalid)");
  put(at_east, "k", "later");  // It has been told by the answer.
  rig.settle();
  EXPECT_EQ(as_invalidations(east), 1U);
  EXPECT_EQ(get(at_hub, "k"), "later");
  put(at_east, "k", "next");  // Its own change is no reason.
  put(at_east, "k", "and next");
  rig.settle();
  EXPECT_EQ(as_invalidations(east), 1U);
  EXPECT_EQ(get(at_hub, "k"), "and next");
}

TEST_F(Verdicts, of_concurrent_writes_nobody_uses_a_value_and_the_next_one_counts) {
  rig.mute(east, 0);
  put(at_hub, "k", "of hub");
  put(at_east, "k", "of east");
  rig.settle();
  rig.unmute(east, 0);
  rig.pass(seconds(2));
  EXPECT_EQ(get(at_hub, "k"), "(invalid)");
  EXPECT_EQ(get(at_east, "k"), "(invalid)");
  put(at_hub, "k", "later");
  rig.settle();
  EXPECT_EQ(get(at_east, "k"), "later");
}

TEST_F(Verdicts, what_was_called_in_another_connection_invalidates) {
  put(at_hub, "k", "v");
  rig.settle();
  ASSERT_EQ(get(at_east, "k"), "v");
  rig.disconnect(at_east);
  put(at_east, "k", "called before");
  rig.connect(at_east, east);
  rig.settle();
  EXPECT_EQ(as_invalidations(east), 1U);
  EXPECT_EQ(get(at_hub, "k"), "(invalid)");
}

TEST_F(Verdicts, a_refusal_is_known_to_all_and_given_to_a_client_that_asks_again) {
  put(at_hub, "k", "v");
  rig.settle();
  put(at_east, "k", "for nobody", {"unknown"});
  rig.settle();
  ASSERT_EQ(rig.client(at_east).refused.size(), 2U) << "the value, and its fact";
  EXPECT_EQ(get(at_hub, "k"), "v") << "it is refused, and no invalidation";
  EXPECT_EQ(get(at_east, "k"), "v");
}

// The value comes again from the log of its cluster; what had changed the key does not.
TEST_F(Verdicts, what_its_last_incarnation_had_invalidated_is_not_used_by_the_next) {
  put(at_east, "k", "old");
  rig.settle();
  ASSERT_EQ(get(at_hub, "k"), "old");
  CacheInvalidation changed;
  changed.address = address("k");
  ASSERT_TRUE(rig.session(at_hub).invalidate(rig.now(), changed));
  rig.settle();
  rig.kill(hub);
  rig.pass(seconds(1));
  rig.restart(hub);
  rig.connect(at_hub, hub);
  for (int i = 0; i < 40; ++i) {
    rig.pass(milliseconds(100));
    ASSERT_NE(get(at_hub, "k"), "old");
  }
  ASSERT_EQ(get(at_east, "k").front(), '(');
  put(at_east, "k", "new");
  rig.settle();
  EXPECT_EQ(get(at_hub, "k"), "new");
}

struct FullStores : Verdicts {
  FullStores() : Verdicts(256U << 10U) {}
};

// A store at capacity evicts all the time, and its writers do not notice.
TEST_F(FullStores, steady_writers_are_hardly_ever_taken_for_late_ones) {
  const std::string value(200, 'v');
  constexpr int kPuts = 4000;
  for (int i = 0; i < kPuts; ++i) {
    put(at_hub, "hub." + std::to_string(i % 1500), value);
    put(at_east, "east." + std::to_string(i % 1500), value);
    rig.settle();
  }
  const std::uint64_t late = as_invalidations(hub) + as_invalidations(east);
  RecordProperty("late", static_cast<int>(late));
  EXPECT_LE(late * 200, 2U * kPuts);
}

}  // namespace
}  // namespace mpreg
