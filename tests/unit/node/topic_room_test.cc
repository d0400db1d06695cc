// A table of topics that is full is nobody's mistake, and stands in no invalidation's way.

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "unit/node/federation_rig.h"

namespace mpreg {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct TopicRoom : testing::Test {
  FederationRig rig;
  std::size_t east = rig.add_broker("east");
  std::size_t west = rig.add_broker("west", {east}, small());
  std::size_t at_east = rig.add_client(east);
  std::size_t at_west = rig.add_client(west);

  TopicRoom() { rig.pass(seconds(2)); }

  static NodeOptions small() {
    NodeOptions options;
    options.topics_max = 4;
    return options;
  }
  void publish_topics(int count) {
    for (int i = 0; i < count; ++i) {
      ASSERT_TRUE(rig.publish(at_east, "topic." + std::to_string(i), "x"));
      rig.pass(milliseconds(50));
    }
  }
  std::size_t topics(std::size_t broker) {
    return nlohmann::json::parse(rig.broker(broker).node->report(rig.now(), "stats"))["topics"];
  }
  static CacheAddress address(const std::string& space) { return {space, "k", "", 1, "default"}; }
};

TEST_F(TopicRoom, a_new_namespace_is_invalidated_where_events_have_filled_the_table) {
  rig.subscribe(at_west, {"#"});
  publish_topics(10);
  for (const std::string space : {"users", "pages"}) {
    CacheReplication fact;
    fact.address = address(space);
    fact.targets = {"west"};
    ASSERT_TRUE(rig.session(at_east).replicate(rig.now(), fact, "value"));
    CacheInvalidation gone;
    gone.address = address(space);
    gone.tracking.wait = WaitLevel::applied;
    ASSERT_TRUE(rig.session(at_east).invalidate(rig.now(), gone));
    rig.pass(milliseconds(500));
    ASSERT_FALSE(rig.client(at_east).outcomes.empty()) << space;
    EXPECT_EQ(rig.client(at_east).outcomes.back().outcome, Outcome::confirmed);
    ASSERT_TRUE(rig.session(at_west).get(rig.now(), address(space)));
    rig.settle();
    EXPECT_EQ(rig.client(at_west).gots.back().state, EntryState::invalid) << space;
  }
}

TEST_F(TopicRoom, a_message_for_which_there_is_no_room_is_a_gap_that_names_its_topic) {
  rig.subscribe(at_west, {"#"});
  publish_topics(6);
  const auto& client = rig.client(at_west);
  EXPECT_EQ(client.received.size(), 4U);
  ASSERT_EQ(client.gaps.size(), 2U) << "each message comes, or is told as lost";
  EXPECT_EQ(client.gaps[0].scope.kind, ScopeKind::patterns);
  EXPECT_EQ(client.gaps[0].scope.names, std::vector<std::string>{"topic.4"});
  EXPECT_EQ(rig.counter(west, "mpreg_batches_without_room_total"), 2U);
  EXPECT_EQ(rig.counter(west, "mpreg_link_batches_malformed_total"), 0U);
  const auto& log = rig.broker(west).log;
  EXPECT_TRUE(std::any_of(log.begin(), log.end(), [](const std::string& line) {
    return line.find("topics-max") != line.npos;
  }));
  // Nothing is fetched again for ever, and what is known comes as before.
  const auto sent = rig.counter(east, "mpreg_takes_served_total");
  ASSERT_TRUE(rig.publish(at_east, "topic.0", "again"));
  rig.pass(seconds(3));
  EXPECT_EQ(client.received.back().payload, "again");
  EXPECT_EQ(rig.counter(east, "mpreg_takes_served_total"), sent);
  // One that was declared before, and had no room then.
  ASSERT_TRUE(rig.publish(at_east, "topic.4", "once more"));
  rig.pass(milliseconds(200));
  EXPECT_EQ(client.gaps.size(), 3U);
}

TEST_F(TopicRoom, topics_that_are_used_once_leave_nothing_behind_at_any_broker) {
  rig.subscribe(at_west, {"reply.*"});
  const std::size_t before_east = topics(east);
  const std::size_t before_west = topics(west);
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(rig.session(at_east).publish(rig.now(), "reply." + std::to_string(i), as_bytes("x"),
                                             nullptr, Answering::at_once, Naming::in_full));
    rig.settle();
  }
  EXPECT_EQ(rig.client(at_west).received.size(), 20U);
  EXPECT_EQ(rig.client(at_west).received.back().topic, "reply.19");
  EXPECT_EQ(topics(east), before_east);
  EXPECT_EQ(topics(west), before_west);
}

}  // namespace
}  // namespace mpreg
