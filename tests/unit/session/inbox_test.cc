// What arrives, through the whole session: order, gaps, duplicates, aliases, the seam.

#include "unit/session/scripted_broker.h"
#include "wire/cache_codec.h"

namespace mpreg {
namespace {

class Inbox : public ::testing::Test {
 protected:
  Inbox() {
    broker.connect();
    broker.subscribe(1, {"a.#"});
    broker.events();
  }
  Story story() { return story_of(broker.events()); }
  void give_echo(Number number) {
    ProbeEcho echo;
    echo.sent_at_ns = static_cast<std::uint64_t>(broker.now.instant.time_since_epoch().count());
    echo.positions = {{broker.stream, number}};
    broker.give(echo);
  }

  static std::string replication() {
    CacheReplication fact;
    fact.address = {"users", "7", "", 1, "default"};
    fact.targets = {"east"};
    return std::string(as_text(encode_replication(fact).bytes()));
  }

  ScriptedBroker broker;
};

TEST_F(Inbox, a_batch_is_delivered_with_all_that_is_known_of_each_message) {
  broker.batch(0, {{"x", {9, 41}}, {"y", {9, 42}}});
  const SessionEvents events = broker.events();
  ASSERT_EQ(events.deliveries.size(), 2U);
  const Delivery& second = events.deliveries[1];
  EXPECT_EQ(second.subscription, 1U);
  EXPECT_EQ(second.topic, "a.b");
  EXPECT_EQ(as_text(second.payload), "y");
  EXPECT_EQ(*second.stream, broker.stream);
  EXPECT_EQ(second.number, 2U);
  EXPECT_EQ(second.version, 1002U);
  EXPECT_EQ(second.publisher, (OperationId{9, 42}));
  ASSERT_EQ(events.frames.size(), 1U);
  const Bytes frame = events.frames[second.frame].bytes();
  EXPECT_GE(second.payload.data(), frame.data());
  EXPECT_LE(second.payload.data() + second.payload.size(), frame.data() + frame.size());
}

TEST_F(Inbox, a_stream_never_heard_of_starts_where_its_first_batch_says) {
  broker.batch(40, {{"x", {9, 1}}});
  EXPECT_EQ(story(), (Story{"1:x"}));
  EXPECT_EQ(broker.session.positions(), (std::vector<StreamPosition>{{broker.stream, 41}}));
}

TEST_F(Inbox, a_batch_at_or_below_the_position_is_dropped_and_its_declarations_are_kept) {
  broker.batch(0, {{"x", {9, 1}}});
  broker.batch(0, {{"x", {9, 1}}}, {{2, "a.c"}});
  broker.batch(1, {{"y", {9, 2}, 2}}, {});
  EXPECT_EQ(story(), (Story{"1:x", "1:y"}));
  EXPECT_EQ(broker.session.counters().batches_duplicate, 1U);
}

TEST_F(Inbox, of_a_batch_that_overlaps_only_the_new_part_is_delivered) {
  broker.batch(0, {{"x", {9, 1}}, {"y", {9, 2}}});
  broker.batch(1, {{"y", {9, 2}}, {"z", {9, 3}}});
  EXPECT_EQ(story(), (Story{"1:x", "1:y", "1:z"}));
}

TEST_F(Inbox, a_range_that_starts_above_the_position_is_a_gap_before_its_messages) {
  broker.batch(0, {{"x", {9, 1}}});
  broker.batch(4, {{"y", {9, 5}}});
  const SessionEvents events = broker.events();
  EXPECT_EQ(story_of(events), (Story{"1:x", "gap 1-4", "1:y"}));
  EXPECT_EQ(notices_of<Gap>(events).at(0).scope.kind, ScopeKind::all);
  broker.batch(5, {{"z", {9, 6}}});
  EXPECT_EQ(story(), (Story{"1:z"}));
}

TEST_F(Inbox, a_header_without_a_body_only_moves_the_position) {
  broker.batch(0, {{"x", {9, 1}}});
  broker.give(broker.header(1, 8));
  broker.batch(8, {{"y", {9, 9}}});
  EXPECT_EQ(story(), (Story{"1:x", "1:y"}));
}

TEST_F(Inbox, a_gap_packet_is_told_in_order_and_moves_the_position) {
  broker.batch(0, {{"x", {9, 1}}});
  Gap gap{broker.stream, 1, 7, {ScopeKind::namespaces, {"users"}}, "fell out of the log"};
  broker.give(gap);
  broker.give(gap);
  broker.batch(7, {{"y", {9, 8}}});
  const SessionEvents events = broker.events();
  EXPECT_EQ(story_of(events), (Story{"1:x", "gap 1-7", "1:y"}));
  EXPECT_EQ(notices_of<Gap>(events).at(0).scope.names, (std::vector<std::string>{"users"}));
}

TEST_F(Inbox, a_gap_without_end_takes_the_stream_away) {
  broker.batch(0, {{"x", {9, 1}}});
  broker.give(Gap{broker.stream, 1, kNumberMax, {}, "the origin began anew"});
  EXPECT_EQ(story(), (Story{"1:x", "gap 1-" + std::to_string(kNumberMax)}));
  // It is named at the next Hello, so that nobody serves it once more.
  EXPECT_EQ(broker.session.positions(), (std::vector<StreamPosition>{{broker.stream, kNumberMax}}));
  broker.give(Gap{broker.stream, 1, kNumberMax, {}, "again"});
  broker.batch(0, {{"x", {9, 1}}});
  EXPECT_EQ(story(), Story{});
}

TEST_F(Inbox, an_echo_moves_the_position_for_the_next_hello_and_is_no_gap) {
  broker.batch(0, {{"x", {9, 1}}});
  give_echo(6);
  EXPECT_EQ(story(), (Story{"1:x"}));
  EXPECT_EQ(broker.session.positions(), (std::vector<StreamPosition>{{broker.stream, 6}}));
  // The sender's batches follow each other whatever it echoed.
  broker.give(broker.header(1, 8), broker.body(7, {{"y", {9, 7}}, {"z", {9, 8}}}));
  EXPECT_EQ(story(), (Story{"1:y", "1:z"}));
}

TEST_F(Inbox, a_batch_lost_before_an_echo_is_a_gap_when_the_next_one_comes) {
  broker.batch(0, {{"x", {9, 1}}});
  give_echo(3);  // 2 and 3 were in a batch that did not come.
  broker.batch(3, {{"y", {9, 4}}});
  EXPECT_EQ(story(), (Story{"1:x", "gap 1-3", "1:y"}));
}

TEST_F(Inbox, a_body_that_is_damaged_is_a_gap_of_its_batch) {
  broker.batch(0, {{"x", {9, 1}}});
  broker.give(broker.header(1, 3), Frame::copy_of(as_bytes("no body, whatever the header says")));
  EXPECT_EQ(story(), (Story{"1:x", "gap 1-3"}));
  EXPECT_EQ(broker.session.counters().batches_malformed, 1U);
}

TEST_F(Inbox, a_body_outside_the_range_of_its_header_is_a_gap) {
  broker.batch(0, {{"x", {9, 1}}});
  broker.give(broker.header(1, 2), broker.body(2, {{"y", {9, 2}}, {"z", {9, 3}}}));
  EXPECT_EQ(story(), (Story{"1:x", "gap 1-2"}));
}

TEST_F(Inbox, an_alias_never_declared_is_a_gap_and_the_rest_is_delivered) {
  broker.batch(0, {{"x", {9, 1}}, {"?", {9, 2}, 99}, {"z", {9, 3}}});
  EXPECT_EQ(story(), (Story{"gap 0-3", "1:x", "1:z"}));
  EXPECT_EQ(broker.session.counters().aliases_unknown, 1U);
}

TEST_F(Inbox, an_alias_with_two_meanings_is_not_believed) {
  broker.batch(0, {{"x", {9, 1}}});
  broker.batch(1, {{"y", {9, 2}}}, {{1, "a.other"}});
  EXPECT_EQ(story(), (Story{"1:x", "gap 1-2"}));
}

TEST_F(Inbox, aliases_of_different_streams_are_different) {
  broker.batch(0, {{"x", {9, 1}}}, {{1, "a.b"}});
  broker.stream.origin = "west";
  broker.batch(0, {{"y", {8, 1}}}, {{1, "b.b"}});
  EXPECT_EQ(story(), (Story{"1:x"}));
  EXPECT_EQ(broker.session.counters().messages_unwanted, 1U);
}

TEST_F(Inbox, inline_topics_are_matched) {
  broker.batch(0, {{"x", {9, 1}, kNoAlias, RecordKind::event, "a.inline"},
                   {"y", {9, 2}, kNoAlias, RecordKind::event, "b.inline"}});
  EXPECT_EQ(story(), (Story{"1:x"}));
}

TEST_F(Inbox, a_message_comes_once_to_each_subscription_that_matches) {
  broker.subscribe(2, {"a.b", "a.*", "#"});
  broker.subscribe(3, {"c"});
  broker.events();
  broker.batch(0, {{"x", {9, 1}}});
  EXPECT_EQ(story(), (Story{"1:x", "2:x"}));
}

TEST_F(Inbox, records_without_content_are_skipped) {
  broker.batch(0, {{"", {9, 1}, 1, RecordKind::none}, {"y", {9, 2}}});
  EXPECT_EQ(story(), (Story{"1:y"}));
}

TEST_F(Inbox, an_operation_that_comes_through_two_brokers_is_delivered_once) {
  broker.batch(0, {{"x", {9, 1}}, {"y", {9, 2}}});
  broker.stream.origin = "west";
  broker.batch(0, {{"y", {9, 2}}, {"z", {9, 3}}});
  EXPECT_EQ(story(), (Story{"1:x", "1:y", "1:z"}));
  EXPECT_EQ(broker.session.counters().messages_duplicate, 1U);
}

TEST_F(Inbox, a_fact_that_comes_through_two_brokers_is_withdrawn) {
  const std::string payload = replication();
  broker.stream.lane = Lane::cache;
  broker.batch(0, {{payload, {9, 1}, 1, RecordKind::replication}});
  broker.stream.origin = "west";
  broker.batch(4, {{payload, {9, 1}, 1, RecordKind::replication}});
  const SessionEvents events = broker.events();
  EXPECT_EQ(events.deliveries.size(), 1U);
  const auto withdrawn = notices_of<WithdrawnWrite>(events);
  ASSERT_EQ(withdrawn.size(), 1U);
  EXPECT_EQ(withdrawn[0].address.key, "7");
  EXPECT_EQ(withdrawn[0].publisher, (OperationId{9, 1}));
}

TEST_F(Inbox, what_the_broker_does_not_use_says_so_and_where_it_stands) {
  const std::string payload = replication();
  broker.stream.lane = Lane::cache;
  BatchHeader header = broker.header(0, 2, {{1, "a.b"}});
  header.unusable = {1};
  header.applied = 7;
  broker.give(header, broker.body(1, {{payload, {9, 4}, 1, RecordKind::replication},
                                      {payload, {9, 3}, 1, RecordKind::replication}}));
  const SessionEvents events = broker.events();
  ASSERT_EQ(events.deliveries.size(), 2U);
  EXPECT_FALSE(events.deliveries[0].unusable);
  EXPECT_TRUE(events.deliveries[1].unusable);
  EXPECT_EQ(events.deliveries[1].order, apply_order(7, 1));
}

TEST_F(Inbox, a_record_without_content_does_not_hide_the_real_one) {
  broker.batch(0, {{"", {9, 1}, 1, RecordKind::none}, {"y", {9, 2}}});
  broker.stream.origin = "west";
  broker.batch(0, {{"x", {9, 1}}});
  EXPECT_EQ(story(), (Story{"1:y", "1:x"}));
}

TEST_F(Inbox, backlog_goes_to_its_subscription_only_and_moves_nothing) {
  broker.batch(6, {{"x", {9, 7}}});
  broker.subscribe(2, {"a.#"}, {{broker.stream, 7}});
  broker.events();
  BatchHeader header = broker.header(2, 4);
  header.only_subscription = 2;
  broker.give(header, broker.body(3, {{"old", {9, 3}}, {"older", {9, 4}}}));
  // The same again, as another broker may have it: not held against what was seen.
  broker.give(header, broker.body(3, {{"old", {9, 3}}, {"older", {9, 4}}}));
  broker.batch(7, {{"y", {9, 8}}});
  const SessionEvents events = broker.events();
  EXPECT_EQ(story_of(events), (Story{"2:old", "2:older", "2:old", "2:older", "1:y", "2:y"}));
  EXPECT_TRUE(events.deliveries[0].backlog);
  EXPECT_FALSE(events.deliveries[4].backlog);
}

TEST_F(Inbox, a_new_subscription_gets_nothing_from_before_its_seam) {
  broker.batch(0, {{"x", {9, 1}}});
  broker.subscribe(2, {"a.#"}, {{broker.stream, 3}});
  broker.batch(1, {{"y", {9, 2}}, {"z", {9, 3}}, {"new", {9, 4}}});
  EXPECT_EQ(story(), (Story{"1:x", "1:y", "1:z", "1:new", "2:new"}));
}

TEST_F(Inbox, nothing_is_delivered_after_unsubscribe) {
  broker.batch(0, {{"x", {9, 1}}});
  ASSERT_TRUE(broker.session.unsubscribe(broker.now, 1));
  broker.batch(1, {{"y", {9, 2}}});
  EXPECT_EQ(story(), (Story{"1:x"}));
}

TEST(InboxLimits, more_streams_than_allowed_are_a_gap_each) {
  SessionOptions options;
  options.streams_max = 1;
  ScriptedBroker broker(options);
  broker.connect();
  broker.subscribe(1, {"#"});
  broker.batch(0, {{"x", {9, 1}}});
  broker.stream.origin = "west";
  broker.batch(0, {{"y", {8, 1}}});
  EXPECT_EQ(story_of(broker.events()), (Story{"1:x", "gap 0-1"}));
}

TEST(InboxLimits, more_topics_than_allowed_are_a_gap) {
  SessionOptions options;
  options.topics_max = 2;
  ScriptedBroker broker(options);
  broker.connect();
  broker.subscribe(1, {"#"});
  broker.batch(0, {{"x", {9, 1}, 0}, {"y", {9, 2}, 1}}, {{0, "a"}, {1, "b"}});
  broker.batch(2, {{"z", {9, 3}, 2}}, {{2, "c"}});
  EXPECT_EQ(story_of(broker.events()), (Story{"1:x", "1:y", "gap 2-3"}));
}

}  // namespace
}  // namespace mpreg
