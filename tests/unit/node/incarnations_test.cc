// What is lost between the incarnations of a broker, and who is told: exactly once, and only where
// something may be missing.

#include <gtest/gtest.h>

#include <algorithm>

#include "unit/node/federation_rig.h"
#include "wire/packet_codec.h"

namespace mpreg {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Incarnations : testing::Test {
  FederationRig rig;
  std::size_t hub = rig.add_broker("hub");
  std::size_t west = rig.add_broker("west", {hub});
  std::size_t east = 0;
  std::size_t at_hub = rig.add_client(hub);
  std::size_t at_east = 0;

  // East is cut off from its first moment, and has a client that lives longer than it does.
  Incarnations() {
    rig.pass(seconds(2));
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
  void restart_east(bool is_clean) {
    if (is_clean) rig.stop(east);
    rig.restart(east);
    rig.cut(east, 0);
    rig.settle();
  }
  void join() {
    rig.heal(east, 0);
    rig.pass(seconds(4));
  }
  void go_on_at_east() {
    rig.connect(at_east, east);
    rig.pass(seconds(1));
  }
  [[nodiscard]] bool has_unheard_of_east(std::size_t client) {
    const auto& vouches = rig.session(client).vouches();
    return std::any_of(vouches.begin(), vouches.end(), [](const Vouch& vouch) {
      return vouch.origin == "east" && vouch.unheard_counter != 0;
    });
  }
  [[nodiscard]] std::size_t gaps_at_hub(Lane lane = Lane::cache) {
    const auto& gaps = rig.client(at_hub).gaps;
    return static_cast<std::size_t>(std::count_if(gaps.begin(), gaps.end(), [&](const Gap& gap) {
      return gap.stream.origin == "east" && gap.stream.lane == lane;
    }));
  }
  // Empty: nothing.
  std::string held_at_hub() {
    EXPECT_TRUE(rig.session(at_hub).get(rig.now(), address()));
    rig.settle();
    const CacheGot& got = rig.client(at_hub).gots.back();
    return has_value(got.state) ? got.value : "";
  }
  [[nodiscard]] const IncarnationRecord& record() { return rig.broker(east).node->memory().record; }
};

TEST_F(Incarnations, a_first_meeting_drops_what_earlier_ones_may_have_invalidated) {
  invalidate_at_east();
  restart_east(false);
  join();
  EXPECT_EQ(held_at_hub(), "");
  EXPECT_TRUE(has_unheard_of_east(at_hub)) << "near caches are told, too";
}

TEST_F(Incarnations, after_a_clean_stop_nothing_is_missing_and_nothing_is_dropped) {
  join();
  invalidate_at_east();
  replicate_at_hub();
  rig.pass(seconds(1));
  rig.stop(east);
  rig.restart(east);
  rig.pass(seconds(20));
  EXPECT_EQ(record().incarnation.counter, 2U);
  ASSERT_TRUE(record().parent);
  EXPECT_EQ(record().parent->final_numbers, (LaneNumbers{1, 0, 0}));
  EXPECT_EQ(gaps_at_hub(), 0U);
  EXPECT_EQ(held_at_hub(), "old");
}

TEST_F(Incarnations, one_that_numbered_nothing_is_left_out_of_the_chain) {
  join();
  rig.disconnect(at_east);
  restart_east(true);
  restart_east(false);
  restart_east(false);
  join();
  rig.pass(seconds(20));
  EXPECT_EQ(record().incarnation.counter, 4U);
  EXPECT_EQ(record().unused.size(), 2U);
  EXPECT_EQ(gaps_at_hub(), 0U);
  EXPECT_EQ(held_at_hub(), "old");
}

TEST_F(Incarnations, one_that_met_nobody_is_a_gap_for_all_once_in_each_lane) {
  join();
  restart_east(true);
  go_on_at_east();
  invalidate_at_east();
  rig.disconnect(at_east);
  restart_east(false);
  EXPECT_EQ(held_at_hub(), "old");
  join();
  EXPECT_EQ(held_at_hub(), "");
  EXPECT_GT(gaps_at_hub(), 0U);
  const std::size_t gaps = rig.client(at_hub).gaps.size();
  go_on_at_east();
  rig.pass(seconds(20));
  EXPECT_EQ(rig.client(at_hub).gaps.size(), gaps) << "once";
}

TEST_F(Incarnations, a_clean_one_that_met_nobody_is_a_gap_of_exactly_its_numbers) {
  join();
  restart_east(true);
  go_on_at_east();
  const Incarnation met_nobody = record().incarnation;
  ASSERT_TRUE(rig.publish(at_east, "orders.new", "one"));
  ASSERT_TRUE(rig.publish(at_east, "orders.new", "two"));
  // It has left, and would take no cache write by itself while it is cut off.
  ASSERT_TRUE(rig.session(at_east).query(rig.now(), "alone"));
  rig.settle();
  invalidate_at_east();
  rig.settle();
  restart_east(true);
  join();
  const auto& gaps = rig.client(at_hub).gaps;
  const auto covers = [&](Lane lane, Number through) {
    return std::any_of(gaps.begin(), gaps.end(), [&](const Gap& gap) {
      return gap.stream == StreamId{"east", met_nobody, lane} && gap.after == 0 &&
             gap.through == through;
    });
  };
  EXPECT_TRUE(covers(Lane::cache, 1));
  EXPECT_TRUE(covers(Lane::events, 2));
  EXPECT_EQ(held_at_hub(), "");
}

TEST_F(Incarnations, a_lost_directory_is_noticed_and_numbered_above) {
  join();
  invalidate_at_east();
  replicate_at_hub();
  rig.pass(seconds(1));
  restart_east(true);
  const Incarnation before = record().incarnation;
  rig.kill(east);
  rig.broker(east).disk = {};
  rig.restart(east);
  rig.pass(seconds(6));
  EXPECT_GT(record().incarnation, before);
  EXPECT_EQ(record().parent, IncarnationParent{}) << "nobody continues into it";
  EXPECT_EQ(held_at_hub(), "");
}

// Both copies have numbered something; hub has met one, and the other is no ancestor of it though
// its counter is smaller, or the same.
TEST_F(Incarnations, a_copy_of_a_directory_is_noticed_by_whoever_knows_the_other_one) {
  join();
  const IncarnationMemory copy = rig.broker(east).disk;
  restart_east(false);
  go_on_at_east();
  rig.disconnect(at_east);
  restart_east(false);
  join();
  rig.kill(east);
  rig.pass(seconds(4));
  replicate_at_hub();
  rig.broker(east).disk = copy;
  rig.restart(east);
  rig.cut(east, 0);
  go_on_at_east();
  invalidate_at_east();
  EXPECT_EQ(held_at_hub(), "old");
  EXPECT_FALSE(has_unheard_of_east(at_east));
  join();
  EXPECT_EQ(held_at_hub(), "");
  EXPECT_EQ(record().parent, IncarnationParent{});
  EXPECT_TRUE(has_unheard_of_east(at_east)) << "its own near caches missed what the other one told";
}

TEST_F(Incarnations, a_client_that_knows_later_numbers_shows_that_a_broker_was_rolled_back) {
  join();
  invalidate_at_east();
  const Incarnation before = record().incarnation;
  Hello hello;
  hello.client = 4711;
  hello.resume = true;
  hello.positions = {{{"east", before, Lane::cache}, 9}};
  rig.broker(east).driver->on_packet({Door::session, 77}, encode_packet(hello), {});
  rig.pass(seconds(4));
  EXPECT_GT(record().incarnation, before);
  ASSERT_TRUE(record().parent);
  EXPECT_EQ(record().parent->incarnation, before);
  EXPECT_EQ(record().parent->final_numbers, std::nullopt);
  EXPECT_EQ(gaps_at_hub(), 1U);
}

// Otherwise a client that makes incarnations up could have every cache dropped again and again.
TEST_F(Incarnations, however_many_clients_speak_of_they_are_believed_once) {
  join();
  const Incarnation before = record().incarnation;
  for (std::uint64_t i = 0; i < 5; ++i) {
    Hello hello;
    hello.client = 4711 + i;
    hello.resume = true;
    hello.positions = {{{"east", {before.counter + 10 + i, 99}, Lane::cache}, 9}};
    rig.broker(east).driver->on_packet({Door::session, 77}, encode_packet(hello), {});
    rig.settle();
  }
  EXPECT_EQ(record().incarnation.counter, before.counter + 11);
}

// Until then every miss waited for a second, for ever: the token names a number of a stream that
// can never advance.
TEST_F(Incarnations, what_waits_for_a_position_in_one_that_is_over_is_answered_at_once) {
  const auto positions = [&] {
    return std::vector<StreamPosition>{{{"east", record().incarnation, Lane::cache}, 7}};
  }();
  restart_east(false);
  go_on_at_east();
  ASSERT_TRUE(rig.session(at_east).get(rig.now(), address(), positions, milliseconds(1000)));
  rig.settle();
  EXPECT_EQ(rig.client(at_east).gots.size(), 1U);
}

// 99 of 398 events were missing, and no gap covered their numbers.
TEST_F(Incarnations, when_the_brokers_of_both_restart_a_subscriber_gets_all_or_is_told) {
  join();
  rig.subscribe(at_hub, {"orders.#"});
  rig.pass(seconds(1));
  ASSERT_TRUE(rig.publish(at_east, "orders.new", "one"));
  rig.pass(seconds(1));
  rig.disconnect(at_hub);
  rig.kill(hub);
  restart_east(false);
  go_on_at_east();
  for (const char* text : {"two", "three", "four"}) {
    ASSERT_TRUE(rig.publish(at_east, "orders.new", text));
  }
  rig.settle();
  rig.restart(hub);
  rig.connect(at_hub, hub);
  join();
  rig.pass(seconds(20));
  std::size_t received = 0;
  for (const auto& one : rig.client(at_hub).received) received += one.topic == "orders.new" ? 1 : 0;
  const auto& gaps = rig.client(at_hub).gaps;
  const StreamId stream{"east", record().incarnation, Lane::events};
  const bool is_told = std::any_of(gaps.begin(), gaps.end(), [&](const Gap& gap) {
    return gap.stream == stream && gap.after == 0 && gap.through >= 3;
  });
  EXPECT_TRUE(received == 4 || is_told) << received << " of 4, and no gap";
}

}  // namespace
}  // namespace mpreg
