#include "node/stream_topics.h"

#include <gtest/gtest.h>

#include "wire/body_codec.h"

namespace mpreg {
namespace {

constexpr Instant kBegun{std::chrono::hours(1)};

// A table with room for two topics, and a stream of events of another cluster.
struct Learning {
  NodeOptions options;
  MetricsRegistry registry;
  NodeMetrics metrics{registry};
  TopicTable topics{2};
  StreamTable ids;
  StreamTopics stream_topics{{options, metrics, topics, ids}};
  StreamIndex stream = ids.intern({"west", {1, 0}, Lane::events});
  Outbox outbox;

  // A body with one record for each alias.
  static Body body(const std::vector<Alias>& aliases) {
    BodyBuilder builder(Lane::events);
    for (const Alias alias : aliases) builder.append(RecordKind::event, 0, alias, "", {}, {});
    return *open_body(builder.finish(), {});
  }
  Arrival lose(Arrival arrival, Instant now = kBegun) {
    Turn turn{Now{now, {}}, outbox};
    stream_topics.lose_for_room(turn, stream, arrival);
    return arrival;
  }
};

TEST(StreamTopics, an_alias_is_known_once_it_was_declared) {
  Learning f;
  const Body body = Learning::body({3});
  EXPECT_FALSE(f.stream_topics.aliases_known(f.stream, body));
  EXPECT_TRUE(f.stream_topics.declare(f.stream, {{3, "a.b"}}));
  EXPECT_TRUE(f.stream_topics.aliases_known(f.stream, body));
  EXPECT_FALSE(f.stream_topics.lacks_room(f.stream, body));
}

TEST(StreamTopics, a_contradiction_and_what_is_no_topic_are_noticed) {
  Learning f;
  EXPECT_TRUE(f.stream_topics.declare(f.stream, {{3, "a.b"}}));
  EXPECT_TRUE(f.stream_topics.declare(f.stream, {{3, "a.b"}})) << "the same again";
  EXPECT_FALSE(f.stream_topics.declare(f.stream, {{3, "a.c"}}));
  EXPECT_FALSE(f.stream_topics.declare(f.stream, {{4, ""}}));
}

TEST(StreamTopics, a_topic_without_a_place_makes_a_loss_that_names_it) {
  Learning f;
  EXPECT_TRUE(f.stream_topics.declare(f.stream, {{0, "a"}, {1, "b"}}));
  EXPECT_TRUE(f.stream_topics.declare(f.stream, {{2, "c"}})) << "that is nobody's mistake";
  Arrival arrival;
  arrival.through = 2;
  arrival.declarations = {{2, "c"}};
  arrival.body = Learning::body({0, 2});
  EXPECT_TRUE(f.stream_topics.aliases_known(f.stream, arrival.body));
  ASSERT_TRUE(f.stream_topics.lacks_room(f.stream, arrival.body));
  const Arrival lost = f.lose(arrival);
  ASSERT_TRUE(lost.gap);
  EXPECT_EQ(lost.gap->scope.kind, ScopeKind::patterns);
  EXPECT_EQ(lost.gap->scope.names, (std::vector<std::string>{"a", "c"}));
  EXPECT_EQ(lost.failure, ApplyFailure::no_capacity);
  EXPECT_TRUE(lost.body.frame.empty());
  EXPECT_EQ(f.metrics.batches_without_room.value(), 1U);
}

TEST(StreamTopics, a_name_that_nobody_says_makes_a_loss_of_everything) {
  Learning f;
  EXPECT_TRUE(f.stream_topics.declare(f.stream, {{0, "a"}, {1, "b"}, {2, "c"}}));
  Arrival arrival;
  arrival.through = 1;
  arrival.body = Learning::body({2});
  EXPECT_EQ(f.lose(arrival).gap->scope, Scope{});
}

TEST(StreamTopics, it_is_logged_now_and_then) {
  Learning f;
  Arrival arrival;
  arrival.through = 1;
  arrival.body = Learning::body({0});
  f.lose(arrival);
  f.lose(arrival, kBegun + std::chrono::seconds(1));
  EXPECT_EQ(f.outbox.log.size(), 1U);
  f.lose(arrival, kBegun + std::chrono::seconds(11));
  EXPECT_EQ(f.outbox.log.size(), 2U);
}

}  // namespace
}  // namespace mpreg
