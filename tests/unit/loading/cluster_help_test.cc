#include "loading/cluster_help.h"

#include "unit/loading/near_read_rig.h"

namespace mpreg {
namespace {

struct Help : NearReadRig {
  const Frontier known{{{StreamId{"east", {5}, Lane::cache}, 17}}};
};

TEST_F(Help, what_is_asked_after_a_move_is_not_older_than_what_was_known) {
  help.on_welcome(at, 2, known);
  const auto question = help.ask(at);
  ASSERT_TRUE(question);
  EXPECT_EQ(question->positions, known.positions());
  EXPECT_EQ(question->wait, ClusterHelp::kReachWait);
  help.answered(*question);
  const auto next = help.ask(at);
  ASSERT_TRUE(next);
  EXPECT_TRUE(next->positions.empty());
  EXPECT_EQ(next->wait, milliseconds(0));
}

TEST_F(Help, one_asks_for_what_has_not_been_reached_and_the_others_load) {
  help.on_welcome(at, 2, known);
  const auto question = help.ask(at);
  ASSERT_TRUE(question);
  EXPECT_FALSE(help.ask(at));
  pass(ClusterHelp::kReachWait);
  help.unanswered(at, *question);
  EXPECT_FALSE(help.ask(at)) << "not at once again";
  hear();
  pass(ClusterHelp::kTryAgain);
  EXPECT_TRUE(help.ask(at));
}

TEST_F(Help, an_answer_of_the_broker_before_says_nothing_of_this_one) {
  help.on_welcome(at, 2, known);
  const auto question = help.ask(at);
  ASSERT_TRUE(question);
  help.on_welcome(at, 3, known);
  help.answered(*question);
  const auto next = help.ask(at);
  ASSERT_TRUE(next);
  EXPECT_EQ(next->positions, known.positions());
}

TEST_F(Help, a_broker_that_has_just_welcomed_is_asked_before_it_gives_any_right) {
  ServingRights fresh;
  ClusterHelp other(fresh);
  EXPECT_FALSE(other.is_useful(at));
  fresh.begin(1);
  other.on_welcome(at, 1, {});
  EXPECT_TRUE(other.is_useful(at));
  EXPECT_FALSE(other.is_useful(at + ClusterHelp::kWelcomeCounts));
  other.on_echo(SentAt::before_sending(at));
  EXPECT_TRUE(other.is_useful(at + ClusterHelp::kWelcomeCounts));
  EXPECT_FALSE(other.is_useful(at + ClusterHelp::kSilenceMax));
}

}  // namespace
}  // namespace mpreg
