#include "node/queue_groups.h"

#include <gtest/gtest.h>

namespace mpreg {
namespace {

constexpr OperationId kPublisher{9, 1};

// The groups of one broker, east, in a federation that is only told of.
struct Picking {
  NodeOptions options;
  MetricsRegistry registry;
  NodeMetrics metrics{registry};
  TopicTable topics{1000};
  SessionTable sessions;
  StreamTable streams;
  InterestTable interests;
  Members members;
  BodyParts parts{metrics.bodies_built};
  QueueGroups groups{{options, metrics, topics, sessions, streams, interests, members, parts}};
  Outbox outbox;
  Turn turn{Now{}, outbox};
  StreamIndex own = streams.intern({"east", {1, 0}, Lane::events});
  StreamIndex other = streams.intern({"west", {1, 0}, Lane::events});
  std::uint32_t last_client = 0;
  Number last = 0;

  Picking() { options.cluster = "east"; }

  Session& join(const std::string& group = "workers") {
    ++last_client;
    Session& session = sessions.open(last_client, last_client);
    session.window_bytes = 1U << 20U;
    (void)groups.expect(group);
    groups.join(session, {1, {"order.#"}, 0, 0, group});
    return session;
  }
  // A body of so many messages with their topics inline.
  Body body(std::size_t messages, Alias alias = kNoAlias) {
    BodyBuilder builder(Lane::events);
    for (std::size_t i = 0; i < messages; ++i) {
      builder.append(RecordKind::event, 0, alias, alias == kNoAlias ? "order.new" : "", {},
                     bytes_of("payload"));
    }
    builder.add_segment(
        {kPublisher.client, kPublisher.operation, static_cast<std::uint32_t>(messages), 0});
    auto opened = open_body(builder.finish(), {});
    EXPECT_TRUE(opened);
    StampableBody stamped = stampable(*opened);
    stamped.stamp->first = last + 1;
    last += messages;
    opened->stamp = *stamped.stamp;
    return *opened;
  }
  static Bytes bytes_of(std::string_view text) {
    return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
  }
  std::size_t dropped() const { return metrics.group_messages_dropped.value(); }
};

TEST(QueueGroups, members_of_a_group_take_turns) {
  Picking f;
  const Session& a = f.join();
  const Session& b = f.join();
  f.groups.hand_out(f.turn, f.own, true, f.body(4));
  EXPECT_EQ(a.shares_in_flight, 2U);
  EXPECT_EQ(b.shares_in_flight, 2U);
  EXPECT_EQ(f.outbox.sendings.size(), 2U);
}

TEST(QueueGroups, each_group_gets_each_message) {
  Picking f;
  const Session& a = f.join("workers");
  const Session& b = f.join("auditors");
  f.groups.hand_out(f.turn, f.own, true, f.body(3));
  EXPECT_EQ(a.shares_in_flight, 3U);
  EXPECT_EQ(b.shares_in_flight, 3U);
}

TEST(QueueGroups, what_was_not_acknowledged_goes_to_the_next_member) {
  Picking f;
  Session& a = f.join();
  f.groups.hand_out(f.turn, f.own, true, f.body(2));
  a.consumed_bytes = a.handed_over.front().sent_bytes;
  QueueGroups::note_acknowledged(a);
  EXPECT_EQ(a.shares_in_flight, 0U);
  f.groups.hand_out(f.turn, f.own, true, f.body(3));
  f.groups.leave(a, 1);
  EXPECT_GT(f.groups.waiting_bytes(), 0U);
  const Session& b = f.join();
  f.groups.serve(f.turn);
  EXPECT_EQ(b.shares_in_flight, 3U);
  EXPECT_EQ(f.groups.waiting_bytes(), 0U);
}

TEST(QueueGroups, while_no_member_has_room_messages_wait_up_to_a_limit) {
  Picking f;
  f.options.group_queues_bytes_max = 200;
  Session& a = f.join();
  a.window_bytes = 1;
  a.sent_bytes = 1;
  f.groups.hand_out(f.turn, f.own, true, f.body(20));
  EXPECT_EQ(a.shares_in_flight, 0U);
  EXPECT_GT(f.groups.waiting_bytes(), 0U);
  EXPECT_GT(f.dropped(), 0U);
  EXPECT_LT(f.dropped(), 20U);
}

TEST(QueueGroups, without_a_member_here_the_nearest_cluster_is_handed_a_copy) {
  Picking f;
  for (const std::string cluster : {"north", "south"}) {
    f.interests.apply({cluster, 5, 0, {group_channel(cluster, "workers") + ".order.#"}, {}});
  }
  Member north;
  north.cluster = "north";
  north.hops = 3;
  f.members.report(north, 0, Instant{std::chrono::hours(1)});
  Member south = north;
  south.cluster = "south";
  south.hops = 1;
  f.members.report(south, 0, Instant{std::chrono::hours(1)});
  f.groups.hand_out(f.turn, f.own, true, f.body(2));
  const auto copies = f.groups.take_copies();
  ASSERT_TRUE(copies);
  EXPECT_EQ(copies->builder->records(), 2U);
  ASSERT_EQ(copies->channels.size(), 1U);
  EXPECT_EQ(f.topics.text_of(*copies->channels.begin()), group_channel("south", "workers"));
  EXPECT_FALSE(f.groups.take_copies());
  EXPECT_TRUE(f.outbox.sendings.empty());
}

TEST(QueueGroups, what_another_broker_picked_this_cluster_for_waits_for_a_member) {
  Picking f;
  const auto channel = f.groups.expect("workers");
  ASSERT_TRUE(channel);
  EXPECT_EQ(*channel, group_channel("east", "workers"));
  EXPECT_FALSE(f.groups.expect("workers")) << "it is wanted once, for good";
  EXPECT_EQ(f.groups.expected(), (std::vector<std::string>{*channel}));
  ASSERT_TRUE(f.topics.declare(f.other, 0, f.topics.find(*channel)));
  BodyBuilder builder(Lane::events);
  builder.append(RecordKind::event, 0, 0, "order.new", {}, Picking::bytes_of("payload"));
  builder.add_segment({kPublisher.client, kPublisher.operation, 1, 0});
  const auto copy = open_body(builder.finish(), {});
  ASSERT_TRUE(copy);
  f.groups.hand_out(f.turn, f.other, false, *copy);
  EXPECT_GT(f.groups.waiting_bytes(), 0U);
  const Session& a = f.join();
  f.groups.serve(f.turn);
  EXPECT_EQ(a.shares_in_flight, 1U);
}

TEST(QueueGroups, a_group_has_no_backlog_and_its_name_is_one_word) {
  Picking f;
  EXPECT_TRUE(f.groups.check({1, {"order.#"}, 0, 0, ""}));
  EXPECT_TRUE(f.groups.check({1, {"order.#"}, 0, 0, "workers"}));
  EXPECT_FALSE(f.groups.check({1, {"order.#"}, 5, 0, "workers"}));
  EXPECT_FALSE(f.groups.check({1, {"order.#"}, 0, 0, "two.words"}));
}

}  // namespace
}  // namespace mpreg
