#include "loading/near_read.h"

#include "unit/loading/near_read_rig.h"

namespace mpreg {
namespace {

struct NearReads : NearReadRig {};

TEST_F(NearReads, a_miss_loads_and_what_is_loaded_is_held) {
  const auto read = begin();
  ASSERT_TRUE(is<NearRead::RunLoader>(*read));
  EXPECT_EQ(store.counters().fills, 1U);
  read->loaded(at, value("Ada"));
  EXPECT_EQ(result_of(*read), "Ada");
  EXPECT_EQ(held(), "Ada");
  EXPECT_EQ(store.counters().fills, 0U);
}

TEST_F(NearReads, what_is_invalidated_while_it_is_loaded_is_loaded_again_and_then_not_coherent) {
  const auto read = begin();
  for (int attempt = 1; attempt < NearRead::kLoadsMax; ++attempt) {
    invalidate();
    read->loaded(at, value("old"));
    ASSERT_TRUE(is<NearRead::RunLoader>(*read)) << attempt;
  }
  invalidate();
  read->loaded(at, value("newer"));
  EXPECT_EQ(result_of(*read), "newer?");
  EXPECT_EQ(held(), "-");
}

TEST_F(NearReads, a_value_is_coherent_by_the_right_when_it_is_given_not_when_its_load_began) {
  auto read = begin();
  pass(seconds(4));
  read->loaded(at, value("Ada"));
  EXPECT_EQ(result_of(*read), "Ada?") << "the right expired meanwhile";

  invalidate();
  read = begin();
  hear();
  read->loaded(at, value("Bob"));
  EXPECT_EQ(result_of(*read), "Bob") << "nothing was told since it began, and the right holds";
}

TEST_F(NearReads, absence_that_is_not_kept_obeys_the_same_rule) {
  const auto read = begin();
  invalidate();  // Somebody has made it, and this was observed.
  read->loaded(at, absence(false));
  ASSERT_TRUE(is<NearRead::RunLoader>(*read)) << "absent is not true any more";
  read->loaded(at, value("Ada"));
  EXPECT_EQ(result_of(*read), "Ada");

  const auto again = begin();
  again->loaded(at, absence(false));
  EXPECT_EQ(result_of(*again), "absent");
}

// ---- Joined loads.

TEST_F(NearReads, who_comes_meanwhile_waits_for_the_load_and_has_its_value) {
  const auto first = begin();
  const auto second = begin();
  ASSERT_TRUE(is<NearRead::RunLoader>(*first));
  ASSERT_TRUE(is<NearRead::AwaitLoad>(*second));
  int calls = 0;
  std::get<NearRead::AwaitLoad>(second->step()).load->when_over([&] { ++calls; });
  EXPECT_EQ(calls, 0);
  first->loaded(at, value("Ada"));
  EXPECT_EQ(calls, 1);
  second->joined(at);
  EXPECT_EQ(result_of(*second), "Ada");
}

// A broker is suspended; the value is changed, and the change confirmed when this near cache must
// have stopped serving. A reader that comes then must not have what was read before.
TEST_F(NearReads, without_the_right_nobody_has_what_was_read_before_it_came) {
  const auto first = begin();
  pass(seconds(9));
  const auto second = begin();
  ASSERT_TRUE(is<NearRead::AwaitLoad>(*second));
  first->loaded(at, value("old"));
  EXPECT_EQ(result_of(*first), "old?");
  second->joined(at);
  ASSERT_TRUE(is<NearRead::Look>(*second)) << result_of(*second);
  second->missed(at);
  ASSERT_TRUE(is<NearRead::RunLoader>(*second));
  second->loaded(at, value("new"));
  EXPECT_EQ(result_of(*second), "new?");
}

TEST_F(NearReads, without_the_right_a_load_that_began_later_is_as_good_as_an_own_one) {
  const auto first = begin();
  pass(seconds(9));
  const auto second = begin();
  const auto third = begin();
  first->loaded(at, value("old"));
  second->joined(at);
  second->missed(at);
  third->joined(at);
  third->missed(at);
  ASSERT_TRUE(is<NearRead::RunLoader>(*second));
  ASSERT_TRUE(is<NearRead::AwaitLoad>(*third)) << "one loads, also without the right";
  second->loaded(at, value("new"));
  third->joined(at);
  EXPECT_EQ(result_of(*third), "new?");
}

TEST_F(NearReads, who_joined_has_nothing_that_was_invalidated_before_it_returns) {
  const auto first = begin();
  pass(milliseconds(10));
  const auto second = begin();
  first->loaded(at, value("Ada"));
  EXPECT_EQ(result_of(*first), "Ada");
  invalidate();  // Before the second caller has been woken up.
  second->joined(at);
  EXPECT_TRUE(is<NearRead::Look>(*second)) << result_of(*second);
}

TEST_F(NearReads, who_joined_has_no_right_of_the_one_that_loaded) {
  const auto first = begin();
  pass(milliseconds(10));
  const auto second = begin();
  first->loaded(at, value("Ada"));
  EXPECT_EQ(result_of(*first), "Ada");
  pass(seconds(9));  // It is suspended.
  second->joined(at);
  EXPECT_TRUE(is<NearRead::Look>(*second)) << result_of(*second);
}

TEST_F(NearReads, an_absence_of_another_is_looked_at_like_a_value) {
  const auto first = begin();
  pass(milliseconds(10));
  const auto second = begin();
  const auto third = begin();
  first->loaded(at, absence(false));
  second->joined(at);
  EXPECT_EQ(result_of(*second), "absent");
  invalidate();
  third->joined(at);
  EXPECT_TRUE(is<NearRead::Look>(*third)) << result_of(*third);
}

TEST_F(NearReads, who_joined_waits_no_longer_than_it_may_and_hears_of_errors) {
  const auto first = begin();
  const auto second = begin();
  const auto third = begin();
  const Instant until = std::get<NearRead::AwaitLoad>(second->step()).until;
  EXPECT_EQ(until, at + seconds(10));
  at = until;
  second->joined(at);
  EXPECT_EQ(result_of(*second), "another caller's load of '7' takes longer than 10000 ms");
  first->load_failed({ErrorCode::internal, "no database"});
  third->joined(at);
  EXPECT_EQ(result_of(*third), "no database");
}

TEST_F(NearReads, a_load_that_is_given_up_lets_the_others_know_and_leaves_nothing_behind) {
  auto first = begin();
  const auto second = begin();
  first.reset();
  second->joined(at);
  EXPECT_EQ(result_of(*second), "the load of another caller was given up");
  EXPECT_EQ(store.counters().fills, 0U);
  EXPECT_TRUE(is<NearRead::RunLoader>(*begin()));
}

TEST_F(NearReads, each_loads_for_itself_where_that_is_wanted) {
  ReadOptions alone;
  alone.load_once_here = false;
  EXPECT_TRUE(is<NearRead::RunLoader>(*begin(alone)));
  const auto first = begin(alone);
  const auto second = begin(alone);
  EXPECT_TRUE(is<NearRead::RunLoader>(*first));
  EXPECT_TRUE(is<NearRead::RunLoader>(*second));
  second->loaded(at, value("Bob"));
  first->loaded(at, value("Ada"));
  EXPECT_TRUE(is<NearRead::RunLoader>(*first)) << "a later load has ended before it";
}

// ---- The cluster's store.

struct AskingReads : NearReadRig {
  AskingReads() { options.ask_cluster = true; }
  ReadOptions options;
};

TEST_F(AskingReads, a_miss_asks_the_store_and_loads_if_it_has_nothing) {
  auto read = begin(options);
  ASSERT_TRUE(is<NearRead::AskStore>(*read));
  EXPECT_EQ(std::get<NearRead::AskStore>(read->step()).address.key, "7");
  CacheGot answer = got("Ada", 5);
  read->store_answered(at, &answer);
  EXPECT_EQ(result_of(*read), "Ada");
  EXPECT_EQ(held(), "Ada");

  invalidate();
  read = begin(options);
  answer = nothing();
  read->store_answered(at, &answer);
  EXPECT_TRUE(is<NearRead::RunLoader>(*read));
}

TEST_F(AskingReads, an_answer_that_was_overtaken_is_none) {
  const auto read = begin(options);
  invalidate();
  const CacheGot answer = got("Ada", 5);
  read->store_answered(at, &answer);
  EXPECT_TRUE(is<NearRead::RunLoader>(*read));
  read->loaded(at, value("Bob"));
  EXPECT_EQ(result_of(*read), "Bob");
}

TEST_F(AskingReads, without_broker_or_right_the_loader_runs_at_once) {
  rights.end();
  EXPECT_TRUE(is<NearRead::RunLoader>(*begin(options))) << "disconnected";
  rights.begin(1);
  EXPECT_TRUE(is<NearRead::AskStore>(*begin(options)));
  pass(seconds(3));
  EXPECT_TRUE(is<NearRead::RunLoader>(*begin(options))) << "the right has expired";
}

TEST_F(AskingReads, a_broker_that_does_not_answer_is_waited_for_once_and_not_long) {
  const auto first = begin(options);
  const Instant until = std::get<NearRead::AskStore>(first->step()).question.until;
  EXPECT_EQ(until, at + ClusterHelp::kPatience);
  at = until;
  first->store_answered(at, nullptr);
  ASSERT_TRUE(is<NearRead::RunLoader>(*first));
  first->loaded(at, value("Ada"));
  pass(milliseconds(1));
  store.drop(at, [] {
    CacheInvalidation all;
    all.address.namespace_name = "users";
    all.type = InvalidationType::namespace_all;
    return all;
  }());
  EXPECT_TRUE(is<NearRead::RunLoader>(*begin(options))) << "it is not asked again";
  hear();
  EXPECT_TRUE(is<NearRead::AskStore>(*begin(options))) << "until it is heard again";
}

TEST_F(AskingReads, what_would_go_back_is_a_miss) {
  const HybridTime told = hybrid_time_of(now().wall);
  invalidate();  // Told at that version.
  auto read = begin(options);
  CacheGot answer = nothing();
  read->store_answered(at, &answer);
  read->loaded(at, value("third"));  // The source is ahead of what has been told.
  EXPECT_EQ(result_of(*read), "third");
  store.drop(at, [] {
    CacheInvalidation one;
    one.address = {"users", "7"};
    return one;
  }());
  read = begin(options);
  answer = got("second", told);
  read->store_answered(at, &answer);
  EXPECT_TRUE(is<NearRead::RunLoader>(*read)) << result_of(*read);
  read->abandon("the test goes on");
  read = begin(options);
  answer = got("fourth", told + 1);
  read->store_answered(at, &answer);
  EXPECT_EQ(result_of(*read), "fourth");
}

// ---- One load in the cluster.

struct TurnReads : NearReadRig {
  TurnReads() { options.load_once_in_cluster = true; }
  ReadOptions options;
  const CacheGot none = nothing();
  LoadGranted granted{7, true, 0};

