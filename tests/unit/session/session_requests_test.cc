#include "unit/session/scripted_broker.h"

namespace mpreg {
namespace {

using std::chrono::seconds;

CacheInvalidation tracked_invalidation(std::uint32_t timeout_ms = 1000) {
  CacheInvalidation invalidation;
  invalidation.address = {"users", "1", "", 1, "default"};
  invalidation.tracking = {WaitLevel::applied, timeout_ms};
  return invalidation;
}

TEST(SessionRequests, a_subscription_is_asked_for_and_confirmed) {
  ScriptedBroker broker;
  broker.connect();
  const auto request = broker.session.subscribe(broker.now, {4, {"b", "a", "b"}, 10, 0});
  ASSERT_TRUE(request);
  const auto sent = broker.take_only<Subscribe>();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].subscription.patterns, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(sent[0].subscription.backlog_count, 10U);
  broker.give(Subscribed{*request, 4, {}});
  const auto confirmed = notices_of<Subscribed>(broker.events());
  ASSERT_EQ(confirmed.size(), 1U);
  EXPECT_EQ(confirmed[0].request, *request);
}

TEST(SessionRequests, a_subscription_without_a_connection_waits_for_one) {
  ScriptedBroker broker;
  const auto request = broker.session.subscribe(broker.now, {4, {"a"}, 0, 0});
  ASSERT_TRUE(request);
  broker.session.on_connected(broker.now);
  EXPECT_TRUE(broker.take_only<Hello>().at(0).subscriptions.empty());
  broker.give(broker.welcome);
  EXPECT_EQ(broker.take_only<Subscribe>().size(), 1U);
  // Not confirmed before the connection broke: asked for again.
  broker.session.on_disconnected(broker.now, "cable");
  broker.session.on_connected(broker.now);
  broker.take();
  broker.give(broker.welcome);
  EXPECT_EQ(broker.take_only<Subscribe>().at(0).request, *request);
}

TEST(SessionRequests, a_subscription_that_the_broker_refuses_is_gone) {
  ScriptedBroker broker;
  broker.connect();
  const auto request = broker.session.subscribe(broker.now, {4, {"a"}, 0, 0});
  broker.give(Answer{*request, false, ErrorCode::overloaded, "patterns_max is 0"});
  const auto answers = notices_of<Answer>(broker.events());
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].code, ErrorCode::overloaded);
  EXPECT_FALSE(broker.session.unsubscribe(broker.now, 4));
}

TEST(SessionRequests, subscriptions_that_break_a_rule_are_refused_by_name) {
  SessionOptions options;
  options.patterns_max = 3;
  ScriptedBroker broker(options);
  EXPECT_FALSE(broker.session.subscribe(broker.now, {0, {"a"}, 0, 0}));
  EXPECT_FALSE(broker.session.subscribe(broker.now, {1, {}, 0, 0}));
  EXPECT_FALSE(broker.session.subscribe(broker.now, {1, {"a..b"}, 0, 0}));
  ASSERT_TRUE(broker.session.subscribe(broker.now, {1, {"a", "b"}, 0, 0}));
  const auto many = broker.session.subscribe(broker.now, {2, {"a", "b"}, 0, 0});
  ASSERT_FALSE(many);
  EXPECT_EQ(many.error().code, ErrorCode::overloaded);
}

TEST(SessionRequests, unsubscribing_while_greeting_is_said_after_the_welcome) {
  ScriptedBroker broker;
  broker.connect();
  broker.subscribe(4, {"a"});
  broker.session.on_disconnected(broker.now, "cable");
  broker.session.on_connected(broker.now);
  EXPECT_EQ(broker.take_only<Hello>().at(0).subscriptions.size(), 1U);
  ASSERT_TRUE(broker.session.unsubscribe(broker.now, 4));
  EXPECT_TRUE(broker.take().empty());
  broker.give(broker.welcome);
  EXPECT_EQ(broker.take_only<Unsubscribe>().at(0).subscription, 4U);
}

TEST(SessionRequests, barrier_query_and_completion_are_asked_and_answered) {
  ScriptedBroker broker;
  EXPECT_EQ(broker.session.barrier(broker.now, seconds(1)).error().code, ErrorCode::disconnected);
  broker.connect();
  const auto barrier = broker.session.barrier(broker.now, seconds(1));
  const auto query = broker.session.query(broker.now, "stats");
  const auto completion = broker.session.complete_operation(broker.now, 3, true);
  ASSERT_TRUE(barrier && query && completion);
  const auto sent = broker.take();
  ASSERT_EQ(sent.size(), 3U);
  EXPECT_EQ(*sent[0].as<Barrier>(), (Barrier{*barrier, 1000}));
  EXPECT_EQ(*sent[1].as<Query>(), (Query{*query, "stats"}));
  EXPECT_EQ(*sent[2].as<CompleteOperation>(), (CompleteOperation{*completion, 3, true}));
  broker.events();
  broker.give(Answer{*query, true, ErrorCode::internal, "{}"});
  broker.give(Answer{*query, true, ErrorCode::internal, "{}"});
  const auto answers = notices_of<Answer>(broker.events());
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].text, "{}");
}

