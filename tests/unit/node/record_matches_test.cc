#include "node/record_matches.h"

#include <gtest/gtest.h>

#include "wire/body_codec.h"

namespace mpreg {
namespace {

using Ids = std::vector<std::uint32_t>;

Ids ids_of(const IdList& list) { return {list.begin(), list.end()}; }

struct Matching {
  TopicTable topics{1};
  PatternIndex index;
  RecordMatches matches{RecordMatches::Of::sessions, topics, index};
  Matching() {
    index.add("a.*", 4);
    index.add("#", 7);
  }
  // One record with its topic inline.
  static Body body(const std::string& topic) {
    BodyBuilder builder(Lane::events);
    builder.append(RecordKind::event, 0, kNoAlias, topic, {}, {});
    return *open_body(builder.finish(), {});
  }
};

TEST(RecordMatches, a_topic_with_a_slot_and_one_without_match_alike) {
  Matching f;
  ASSERT_TRUE(f.topics.intern("a.b"));
  f.matches.begin_body();
  for (const std::string topic : {"a.b", "a.c"}) {
    const Body body = Matching::body(topic);
    EXPECT_EQ(ids_of(f.matches.wanting(0, body, body.records[0])), (Ids{4, 7})) << topic;
  }
}

TEST(RecordMatches, an_alias_means_what_it_was_declared_to_in_its_stream) {
  Matching f;
  const auto topic = f.topics.intern("b");
  ASSERT_TRUE(f.topics.declare(3, 9, *topic));
  BodyBuilder builder(Lane::events);
  builder.append(RecordKind::event, 0, 9, "", {}, {});
  const auto body = open_body(builder.finish(), {});
  ASSERT_TRUE(body);
  EXPECT_EQ(ids_of(f.matches.wanting(3, *body, body->records[0])), (Ids{7}));
}

}  // namespace
}  // namespace mpreg
