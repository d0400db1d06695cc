// Batches that may be answered later, and the answers that come with an outcome.

#include "unit/session/scripted_broker.h"

namespace mpreg {
namespace {

// "now" or "later" for each batch sent.
Story answers_of(ScriptedBroker& broker) {
  Story story;
  for (const Sent& batch : broker.take_batches()) {
    story.push_back(batch.as<BatchHeader>()->may_answer_later ? "later" : "now");
  }
  return story;
}

CacheInvalidation tracked_invalidation() {
  CacheInvalidation invalidation;
  invalidation.address = {"users", "1", "", 1, "default"};
  invalidation.tracking.wait = WaitLevel::applied;
  return invalidation;
}

TEST(LateAnswers, small_events_ask_for_an_answer_once_in_a_while) {
  ScriptedBroker broker({}, 4);
  broker.connect();
  for (int i = 0; i < 9; ++i) {
    ASSERT_TRUE(broker.session.publish(broker.now, "a", as_bytes("x")));
  }
  // Two more while the answer is on its way; the ninth waits: two answers are under way.
  EXPECT_EQ(answers_of(broker),
            (Story{"later", "later", "later", "later", "now", "later", "later", "now"}));
}

// A steady publisher that is faster than the broker answers.
TEST(LateAnswers, while_an_answer_is_on_its_way_messages_ask_for_no_further_one) {
  ScriptedBroker broker({}, 4);
  broker.connect();
  std::uint64_t bytes = 0;
  std::optional<Accepted> on_its_way;
  Story story;
  for (std::uint64_t operation = 1; operation <= 15; ++operation) {
    ASSERT_TRUE(broker.session.publish(broker.now, "a", as_bytes("x")));
    if (on_its_way) broker.give(*std::exchange(on_its_way, std::nullopt));
    for (const Sent& batch : broker.take_batches()) {
      bytes += batch.bytes;
      const bool is_late = batch.as<BatchHeader>()->may_answer_later;
      if (!is_late) on_its_way = Accepted{operation, bytes};
      story.push_back(is_late ? "later" : "now");
    }
  }
  Story expected;
  for (int i = 1; i <= 15; ++i) expected.push_back(i % 5 == 0 ? "now" : "later");
  EXPECT_EQ(story, expected);
}

// Its outcome is waited for, and the answer comes with that.
TEST(LateAnswers, a_single_tracked_operation_asks_for_no_answer_and_one_that_is_not_tracked_does) {
  ScriptedBroker broker({}, 3);
  broker.connect();
  CacheInvalidation invalidation = tracked_invalidation();
  ASSERT_TRUE(broker.session.invalidate(broker.now, invalidation));
  invalidation.tracking.wait = WaitLevel::accepted;
  ASSERT_TRUE(broker.session.invalidate(broker.now, invalidation));
  const auto sent = broker.take_batches();
  ASSERT_EQ(sent.size(), 2U);
  const auto* first = sent[0].as<BatchHeader>();
  EXPECT_TRUE(first->may_answer_later);
  EXPECT_EQ(first->stream.lane, Lane::cache);
  EXPECT_FALSE(sent[1].as<BatchHeader>()->may_answer_later);
}

TEST(LateAnswers, an_outcome_brings_the_answer_which_holds_first) {
  ScriptedBroker broker({}, 3);
  broker.connect();
  const auto operation = broker.session.invalidate(broker.now, tracked_invalidation());
  ASSERT_TRUE(operation);
  std::uint64_t bytes = 0;
  for (const Sent& batch : broker.take_batches()) bytes += batch.bytes;
  broker.events();
  OperationOutcome outcome;
  outcome.operations = {{*operation, 7}};
  outcome.accepted = Accepted{*operation, bytes};
  broker.give(outcome);
  const SessionEvents events = broker.events();
  ASSERT_EQ(events.notices.size(), 2U);
  const auto* accepted = std::get_if<AcceptedThrough>(&events.notices[0].what);
  ASSERT_NE(accepted, nullptr);
  EXPECT_EQ(accepted->operation, *operation);
  const auto* told = std::get_if<OperationOutcome>(&events.notices[1].what);
  ASSERT_NE(told, nullptr);
  EXPECT_FALSE(told->accepted);
}

TEST(LateAnswers, an_answer_to_one_answers_those_before_it) {
  ScriptedBroker broker({}, 3);
  broker.connect();
  std::uint64_t bytes = 0;
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(broker.session.publish(broker.now, "a", as_bytes("x")));
  }
  for (const Sent& batch : broker.take_batches()) bytes += batch.bytes;
  broker.give(Accepted{4, bytes});
  EXPECT_EQ(broker.session.accepted_through(), 4U);
  ASSERT_TRUE(broker.session.publish(broker.now, "a", as_bytes("x")));
  EXPECT_EQ(answers_of(broker), (Story{"later"}));
}

TEST(LateAnswers, whoever_waits_is_answered_at_once) {
  ScriptedBroker broker({}, 3);
  broker.connect();
  ASSERT_TRUE(broker.session.publish(broker.now, "a", as_bytes("x"), nullptr, Answering::at_once));
  ASSERT_TRUE(broker.session.publish(broker.now, "a", as_bytes(std::string(2000, 'x'))));
  EXPECT_EQ(answers_of(broker), (Story{"now", "now"}));
}

TEST(LateAnswers, a_flush_asks_for_what_would_come_later) {
  ScriptedBroker broker({}, 3);
  broker.connect();
  ASSERT_TRUE(broker.session.publish(broker.now, "a", as_bytes("x")));
  broker.take();
  broker.session.flush(broker.now);
  const auto sent = broker.take();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_TRUE(std::holds_alternative<Probe>(sent[0].packet));
}

TEST(LateAnswers, what_is_sent_again_asks) {
  ScriptedBroker broker({}, 3);
  broker.connect();
  ASSERT_TRUE(broker.session.publish(broker.now, "a", as_bytes("x")));
  broker.take();
  broker.session.on_disconnected(broker.now, "cable");
  broker.session.on_connected(broker.now);
  ++broker.welcome.session;
  broker.take();
  broker.give(broker.welcome);
  EXPECT_EQ(answers_of(broker), (Story{"now"}));
}

}  // namespace
}  // namespace mpreg
