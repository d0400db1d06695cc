#include "node/session_feed.h"

#include <gtest/gtest.h>

#include "wire/packet_codec.h"

namespace mpreg {
namespace {

// The sessions of one broker and one stream of events, of which bodies come to the log.
struct Feeding {
  NodeOptions options;
  MetricsRegistry registry;
  NodeMetrics metrics{registry};
  TopicTable topics{1000};
  PatternIndex patterns;
  SessionTable sessions;
  StreamTable ids;
  std::vector<StreamState> streams;
  Retention retention{1U << 30U};
  BodyParts parts{metrics.bodies_built};
  SessionFeed feed{{options, metrics, topics, patterns, sessions, ids, streams, retention, parts}};
  Outbox outbox;
  Turn turn{Now{}, outbox};
  StreamIndex stream = ids.intern({"east", {1, 0}, Lane::events});
  std::uint32_t last_client = 0;

  Feeding() {
    options.cluster = "east";
    streams.resize(1);
    streams[stream].started = true;
  }
  Session& subscribe(const std::string& pattern) {
    ++last_client;
    Session& session = sessions.open(last_client, last_client);
    session.window_bytes = 1U << 20U;
    patterns.add(pattern, session.slot);
    return session;
  }
  // One message on each of the topics.
  LogPosition publish(const std::vector<std::string>& on) {
    BodyBuilder builder(Lane::events);
    for (const std::string& topic : on) {
      const auto place = topics.intern(topic);
      (void)topics.declare(stream, *place, *place);
      builder.append(RecordKind::event, 0, *place, "", {}, {});
    }
    auto body = open_body(builder.finish(), {});
    EXPECT_TRUE(body);
    LogEntry entry;
    entry.stream = stream;
    entry.after = streams[stream].frontier;
    entry.through = entry.after + on.size();
    entry.body = std::move(*body);
    streams[stream].frontier = entry.through;
    const LogPosition position = retention.log(Lane::events).append(std::move(entry));
    return position;
  }
  const LogEntry& at(LogPosition position) { return *retention.log(Lane::events).find(position); }
  void deliver(const std::vector<std::string>& on) {
    const LogPosition position = publish(on);
    feed.deliver(turn, at(position), position);
  }
  BatchHeader header(std::size_t i) const {
    return std::get<BatchHeader>(*decode_packet(outbox.sendings[i].header.bytes()));
  }
};

TEST(SessionFeed, each_session_gets_what_it_wants_and_those_that_want_the_same_share_it) {
  Feeding f;
  f.subscribe("a");
  f.subscribe("#");
  f.subscribe("a");
  f.subscribe("nothing");
  f.deliver({"a", "b"});
  ASSERT_EQ(f.outbox.sendings.size(), 3U);
  EXPECT_EQ(f.metrics.bodies_built.value(), 1U) << "one part for the two that want a";
  EXPECT_EQ(f.metrics.records_delivered.value(), 4U);
}

TEST(SessionFeed, a_topic_is_declared_to_a_session_once) {
  Feeding f;
  f.subscribe("a");
  f.deliver({"a"});
  f.deliver({"a"});
  ASSERT_EQ(f.outbox.sendings.size(), 2U);
  EXPECT_EQ(f.header(0).declarations.size(), 1U);
  EXPECT_TRUE(f.header(1).declarations.empty());
  EXPECT_EQ(f.header(1).after, 1U);
  EXPECT_EQ(f.header(1).through, 2U);
}

TEST(SessionFeed, a_session_without_credit_falls_behind_and_stands_where_it_was) {
  Feeding f;
  Session& session = f.subscribe("a");
  f.deliver({"a"});
  session.window_bytes = 0;
  f.deliver({"a"});
  const LaneCursor& cursor = session.cursors[static_cast<std::size_t>(Lane::events)];
  EXPECT_TRUE(cursor.behind);
  EXPECT_EQ(cursor.position, 1U);
  EXPECT_EQ(f.feed.told(session, f.stream), 1U);
  EXPECT_EQ(f.feed.served_to(session, f.stream), 1U);
  f.deliver({"a"});
  EXPECT_EQ(f.outbox.sendings.size(), 1U);
}

TEST(SessionFeed, who_is_live_has_been_served_up_to_the_frontier_whatever_it_wants) {
  Feeding f;
  const Session& session = f.subscribe("nothing");
  f.deliver({"a", "a"});
  EXPECT_EQ(f.feed.told(session, f.stream), 0U);
  const auto positions = f.feed.positions_of(session);
  ASSERT_EQ(positions.size(), 1U);
  EXPECT_EQ(positions[0].number, 2U);
}

TEST(SessionFeed, a_gap_begins_where_the_session_stands) {
  Feeding f;
  Session& session = f.subscribe("a");
  f.deliver({"a"});
  f.feed.send_gap(f.turn, session, {f.ids.id_of(f.stream), 5, 9, {}, "lost"}, f.stream);
  ASSERT_EQ(f.outbox.sendings.size(), 2U);
  const auto gap = std::get<Gap>(*decode_packet(f.outbox.sendings[1].header.bytes()));
  EXPECT_EQ(gap.after, 1U);
  EXPECT_EQ(gap.through, 9U);
  EXPECT_EQ(f.feed.told(session, f.stream), 9U);
}

TEST(SessionFeed, what_a_session_wants_of_an_entry_is_selected_from_the_log) {
  Feeding f;
  Session& session = f.subscribe("a");
  const LogPosition none = f.publish({"b"});
  const LogPosition some = f.publish({"a", "b"});
  EXPECT_FALSE(f.feed.select(session, f.at(none)));
  ASSERT_TRUE(f.feed.select(session, f.at(some)));
  f.feed.send_selected(f.turn, session, f.at(some));
  ASSERT_EQ(f.outbox.sendings.size(), 1U);
  const auto body = open_body(f.outbox.sendings[0].body, {});
  ASSERT_TRUE(body);
  EXPECT_EQ(body->records.size(), 1U);
}

TEST(SessionFeed, a_backlog_is_the_newest_that_match_the_oldest_of_them_first) {
  Feeding f;
  for (int i = 0; i < 5; ++i) f.publish({"a", "b"});
  Session& session = f.subscribe("a");
  f.feed.send_backlog(f.turn, session, {1, {"a"}, 2, 0, ""});
  ASSERT_EQ(f.outbox.sendings.size(), 2U);
  EXPECT_EQ(f.header(0).through, 8U);
  EXPECT_EQ(f.header(1).through, 10U);
  EXPECT_EQ(f.header(1).only_subscription, 1U);
}

}  // namespace
}  // namespace mpreg