  // At the point where the turn is asked for.
  [[nodiscard]] std::unique_ptr<NearRead> asking() {
    auto read = begin(options);
    read->store_answered(at, &none);
    EXPECT_TRUE(is<NearRead::AskTurn>(*read));
    return read;
  }
  [[nodiscard]] SentAt asked() const { return SentAt::before_sending(at); }
};

TEST_F(TurnReads, who_has_the_turn_loads_and_shares_it) {
  const auto read = asking();
  EXPECT_EQ(std::get<NearRead::AskTurn>(read->step()).ask.lease_ms, 10'000U);
  read->turn_answered(at, asked(), granted);
  ASSERT_TRUE(is<NearRead::AskStore>(*read)) << "another may have given it meanwhile";
  read->store_answered(at, &none);
  ASSERT_TRUE(is<NearRead::RunLoader>(*read));
  EXPECT_FALSE(read->take_told());
  read->loaded(at, value("Ada"));
  const auto told = read->take_told();
  ASSERT_TRUE(told);
  EXPECT_EQ(told->lease_ms, 0U);
  EXPECT_EQ(told->grant, 7U);
  EXPECT_TRUE(told->loaded);
  EXPECT_EQ(told->value, "Ada");
  EXPECT_EQ(result_of(*read), "Ada");
}

TEST_F(TurnReads, a_turn_that_has_run_out_shares_nothing) {
  const auto read = asking();
  const SentAt question = asked();
  pass(seconds(6));  // The process is suspended.
  hear();
  read->turn_answered(at, question, granted);
  read->store_answered(at, &none);
  pass(seconds(4));  // Ten seconds after it was asked for: another may load by now.
  read->loaded(at, value("Ada"));
  const auto told = read->take_told();
  ASSERT_TRUE(told);
  EXPECT_FALSE(told->loaded);
}

TEST_F(TurnReads, who_has_not_waits_and_asks_the_store_now_and_then) {
  const auto read = asking();
  const LoadGranted later{1, false, 5000};
  read->turn_answered(at, asked(), later);
  ASSERT_TRUE(is<NearRead::Pause>(*read));
  const Instant until = std::get<NearRead::Pause>(read->step()).until;
  EXPECT_EQ(until, at + milliseconds(1));
  at = until;
  read->paused(at);
  ASSERT_TRUE(is<NearRead::AskStore>(*read));
  read->store_answered(at, &none);
  ASSERT_TRUE(is<NearRead::AskTurn>(*read));
  read->turn_answered(at, asked(), later);
  read->paused(at);
  const CacheGot answer = got("Ada", 5);
  read->store_answered(at, &answer);
  EXPECT_EQ(result_of(*read), "Ada");
  EXPECT_FALSE(read->take_told());
}

TEST_F(TurnReads, it_loads_itself_when_the_broker_goes_while_it_waits) {
  const auto read = asking();
  const LoadGranted later{1, false, 5000};
  read->turn_answered(at, asked(), later);
  rights.end();
  read->paused(at);
  EXPECT_TRUE(is<NearRead::RunLoader>(*read));
  read->abandon("the test goes on");
  rights.begin(1);
  const auto other = asking();
  pass(ClusterHelp::kPatience);
  other->turn_unanswered(at);
  EXPECT_TRUE(is<NearRead::RunLoader>(*other));
  EXPECT_FALSE(help.is_useful(at));
}

TEST_F(TurnReads, it_waits_no_longer_than_it_may) {
  options.load_wait = milliseconds(200);
  const auto read = asking();
  const LoadGranted later{1, false, 5000};
  read->turn_answered(at, asked(), later);
  pass(milliseconds(200));
  read->paused(at);
  read->store_answered(at, &none);
  EXPECT_TRUE(is<NearRead::RunLoader>(*read));
}

TEST_F(TurnReads, a_turn_ends_whatever_comes_of_it) {
  for (const bool fails : {true, false}) {
    const auto read = asking();
    read->turn_answered(at, asked(), granted);
    read->store_answered(at, &none);
    if (fails) {
      read->load_failed({ErrorCode::internal, "no database"});
    } else {
      read->abandon("the loader threw");
    }
    const auto told = read->take_told();
    ASSERT_TRUE(told);
    EXPECT_FALSE(told->loaded);
    EXPECT_EQ(told->lease_ms, 0U);
  }
}

}  // namespace
}  // namespace mpreg
