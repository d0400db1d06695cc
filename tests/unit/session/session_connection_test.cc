#include "unit/session/scripted_broker.h"

namespace mpreg {
namespace {

using std::chrono::seconds;

std::vector<SessionState> states_of(const SessionEvents& events) {
  std::vector<SessionState> states;
  for (const StateChange& change : notices_of<StateChange>(events)) states.push_back(change.state);
  return states;
}

TEST(SessionConnection, hello_then_welcome_makes_it_ready) {
  ScriptedBroker broker;
  const Hello hello = broker.connect();
  EXPECT_EQ(hello.client, kSelf);
  EXPECT_EQ(hello.name, "tested");
  EXPECT_FALSE(hello.resume);
  EXPECT_GT(hello.receive_window_bytes, 0U);
  EXPECT_EQ(broker.session.state(), SessionState::ready);
  EXPECT_EQ(states_of(broker.events()), (std::vector{SessionState::greeting, SessionState::ready}));
  ASSERT_NE(broker.session.welcome(), nullptr);
  EXPECT_EQ(broker.session.welcome()->cluster, "east");
}

TEST(SessionConnection, hello_is_said_again_after_two_seconds_and_given_up_after_three) {
  ScriptedBroker broker;
  broker.session.on_connected(broker.now);
  EXPECT_EQ(broker.take_only<Hello>().size(), 1U);
  broker.pass(milliseconds(1999));
  broker.session.tick(broker.now);
  EXPECT_TRUE(broker.take_only<Hello>().empty());
  broker.pass(milliseconds(1));
  EXPECT_LE(broker.session.next_tick(), broker.now.instant);
  broker.session.tick(broker.now);
  EXPECT_EQ(broker.take_only<Hello>().size(), 1U);
  EXPECT_FALSE(broker.session.take_redial());
  broker.pass(seconds(1));
  broker.session.tick(broker.now);
  EXPECT_TRUE(broker.session.take_redial());
  EXPECT_EQ(broker.session.state(), SessionState::disconnected);
}

TEST(SessionConnection, a_later_session_of_a_hello_said_twice_has_had_what_was_sent) {
  ScriptedBroker broker;
  broker.session.on_connected(broker.now);
  broker.pass(kHelloRetry);
  broker.session.tick(broker.now);
  EXPECT_EQ(broker.take_only<Hello>().size(), 2U);
  broker.give(broker.welcome);
  ASSERT_TRUE(broker.session.publish(broker.now, "a.b", as_bytes("x")));
  const auto batches = broker.take_batches();
  ASSERT_EQ(batches.size(), 1U);
  ++broker.welcome.session;
  broker.give(broker.welcome);
  EXPECT_TRUE(broker.take_batches().empty());
  broker.give(Accepted{1, batches[0].bytes});
  EXPECT_EQ(broker.session.accepted_through(), 1U);
}

TEST(SessionConnection, a_later_session_of_a_hello_said_twice_stands_where_it_says) {
  ScriptedBroker broker;
  broker.session.on_connected(broker.now);
  broker.pass(kHelloRetry);
  broker.session.tick(broker.now);
  broker.welcome.positions = {{broker.stream, 0}};
  broker.give(broker.welcome);
  ++broker.welcome.session;
  broker.welcome.positions = {{broker.stream, 46}};
  broker.give(broker.welcome);
  broker.subscribe(1, {"a.#"}, {{broker.stream, 46}});
  broker.batch(46, {{"x", {9, 1}}});
  EXPECT_EQ(story_of(broker.events()), (Story{"1:x"}));
}

TEST(SessionConnection, a_second_welcome_to_the_same_session_changes_nothing) {
  ScriptedBroker broker;
  broker.connect();
  ASSERT_TRUE(broker.session.publish(broker.now, "a.b", as_bytes("x")));
  EXPECT_EQ(broker.take_batches().size(), 1U);
  broker.give(broker.welcome);
  EXPECT_TRUE(broker.take_batches().empty());
}

TEST(SessionConnection, resumes_with_positions_and_active_subscriptions) {
  ScriptedBroker broker;
  broker.connect();
  broker.subscribe(3, {"a.#"});
  broker.batch(10, {{"x", {9, 1}}, {"y", {9, 2}}});
  broker.session.on_disconnected(broker.now, "cable");
  EXPECT_FALSE(broker.session.take_redial());
  broker.session.on_connected(broker.now);
  const auto hellos = broker.take_only<Hello>();
  ASSERT_EQ(hellos.size(), 1U);
  EXPECT_TRUE(hellos[0].resume);
  EXPECT_EQ(hellos[0].positions, (std::vector<StreamPosition>{{broker.stream, 12}}));
  ASSERT_EQ(hellos[0].subscriptions.size(), 1U);
  EXPECT_EQ(hellos[0].subscriptions[0].id, 3U);
  EXPECT_EQ(hellos[0].subscriptions[0].patterns, (std::vector<std::string>{"a.#"}));
}

// What another connection was sent, and was accepted without our hearing it, is written all the
// same.
TEST(SessionConnection, what_was_open_when_the_connection_broke_is_covered_wherever_it_lies) {
  ScriptedBroker broker;
  broker.connect();
  ASSERT_TRUE(broker.session.publish(broker.now, "a.b", as_bytes("x")));
  EXPECT_EQ(broker.take_batches().size(), 1U);
  broker.session.on_disconnected(broker.now, "it broke");
  broker.session.on_connected(broker.now);
  const auto hello = broker.take_only<Hello>();
  ASSERT_EQ(hello.size(), 1U);
  EXPECT_EQ(hello[0].open_through, 1U);
  // Another broker, which has heard of it from the first.
  const StreamId east{"east", {5}, Lane::cache};
  const StreamId north{"north", {7}, Lane::cache};
  const StreamId west{"west", {6}, Lane::cache};
  broker.welcome.cluster = "west";
  ++broker.welcome.session;
  broker.welcome.accepted = {{1, 1}};
  broker.welcome.applied = {{east, 12}, {north, 3}, {west, 0}};
  broker.give(broker.welcome);
  EXPECT_EQ(broker.session.written(), (std::vector<StreamPosition>{{east, 12}}))
      << "it was never sent to north, and west has written nothing";
  Accepted accepted{1, 0};
  accepted.applied = {{east, 13}, {west, 4}};
  broker.give(accepted);
  EXPECT_EQ(broker.session.accepted_through(), 1U);
  EXPECT_EQ(broker.session.written(), (std::vector<StreamPosition>{{east, 13}, {west, 4}}));
  broker.session.on_disconnected(broker.now, "it broke");
  broker.session.on_connected(broker.now);
  EXPECT_EQ(broker.take_only<Hello>().at(0).open_through, 0U) << "nothing is open any more";
}

TEST(SessionConnection, a_refusal_to_be_tried_again_asks_for_a_later_dial) {
  ScriptedBroker broker;
  broker.session.on_connected(broker.now);
  broker.give(Refused{ErrorCode::overloaded, "sessions_max is 10", 700});
  const auto redial = broker.session.take_redial();
  ASSERT_TRUE(redial);
  EXPECT_EQ(redial->after, milliseconds(700));
  EXPECT_EQ(broker.session.state(), SessionState::disconnected);
  EXPECT_FALSE(broker.session.take_redial());
}

TEST(SessionConnection, a_refusal_for_good_ends_everything_that_waits) {
  ScriptedBroker broker;
  const auto request = broker.session.subscribe(broker.now, {1, {"a"}, 0, 0});
  ASSERT_TRUE(request);
  broker.session.on_connected(broker.now);
  broker.give(Refused{ErrorCode::unsupported, "protocol 9 is too new", 0});
  EXPECT_EQ(broker.session.state(), SessionState::refused);
  EXPECT_FALSE(broker.session.take_redial());
  const auto answers = notices_of<Answer>(broker.events());
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].request, *request);
  EXPECT_EQ(answers[0].code, ErrorCode::unsupported);
  const auto published = broker.session.publish(broker.now, "a", as_bytes("x"));
  ASSERT_FALSE(published);
  EXPECT_EQ(published.error().code, ErrorCode::disconnected);
}

