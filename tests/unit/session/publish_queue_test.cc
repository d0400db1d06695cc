// What is published, through the whole session: numbers, batches, windows, sending again.

#include <algorithm>

#include "unit/session/scripted_broker.h"

namespace mpreg {
namespace {

// "1 2 3" for the operations of a batch, in order.
std::string operations_of(const Sent& batch) {
  std::string text;
  for (const Record& record : batch.body->records) {
    const OperationId id = operation_of(batch.body->segments, record.index);
    EXPECT_EQ(id.client, kSelf);
    text += (text.empty() ? "" : " ") + std::to_string(id.operation);
  }
  return text;
}

class PublishQueue : public ::testing::Test {
 protected:
  std::uint64_t publish(std::string_view topic = "a.b", std::string_view payload = "x") {
    const auto operation = broker.session.publish(broker.now, topic, as_bytes(payload));
    EXPECT_TRUE(operation.has_value()) << operation.error().text;
    return operation.value_or(0);
  }
  std::uint64_t invalidate(const std::string& key, WaitLevel wait = WaitLevel::accepted) {
    CacheInvalidation invalidation;
    invalidation.address = {"users", key, "", 1, "default"};
    invalidation.tracking = {wait, 1000};
    const auto operation = broker.session.invalidate(broker.now, invalidation);
    EXPECT_TRUE(operation.has_value()) << operation.error().text;
    return operation.value_or(0);
  }
  // What was sent since the last call, added up and named by lane and operations.
  Story batches() {
    Story story;
    for (const Sent& batch : broker.take_batches()) {
      bytes += batch.bytes;
      story.push_back(std::string(name_of(batch.body->stamp.lane)) + " " + operations_of(batch));
    }
    return story;
  }
  void accept(std::uint64_t through) { broker.give(Accepted{through, bytes}); }
  void give_echo() {
    ProbeEcho echo;
    echo.sent_at_ns = static_cast<std::uint64_t>(broker.now.instant.time_since_epoch().count());
    broker.give(echo);
  }
  void reconnect(std::vector<NumberRange> accepted) {
    broker.session.on_disconnected(broker.now, "cable");
    broker.welcome.accepted = std::move(accepted);
    bytes = 0;
    broker.session.on_connected(broker.now);
    ++broker.welcome.session;
    broker.take();
    broker.give(broker.welcome);
  }

