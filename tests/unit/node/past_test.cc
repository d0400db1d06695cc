// What an earlier life of a broker told, before anybody had heard of its cluster.

#include <gtest/gtest.h>

#include <algorithm>

#include "unit/node/federation_rig.h"

namespace mpreg {
namespace {

using std::chrono::seconds;

// East is cut off from its first moment, and has a client that lives longer than it does.
struct Past : testing::Test {
  FederationRig rig;
  std::size_t hub = rig.add_broker("hub");
  std::size_t west = rig.add_broker("west", {hub});
  std::size_t east = 0;
  std::size_t at_hub = rig.add_client(hub);
  std::size_t at_east = 0;

  Past() {
    rig.pass(seconds(2));  // Hub and west have met; what follows is not dropped for that.
    rig.subscribe(at_hub, {"mpreg.cache.federation.#"});
    replicate_at_hub();
    east = rig.add_broker("east", {hub});
    rig.cut(east, 0);
    at_east = rig.add_client(east);
    rig.subscribe(at_east, {"mpreg.cache.federation.#"});
    rig.pass(seconds(1));
    EXPECT_EQ(held_at_hub(), "old");
  }

  static CacheAddress address() { return {"users", "u1", "", 1, "default"}; }

  void replicate_at_hub() {
    CacheReplication fact;
    fact.address = address();
    fact.targets = {"hub"};
    EXPECT_TRUE(rig.session(at_hub).replicate(rig.now(), fact, "old"));
    rig.settle();
  }
  void invalidate_at_east() {
    CacheInvalidation fact;
    fact.address = address();
    ASSERT_TRUE(rig.session(at_east).invalidate(rig.now(), fact));
    rig.settle();
  }
  void restart_east() {
    rig.restart(east);
    rig.cut(east, 0);
    rig.connect(at_east, east);
    rig.pass(seconds(1));
  }
  void join() {
    rig.heal(east, 0);
    rig.pass(seconds(2));
  }
  [[nodiscard]] bool has_unheard_of_east() {
    const auto& vouches = rig.session(at_hub).vouches();
    return std::any_of(vouches.begin(), vouches.end(), [](const Vouch& vouch) {
      return vouch.origin == "east" && vouch.unheard_counter != 0;
    });
  }
  // Empty: nothing.
  std::string held_at_hub() {
    EXPECT_TRUE(rig.session(at_hub).get(rig.now(), address()));
    rig.settle();
    const CacheGot& got = rig.client(at_hub).gots.back();
    return has_value(got.state) ? got.value : "";
  }
};

TEST_F(Past, what_an_earlier_life_told_drops_what_is_older_than_its_cluster_is_known) {
  invalidate_at_east();
  restart_east();
  join();
  EXPECT_EQ(held_at_hub(), "");
  EXPECT_TRUE(has_unheard_of_east()) << "near caches are told, too";
}

TEST_F(Past, a_client_that_comes_back_when_all_have_met_says_it_too) {
  invalidate_at_east();
  rig.disconnect(at_east);
  rig.restart(east);
  rig.pass(seconds(2));
  EXPECT_EQ(held_at_hub(), "old") << "nobody knows of that life yet";
  const std::size_t gaps = rig.client(at_hub).gaps.size();
  rig.connect(at_east, east);
  rig.pass(seconds(1));
  EXPECT_EQ(held_at_hub(), "");
  EXPECT_EQ(rig.client(at_hub).gaps.size(), gaps + 1);
}

// Otherwise a client that makes lives up could have every cache dropped again and again.
TEST_F(Past, however_many_lives_clients_speak_of_it_is_said_once) {
  invalidate_at_east();
  rig.disconnect(at_east);
  rig.restart(east);
  rig.cut(east, 0);
  const auto of_second_life = rig.add_client(east);
  rig.subscribe(of_second_life, {"mpreg.cache.federation.#"});
  CacheInvalidation fact;
  fact.address = address();
  ASSERT_TRUE(rig.session(of_second_life).invalidate(rig.now(), fact));
  rig.settle();
  rig.disconnect(of_second_life);
  rig.restart(east);
  rig.pass(seconds(2));
  const std::size_t gaps = rig.client(at_hub).gaps.size();
  rig.connect(at_east, east);
  rig.pass(seconds(1));
  EXPECT_EQ(rig.client(at_hub).gaps.size(), gaps + 1);
  rig.connect(of_second_life, east);
  rig.pass(seconds(1));
  EXPECT_EQ(rig.client(at_hub).gaps.size(), gaps + 1);
}

TEST_F(Past, a_life_that_told_nothing_drops_nothing) {
  restart_east();
  join();
  EXPECT_EQ(held_at_hub(), "old");
  EXPECT_FALSE(has_unheard_of_east());
  EXPECT_TRUE(rig.client(at_hub).gaps.empty());
}

TEST_F(Past, a_life_that_others_knew_is_not_told_of_twice) {
  join();
  invalidate_at_east();
  rig.disconnect(at_east);
  rig.restart(east);
  rig.pass(seconds(20));
  const std::size_t gaps = rig.client(at_hub).gaps.size();
  EXPECT_GT(gaps, 0U) << "the end of the earlier life";
  rig.connect(at_east, east);
  rig.pass(seconds(2));
  EXPECT_EQ(rig.client(at_hub).gaps.size(), gaps);
}

// Its clock went back, it was dialled by somebody who had never heard of it, and only then met
// those who had known a later incarnation.
TEST_F(Past, what_was_told_in_an_incarnation_that_another_life_had_gone_beyond_is_lost_to_all) {
  join();
  rig.skip_wall(-seconds(60));
  restart_east();
  rig.pass(seconds(6));  // The hub has given up the life that ended without a word.
  replicate_at_hub();
  invalidate_at_east();
  const auto south = rig.add_broker("south", {east});
  rig.pass(seconds(1));
  EXPECT_GT(rig.broker(south).node->report(rig.now(), "members").size(), 0U);
  EXPECT_EQ(held_at_hub(), "old");
  join();
  EXPECT_EQ(held_at_hub(), "");
  const auto& gaps = rig.client(at_hub).gaps;
  EXPECT_TRUE(std::any_of(gaps.begin(), gaps.end(), [](const Gap& gap) {
    return gap.reason.find("gone beyond") != std::string::npos;
  })) << "also where the life before had ended with a goodbye, and nothing else were told";
}

}  // namespace
}  // namespace mpreg