TEST(SessionConnection, probes_at_the_heartbeat_and_the_echo_renews_from_the_sending) {
  ScriptedBroker broker;
  broker.connect();
  broker.session.tick(broker.now);
  const auto first = broker.take_only<Probe>();
  ASSERT_EQ(first.size(), 1U);
  broker.pass(milliseconds(499));
  broker.session.tick(broker.now);
  EXPECT_TRUE(broker.take_only<Probe>().empty());
  broker.pass(milliseconds(1));
  broker.session.tick(broker.now);
  EXPECT_EQ(broker.take_only<Probe>().size(), 1U);
  broker.give(ProbeEcho{first[0].sent_at_ns, {}, {{"west", 40}}});
  const Instant sent_at{Duration(static_cast<Duration::rep>(first[0].sent_at_ns))};
  EXPECT_EQ(broker.session.lease_until(), sent_at + kBrokerSilenceMax);
  ASSERT_EQ(broker.session.vouches().size(), 1U);
  EXPECT_EQ(broker.session.vouches()[0].origin, "west");
}

TEST(SessionConnection, an_echo_from_the_future_renews_nothing) {
  ScriptedBroker broker;
  broker.connect();
  const Instant before = broker.session.lease_until();
  const auto later = broker.now.instant + seconds(60);
  broker.give(ProbeEcho{static_cast<std::uint64_t>(later.time_since_epoch().count()), {}, {}});
  EXPECT_EQ(broker.session.lease_until(), before);
  EXPECT_EQ(broker.session.counters().packets_refused, 1U);
}