TEST(SessionRequests, a_lost_connection_answers_what_waits) {
  ScriptedBroker broker;
  broker.connect();
  const auto query = broker.session.query(broker.now, "stats");
  broker.session.on_disconnected(broker.now, "cable");
  const auto answers = notices_of<Answer>(broker.events());
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].request, *query);
  EXPECT_EQ(answers[0].code, ErrorCode::disconnected);
}

TEST(SessionRequests, an_answer_that_never_comes_is_given_up) {
  ScriptedBroker broker;
  broker.connect();
  const auto barrier = broker.session.barrier(broker.now, milliseconds(100));
  broker.events();
  broker.pass(milliseconds(100) + kOutcomeMargin);
  EXPECT_LE(broker.session.next_tick(), broker.now.instant);
  broker.session.tick(broker.now);
  const auto answers = notices_of<Answer>(broker.events());
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].request, *barrier);
  EXPECT_EQ(answers[0].code, ErrorCode::timed_out);
}

TEST(SessionRequests, an_outcome_is_told_once_however_often_it_comes) {
  ScriptedBroker broker;
  broker.connect();
  const auto operation = broker.session.invalidate(broker.now, tracked_invalidation());
  ASSERT_TRUE(operation) << operation.error().text;
  const auto sent = broker.take_batches();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_NE(sent[0].body->records[0].flags & kTracked, 0);
  EXPECT_EQ(broker.session.tracked_operations(), 1U);
  broker.events();
  OperationOutcome outcome;
  outcome.operations = {{*operation, 7}};
  outcome.confirmed = {"west"};
  broker.give(outcome);
  broker.give(outcome);
  EXPECT_EQ(notices_of<OperationOutcome>(broker.events()).size(), 1U);
  EXPECT_EQ(broker.session.tracked_operations(), 0U);
  EXPECT_EQ(broker.session.counters().outcomes_repeated, 1U);
}

TEST(SessionRequests, a_tracked_operation_ends_by_its_own_deadline_without_a_broker) {
  ScriptedBroker broker;
  const auto operation = broker.session.invalidate(broker.now, tracked_invalidation(500));
  ASSERT_TRUE(operation);
  broker.pass(milliseconds(500) + kOutcomeMargin - milliseconds(1));
  broker.session.tick(broker.now);
  EXPECT_TRUE(notices_of<OperationOutcome>(broker.events()).empty());
  broker.pass(milliseconds(1));
  broker.session.tick(broker.now);
  const auto outcomes = notices_of<OperationOutcome>(broker.events());
  ASSERT_EQ(outcomes.size(), 1U);
  EXPECT_EQ(outcomes[0].operations, (std::vector<EndedOperation>{{*operation, 0}}));
  EXPECT_EQ(outcomes[0].outcome, Outcome::timed_out);
}

TEST(SessionRequests, a_refused_operation_has_no_outcome_any_more) {
  ScriptedBroker broker;
  broker.connect();
  const auto operation = broker.session.invalidate(broker.now, tracked_invalidation());
  broker.give(OperationRefused{*operation, ErrorCode::overloaded, "pending_operations_max is 0"});
  EXPECT_EQ(broker.session.tracked_operations(), 0U);
}

TEST(SessionRequests, tracked_operations_beyond_the_limit_are_refused_before_they_are_numbered) {
  SessionOptions options;
  options.tracked_operations_max = 1;
  ScriptedBroker broker(options);
  broker.connect();
  ASSERT_TRUE(broker.session.invalidate(broker.now, tracked_invalidation()));
  const auto second = broker.session.invalidate(broker.now, tracked_invalidation());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::overloaded);
  EXPECT_EQ(broker.session.last_operation(), 1U);
  CacheInvalidation untracked = tracked_invalidation();
  untracked.tracking = {};
  EXPECT_TRUE(broker.session.invalidate(broker.now, untracked));
}

TEST(SessionRequests, cache_facts_that_break_a_rule_are_refused_here) {
  ScriptedBroker broker;
  CacheInvalidation invalidation = tracked_invalidation();
  invalidation.priority = -1;
  const auto negative = broker.session.invalidate(broker.now, invalidation);
  ASSERT_FALSE(negative);
  EXPECT_NE(negative.error().text.find("priority"), std::string::npos);
  CacheReplication replication;
  replication.address = {"users", "1", "", 1, "default"};
  const auto nowhere = broker.session.replicate(broker.now, replication, "value");
  ASSERT_FALSE(nowhere);
  EXPECT_NE(nowhere.error().text.find("targets"), std::string::npos);
  EXPECT_EQ(broker.session.last_operation(), 0U);
}

// What the new patterns match before would come again from a broker that serves from the position.
TEST(SessionRequests, a_replaced_subscription_resumes_from_where_it_was_replaced) {
  ScriptedBroker broker;
  broker.connect();
  broker.subscribe(1, {"a.#"}, {{broker.stream, 0}});
  broker.subscribe(1, {"b.#"}, {{broker.stream, 7}});
  broker.session.on_disconnected(broker.now, "broken");
  const Hello hello = broker.connect();
  ASSERT_EQ(hello.positions.size(), 1U);
  EXPECT_EQ(hello.positions[0].number, 7U);
}

}  // namespace
}  // namespace mpreg