  ScriptedBroker broker;
  std::uint64_t bytes = 0;  // Of batches, in this connection.
};

TEST_F(PublishQueue, operations_are_numbered_over_all_lanes_and_leave_at_once) {
  broker.connect();
  EXPECT_EQ(publish(), 1U);
  EXPECT_EQ(invalidate("1"), 2U);
  EXPECT_EQ(batches(), (Story{"events 1", "cache 2"}));
}

TEST_F(PublishQueue, with_two_batches_under_way_the_rest_waits_for_an_answer) {
  broker.connect();
  for (int i = 0; i < 5; ++i) publish();
  EXPECT_EQ(batches(), (Story{"events 1", "events 2"}));
  accept(2);
  EXPECT_EQ(batches(), (Story{"events 3 4 5"}));
  EXPECT_EQ(broker.session.accepted_through(), 2U);
}

TEST_F(PublishQueue, open_batches_leave_in_the_order_of_their_lowest_operation) {
  broker.connect();
  publish();
  publish();
  invalidate("3");
  publish();
  invalidate("5");
  publish();
  EXPECT_EQ(batches(), (Story{"events 1", "events 2"}));
  accept(2);
  EXPECT_EQ(batches(), (Story{"cache 3 5", "events 4 6"}));
}

TEST_F(PublishQueue, a_full_batch_leaves_whatever_is_under_way) {
  SessionOptions options;
  options.client = kSelf;
  options.batch_records_max = 3;
  ScriptedBroker small(options);
  small.connect();
  for (int i = 0; i < 6; ++i) {
    ASSERT_TRUE(small.session.publish(small.now, "a", as_bytes("x")));
  }
  std::vector<std::string> sent;
  for (const Sent& batch : small.take_batches()) sent.push_back(operations_of(batch));
  EXPECT_EQ(sent, (Story{"1", "2", "3 4 5"}));
}

TEST_F(PublishQueue, a_batch_ends_before_it_gets_too_large_and_one_large_payload_is_alone) {
  broker.connect();
  publish();
  publish();
  const std::string large(40'000, 'x');
  publish("a", large);
  publish("a", large);
  publish("a", std::string(200'000, 'y'));
  EXPECT_EQ(batches(), (Story{"events 1", "events 2", "events 3", "events 4", "events 5"}));
}

TEST_F(PublishQueue, values_leave_before_the_facts_that_belong_to_them) {
  broker.connect();
  publish();
  publish();
  invalidate("3");
  CacheReplication replication;
  replication.address = {"users", "4", "", 1, "default"};
  replication.targets = {"west"};
  const auto fact = broker.session.replicate(broker.now, replication, "the value");
  ASSERT_TRUE(fact) << fact.error().text;
  EXPECT_EQ(*fact, 5U);
  EXPECT_EQ(batches(), (Story{"events 1", "events 2", "cache 3"}));
  accept(3);
  EXPECT_EQ(batches(), (Story{"bulk 4", "cache 5"}));
}

// A broker takes the lowest operation that came in a connection for the first one of it.
TEST_F(PublishQueue, the_lowest_operation_leaves_first_whatever_waits_for_a_value) {
  invalidate("1");
  CacheReplication replication;
  replication.address = {"users", "2", "", 1, "default"};
  replication.targets = {"west"};
  ASSERT_TRUE(broker.session.replicate(broker.now, replication, "the value"));
  publish();
  broker.connect();
  EXPECT_EQ(batches(), (Story{"cache 1", "bulk 2", "cache 3", "events 4"}));
}

// The lowest operation that it has had in the connection is not the lowest that is to come.
TEST_F(PublishQueue, a_broker_that_has_not_had_a_batch_cannot_accept_what_is_in_it) {
  CacheReplication replication;
  replication.address = {"users", "1", "", 1, "default"};
  replication.targets = {"west"};
  ASSERT_TRUE(broker.session.replicate(broker.now, replication, "one"));
  replication.address.key = "2";
  ASSERT_TRUE(broker.session.replicate(broker.now, replication, "two"));
  broker.connect();
  EXPECT_EQ(batches(), (Story{"bulk 1 3", "cache 2 4"}));
  reconnect({{1, 1}});
  const auto again = broker.take_batches();
  ASSERT_EQ(again.size(), 2U);
  EXPECT_EQ(operations_of(again[0]), "3");
  EXPECT_EQ(operations_of(again[1]), "2 4");
  broker.give(Accepted{3, again[0].bytes});
  EXPECT_EQ(broker.session.accepted_through(), 1U);
  broker.give(Accepted{4, again[0].bytes + again[1].bytes});
  EXPECT_EQ(broker.session.accepted_through(), 4U);
}

TEST_F(PublishQueue, a_topic_is_declared_by_the_first_batch_of_each_lane_that_uses_it) {
  broker.connect();
  publish("a.b");
  publish("a.b");
  const auto sent = broker.take_batches();
  ASSERT_EQ(sent.size(), 2U);
  const auto& declarations = sent[0].as<BatchHeader>()->declarations;
  ASSERT_EQ(declarations.size(), 1U);
  EXPECT_EQ(declarations[0].topic, "a.b");
  EXPECT_EQ(sent[0].body->records[0].alias, declarations[0].alias);
  EXPECT_TRUE(sent[1].as<BatchHeader>()->declarations.empty());
  EXPECT_EQ(sent[1].body->records[0].alias, declarations[0].alias);
}

TEST_F(PublishQueue, beyond_the_limit_of_aliases_topics_travel_inline) {
  broker.welcome.limits.aliases_max = 1;
  broker.connect();
  publish("a");
  publish("b");
  const auto sent = broker.take_batches();
  ASSERT_EQ(sent.size(), 2U);
  EXPECT_EQ(sent[1].body->records[0].alias, kNoAlias);
  EXPECT_EQ(sent[1].body->inline_topic_of(sent[1].body->records[0]), "b");
  EXPECT_EQ(as_text(sent[1].body->payload_of(sent[1].body->records[0])), "x");
}

TEST_F(PublishQueue, a_topic_that_is_used_once_travels_in_full_and_leaves_nothing_behind) {
  broker.connect();
  ASSERT_TRUE(broker.session.publish(broker.now, "reply.1", as_bytes("x"), nullptr,
                                     Answering::later, Naming::in_full));
  auto sent = broker.take_batches();
  reconnect({});
  for (Sent& again : broker.take_batches()) sent.push_back(std::move(again));
  ASSERT_EQ(sent.size(), 2U);
  for (const Sent& one : sent) {  // Also when it is sent again.
    EXPECT_TRUE(one.as<BatchHeader>()->declarations.empty());
    EXPECT_EQ(one.body->records[0].alias, kNoAlias);
    EXPECT_EQ(one.body->inline_topic_of(one.body->records[0]), "reply.1");
  }
}

TEST_F(PublishQueue, the_window_bounds_what_is_kept_and_a_refused_publication_has_no_number) {
  broker.welcome.limits.publish_window_bytes = 10'000;
  broker.connect();
  const std::string payload(3000, 'x');
  publish("a", payload);
  publish("a", payload);
  publish("a", payload);
  EXPECT_FALSE(broker.session.has_room_for(payload.size()));
  const auto refused = broker.session.publish(broker.now, "a", as_bytes(payload));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::overloaded);
  EXPECT_EQ(broker.session.last_operation(), 3U);
  batches();
  accept(2);
  EXPECT_TRUE(broker.session.has_room_for(payload.size()));
  EXPECT_EQ(publish("a", payload), 4U);
}

TEST_F(PublishQueue, before_the_first_welcome_what_is_published_waits_in_the_window) {
  for (int i = 0; i < 3; ++i) publish();
  EXPECT_TRUE(broker.take().empty());
  broker.connect();
  EXPECT_EQ(batches(), (Story{"events 1 2 3"}));
}

TEST_F(PublishQueue, after_a_reconnection_only_the_unknown_rest_is_sent_again) {
  broker.connect();
  for (int i = 0; i < 6; ++i) publish("a.b", std::to_string(i + 1));
  batches();
  accept(1);
  EXPECT_EQ(batches(), (Story{"events 3 4 5 6"}));
  reconnect({{1, 2}, {4, 5}});
  const auto sent = broker.take_batches();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(operations_of(sent[0]), "3 6");
  ASSERT_EQ(sent[0].as<BatchHeader>()->declarations.size(), 1U);
  EXPECT_EQ(as_text(sent[0].body->payload_of(sent[0].body->records[1])), "6");
  EXPECT_EQ(broker.session.accepted_through(), 1U);  // It may yet say that it refused 2.
  give_echo();
  EXPECT_EQ(broker.session.accepted_through(), 2U);
  bytes = sent[0].bytes;
  accept(6);
  EXPECT_EQ(broker.session.accepted_through(), 6U);
}

TEST_F(PublishQueue, what_one_broker_knew_is_sent_to_the_next_that_does_not) {
  broker.connect();
  for (int i = 0; i < 3; ++i) publish();
  batches();
  reconnect({{2, 2}});
  EXPECT_EQ(batches(), (Story{"events 1", "events 3"}));
  reconnect({});
  EXPECT_EQ(batches(), (Story{"events 1", "events 2", "events 3"}));
}

TEST_F(PublishQueue, a_welcome_that_knows_everything_is_an_acceptance) {
  broker.connect();
  publish();
  publish();
  batches();
  broker.events();
  reconnect({{1, 2}});
  EXPECT_TRUE(batches().empty());
  // Its refusals of then follow the Welcome, and come before the acceptance.
  broker.give(OperationRefused{2, ErrorCode::refused, "no right to publish there"});
  give_echo();
  const SessionEvents events = broker.events();
  ASSERT_EQ(notices_of<OperationRefused>(events).size(), 1U);
  const auto accepted = notices_of<AcceptedThrough>(events);
  ASSERT_EQ(accepted.size(), 1U);
  EXPECT_EQ(accepted[0].operation, 2U);
  ASSERT_GE(events.notices.size(), 2U);  // The last one says that the lease is renewed.
  const Notice& before_last = events.notices[events.notices.size() - 2];
  EXPECT_NE(std::get_if<AcceptedThrough>(&before_last.what), nullptr);
}

// The refusals that follow a Welcome are lost with the connection, and said again after the next.
TEST_F(PublishQueue, a_welcome_alone_accepts_nothing) {
  broker.connect();
  publish();
  publish();
  batches();
  broker.events();
  reconnect({{1, 2}});
  EXPECT_EQ(broker.session.accepted_through(), 0U);
  reconnect({{1, 2}});
  EXPECT_TRUE(notices_of<AcceptedThrough>(broker.events()).empty());
  broker.give(OperationRefused{2, ErrorCode::refused, "no right to publish there"});
  give_echo();
  const SessionEvents events = broker.events();
  EXPECT_EQ(notices_of<OperationRefused>(events).size(), 1U);
  EXPECT_EQ(notices_of<AcceptedThrough>(events).size(), 1U);
}

// No answer follows what is not sent: what is before it must not wait for one.
TEST_F(PublishQueue, a_batch_that_the_next_broker_knows_is_not_held_back_by_a_full_window) {
  broker.connect();
  publish();
  publish();
  publish();
  invalidate(std::string(1000, 'k'));
  publish();
  batches();
  broker.welcome.limits.publish_window_bytes = 500;
  reconnect({{1, 2}, {4, 4}});
  EXPECT_EQ(batches(), (Story{"events 3 5"}));
  accept(5);
  EXPECT_EQ(broker.session.accepted_through(), 5U);
}

TEST_F(PublishQueue, what_a_broker_knew_and_never_answered_goes_to_one_that_does_not) {
  broker.connect();
  publish();
  publish();
  batches();
  reconnect({{1, 2}});
  EXPECT_TRUE(batches().empty());
  reconnect({});
  EXPECT_EQ(batches(), (Story{"events 1", "events 2"}));
  give_echo();
  EXPECT_EQ(broker.session.accepted_through(), 0U);
}

TEST_F(PublishQueue, a_lower_limit_of_aliases_after_a_reconnection_is_kept) {
  broker.connect();
  publish("a");
  publish("b");
  publish("c");
  broker.welcome.limits.aliases_max = 1;
  reconnect({});
  const auto sent = broker.take_batches();
  ASSERT_EQ(sent.size(), 3U);
  EXPECT_NE(sent[0].body->records[0].alias, kNoAlias);
  EXPECT_EQ(sent[2].body->inline_topic_of(sent[2].body->records[0]), "c");
}

TEST_F(PublishQueue, an_acceptance_of_what_was_never_sent_is_refused) {
  broker.connect();
  publish();
  batches();
  broker.give(Accepted{7, bytes});
  broker.give(Accepted{1, bytes + 1});
  EXPECT_EQ(broker.session.accepted_through(), 0U);
  EXPECT_EQ(broker.session.counters().packets_refused, 2U);
}

TEST_F(PublishQueue, flush_sends_what_waits_whatever_is_under_way) {
  broker.connect();
  for (int i = 0; i < 4; ++i) publish();
  invalidate("5");
  batches();
  broker.session.flush(broker.now);
  EXPECT_EQ(batches(), (Story{"events 3 4", "cache 5"}));
}

TEST_F(PublishQueue, topics_and_payloads_that_may_not_be_sent_are_refused_by_name) {
  broker.welcome.limits.payload_bytes_max = 100;
  broker.connect();
  const auto wild = broker.session.publish(broker.now, "a.*", {});
  ASSERT_FALSE(wild);
  EXPECT_EQ(wild.error().code, ErrorCode::malformed);
  const auto reserved = broker.session.publish(broker.now, "$sys.a", {});
  ASSERT_FALSE(reserved);
  EXPECT_EQ(reserved.error().code, ErrorCode::refused);
  const auto large = broker.session.publish(broker.now, "a", as_bytes(std::string(101, 'x')));
  ASSERT_FALSE(large);
  EXPECT_NE(large.error().text.find("101"), std::string::npos);
  EXPECT_NE(large.error().text.find("100"), std::string::npos);
  Headers headers;
  headers.trace_id = std::string(257, 't');
  const auto traced = broker.session.publish(broker.now, "a", {}, &headers);
  ASSERT_FALSE(traced);
  EXPECT_NE(traced.error().text.find("trace_id"), std::string::npos);
  EXPECT_EQ(broker.session.last_operation(), 0U);
}

TEST_F(PublishQueue, a_refused_operation_is_told_once_and_before_its_acceptance) {
  broker.connect();
  publish();
  batches();
  broker.events();
  broker.give(OperationRefused{1, ErrorCode::refused, "no right to publish there"});
  broker.give(OperationRefused{1, ErrorCode::refused, "no right to publish there"});
  accept(1);
  const SessionEvents events = broker.events();
  ASSERT_EQ(events.notices.size(), 2U);
  EXPECT_NE(std::get_if<OperationRefused>(&events.notices[0].what), nullptr);
  EXPECT_NE(std::get_if<AcceptedThrough>(&events.notices[1].what), nullptr);
}

TEST_F(PublishQueue, many_operations_in_both_lanes_survive_reconnections_in_any_state) {
  broker.connect();
  for (int i = 0; i < 100; ++i) {
    if (i % 3 == 0) {
      invalidate(std::to_string(i));
    } else {
      publish("t." + std::to_string(i % 7), std::to_string(i));
    }
    if (i % 20 == 19) {
      const std::uint64_t known = broker.session.last_operation() / 2;
      reconnect({{1, known}, {known + 3, known + 4}});
      if (i % 40 == 19) give_echo();
    }
  }
  // A broker that knows nothing beyond what was accepted gets all the rest, each once.
  const std::uint64_t accepted = broker.session.accepted_through();
  reconnect({});
  std::vector<std::uint64_t> sent;
  for (const Sent& batch : broker.take_batches()) {
    for (const Record& record : batch.body->records) {
      sent.push_back(operation_of(batch.body->segments, record.index).operation);
    }
  }
  std::sort(sent.begin(), sent.end());
  ASSERT_EQ(sent.size(), 100 - accepted);
  for (std::size_t i = 0; i < sent.size(); ++i) EXPECT_EQ(sent[i], accepted + 1 + i);
}

}  // namespace
}  // namespace mpreg