TEST(SessionConnection, silence_for_three_seconds_gives_the_connection_up) {
  ScriptedBroker broker;
  broker.connect();
  broker.pass(milliseconds(2900));
  broker.give(Gap{broker.stream, 0, 0, {}, ""});  // A word, whatever it is.
  broker.pass(milliseconds(2999));
  broker.session.tick(broker.now);
  EXPECT_FALSE(broker.session.take_redial());
  broker.pass(milliseconds(1));
  broker.session.tick(broker.now);
  EXPECT_TRUE(broker.session.take_redial());
}

TEST(SessionConnection, credit_is_given_after_a_quarter_of_the_window_and_with_a_probe) {
  SessionOptions options;
  options.receive_window_bytes = 4000;
  ScriptedBroker broker(options);
  broker.connect();
  broker.session.tick(broker.now);
  broker.take();
  std::uint64_t bytes = 0;
  const auto batch = [&](Number after) {
    const Frame body = broker.body(after + 1, {{std::string(300, 'x'), {9, after + 1}}});
    const BatchHeader header = broker.header(after, after + 1);
    bytes += encode_packet(header).size() + body.size();
    broker.give(header, body);
  };
  std::vector<Acknowledge> acknowledged;
  Number after = 0;
  while (bytes < 1000) {
    EXPECT_TRUE(acknowledged.empty());
    batch(after++);
    acknowledged = broker.take_only<Acknowledge>();
  }
  ASSERT_EQ(acknowledged.size(), 1U);
  EXPECT_EQ(acknowledged[0].consumed_bytes, bytes);
  batch(after++);
  EXPECT_TRUE(broker.take_only<Acknowledge>().empty());
  broker.pass(milliseconds(500));
  broker.session.tick(broker.now);
  const auto with_probe = broker.take();
  ASSERT_EQ(with_probe.size(), 2U);
  ASSERT_NE(with_probe[0].as<Acknowledge>(), nullptr);
  EXPECT_EQ(with_probe[0].as<Acknowledge>()->consumed_bytes, bytes);
  EXPECT_NE(with_probe[1].as<Probe>(), nullptr);
}

TEST(SessionConnection, held_credit_is_given_when_it_is_released) {
  SessionOptions options;
  options.receive_window_bytes = 400;
  ScriptedBroker broker(options);
  broker.connect();
  broker.session.hold_credit(broker.now, true);
  broker.batch(0, {{std::string(300, 'x'), {9, 1}}});
  broker.pass(milliseconds(600));
  broker.session.tick(broker.now);
  EXPECT_TRUE(broker.take_only<Acknowledge>().empty());
  broker.session.hold_credit(broker.now, false);
  EXPECT_EQ(broker.take_only<Acknowledge>().size(), 1U);
}

TEST(SessionConnection, credit_starts_over_with_a_new_connection) {
  SessionOptions options;
  options.receive_window_bytes = 400;
  ScriptedBroker broker(options);
  broker.connect();
  broker.batch(0, {{std::string(300, 'x'), {9, 1}}});
  const auto first = broker.take_only<Acknowledge>();
  ASSERT_EQ(first.size(), 1U);
  broker.session.on_disconnected(broker.now, "cable");
  broker.connect();
  broker.batch(1, {{std::string(300, 'x'), {9, 2}}}, {});
  const auto second = broker.take_only<Acknowledge>();
  ASSERT_EQ(second.size(), 1U);
  EXPECT_LE(second[0].consumed_bytes, first[0].consumed_bytes);
}

