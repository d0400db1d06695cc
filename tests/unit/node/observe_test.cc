// Level observed, where what was to be observed is lost.

#include <gtest/gtest.h>

#include <algorithm>

#include "unit/node/federation_rig.h"

namespace mpreg {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A broker that retains little, and one with a near cache that hears nothing of it for a moment.
struct Lossy : testing::Test {
  FederationRig rig;
  std::size_t tiny = rig.add_broker("tiny", {}, small());
  std::size_t north = rig.add_broker("north", {tiny});
  std::size_t at_tiny = rig.add_client(tiny);
  std::size_t at_north = rig.add_client(north);

  static NodeOptions small() {
    NodeOptions options;
    options.retained_bytes_max = 4096;
    return options;
  }
  void invalidate(const std::string& key, WaitLevel wait) {
    CacheInvalidation fact;
    fact.address = {"users", key, "", 1, "default"};
    fact.targets = {"north"};
    fact.tracking = {wait, 20'000};
    ASSERT_TRUE(rig.session(at_tiny).invalidate(rig.now(), fact));
  }
  // Until north has heard of the loss.
  void lose_what_is_to_be_observed() {
    rig.pass(seconds(8));  // Nobody waits for near caches of an earlier life any more.
    rig.mute(north, 0);
    invalidate("k", WaitLevel::observed);
    for (int i = 0; i < 200; ++i) invalidate("other" + std::to_string(i), WaitLevel::accepted);
    rig.pass(milliseconds(100));
    rig.unmute(north, 0);
    for (int i = 0; i < 200 && rig.counter(north, "mpreg_gaps_applied_total") == 0; ++i) {
      rig.pass(milliseconds(50));
    }
  }
  [[nodiscard]] const std::vector<OperationOutcome>& outcomes() {
    return rig.client(at_tiny).outcomes;
  }
};

TEST_F(Lossy, a_near_cache_that_has_not_heard_of_the_loss_has_not_observed_what_was_lost) {
  rig.session(at_north).observe();
  rig.subscribe(at_north, {"mpreg.cache.federation.invalidation.#"});
  lose_what_is_to_be_observed();
  rig.pass(milliseconds(200));
  EXPECT_EQ(rig.client(at_north).gaps.size(), 1U);
  EXPECT_TRUE(outcomes().empty()) << "it may be serving what it had";
  rig.session(at_north).observed();
  rig.pass(milliseconds(200));
  ASSERT_EQ(outcomes().size(), 1U);
  EXPECT_EQ(outcomes()[0].outcome, Outcome::confirmed);
  const auto& confirmed = outcomes()[0].confirmed;
  EXPECT_EQ(std::count(confirmed.begin(), confirmed.end(), "north"), 1);
}

TEST_F(Lossy, a_near_cache_that_says_nothing_of_the_loss_is_waited_for_as_long_as_it_may_serve) {
  rig.session(at_north).observe();
  lose_what_is_to_be_observed();
  rig.pass(milliseconds(2500));
  EXPECT_TRUE(outcomes().empty());
  rig.pass(seconds(1));
  EXPECT_EQ(outcomes().size(), 1U);
}

}  // namespace
}  // namespace mpreg