TEST(SessionConnection, a_final_goodbye_means_that_the_end_of_the_stream_is_no_gap) {
  ScriptedBroker broker;
  broker.connect();
  broker.subscribe(1, {"#"});
  broker.batch(0, {{"x", {9, 1}}, {"y", {9, 2}}});
  broker.give(Goodbye{"restart", {{broker.stream, 2}}});
  EXPECT_TRUE(broker.session.take_redial());
  EXPECT_EQ(broker.session.state(), SessionState::disconnected);
  broker.events();
  broker.connect();
  broker.give(Gap{broker.stream, 2, kNumberMax, {}, "the origin has a new incarnation"});
  EXPECT_TRUE(notices_of<Gap>(broker.events()).empty());
  EXPECT_EQ(broker.session.positions(), (std::vector<StreamPosition>{{broker.stream, kNumberMax}}));
}

TEST(SessionConnection, a_final_goodbye_bounds_the_gap_of_what_had_not_come) {
  ScriptedBroker broker;
  broker.connect();
  broker.subscribe(1, {"#"});
  broker.batch(0, {{"x", {9, 1}}});
  broker.give(Goodbye{"restart", {{broker.stream, 4}}});
  broker.pass(kPartingMax);
  broker.session.tick(broker.now);
  EXPECT_TRUE(broker.session.take_redial());
  broker.events();
  broker.connect();
  broker.give(Gap{broker.stream, 1, kNumberMax, {}, "the origin has a new incarnation"});
  EXPECT_EQ(story_of(broker.events()), (Story{"gap 1-4"}));
}

TEST(SessionConnection, what_a_leaving_broker_still_has_is_taken_before_parting) {
  ScriptedBroker broker;
  broker.connect();
  broker.subscribe(1, {"#"});
  broker.batch(0, {{"x", {9, 1}}});
  broker.take();
  broker.give(Goodbye{"restart", {{broker.stream, 3}}});
  EXPECT_FALSE(broker.session.take_redial());
  // What is published now is for the next broker.
  ASSERT_TRUE(broker.session.publish(broker.now, "a", as_bytes("later")));
  const auto sent = broker.take();
  ASSERT_EQ(sent.size(), 2U);
  EXPECT_NE(sent[0].as<Acknowledge>(), nullptr);
  ASSERT_NE(sent[1].as<Probe>(), nullptr);
  broker.batch(1, {{"y", {9, 2}}});
  EXPECT_FALSE(broker.session.take_redial());
  broker.give(ProbeEcho{sent[1].as<Probe>()->sent_at_ns, {{broker.stream, 3}}, {}});
  EXPECT_TRUE(broker.session.take_redial());
  EXPECT_EQ(broker.take_only<Goodbye>().size(), 1U);
  EXPECT_EQ(story_of(broker.events()), (Story{"1:x", "1:y"}));
  broker.connect();
  EXPECT_EQ(broker.take_batches().size(), 1U);
}

TEST(SessionConnection, goodbye_is_said_and_is_the_end) {
  ScriptedBroker broker;
  broker.connect();
  CacheInvalidation invalidation;
  invalidation.address = {"users", "1", "", 1, "default"};
  invalidation.tracking = {WaitLevel::applied, 1000};
  const auto operation = broker.session.invalidate(broker.now, invalidation);
  ASSERT_TRUE(operation) << operation.error().text;
  broker.session.goodbye(broker.now, "done");
  const auto goodbyes = broker.take_only<Goodbye>();
  ASSERT_EQ(goodbyes.size(), 1U);
  EXPECT_EQ(goodbyes[0].reason, "done");
  const auto outcomes = notices_of<OperationOutcome>(broker.events());
  ASSERT_EQ(outcomes.size(), 1U);
  EXPECT_EQ(outcomes[0].operations, (std::vector<EndedOperation>{{*operation, 0}}));
  EXPECT_EQ(outcomes[0].outcome, Outcome::failed);
  broker.session.on_connected(broker.now);
  EXPECT_TRUE(broker.take().empty());
}

TEST(SessionConnection, what_no_broker_says_is_counted_and_ignored) {
  ScriptedBroker broker;
  broker.connect();
  broker.give(Hello{});
  broker.session.on_message(broker.now, Frame::copy_of(as_bytes("no packet at all")), {});
  EXPECT_EQ(broker.session.counters().packets_refused, 2U);
  EXPECT_EQ(broker.session.state(), SessionState::ready);
}

}  // namespace
}  // namespace mpreg
