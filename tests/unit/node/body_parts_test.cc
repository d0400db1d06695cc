#include "node/body_parts.h"

#include <gtest/gtest.h>

namespace mpreg {
namespace {

// So many records, as they were stamped.
Body body_of(std::size_t records) {
  BodyBuilder builder(Lane::events);
  for (std::size_t i = 0; i < records; ++i) {
    builder.append(RecordKind::event, 0, kNoAlias, "topic." + std::to_string(i), {}, {});
  }
  builder.add_segment({9, 100, static_cast<std::uint32_t>(records), 0});
  auto body = open_body(builder.finish(), {});
  EXPECT_TRUE(body);
  StampableBody parts = stampable(*body);
  parts.stamp->first = 41;
  parts.stamp->version = 7;
  body->stamp = *parts.stamp;
  return *body;
}

TEST(BodyParts, a_part_covers_the_numbers_of_the_whole_and_its_records_keep_their_places) {
  Counter built;
  BodyParts parts(built);
  const Body whole = body_of(4);
  const auto part = open_body(parts.of(whole, {1, 3}), {});
  ASSERT_TRUE(part);
  EXPECT_EQ(part->first(), 41U);
  EXPECT_EQ(part->last(), 44U);
  ASSERT_EQ(part->records.size(), 2U);
  EXPECT_EQ(part->records[0].index, 1U);
  EXPECT_EQ(part->records[1].index, 3U);
  EXPECT_EQ(part->inline_topic_of(part->records[1]), "topic.3");
  EXPECT_EQ(operation_of(part->segments, part->records[1].index), (OperationId{9, 103}));
  EXPECT_EQ(built.value(), 1U);
}

TEST(BodyParts, one_part_leaves_nothing_behind_for_the_next) {
  Counter built;
  BodyParts parts(built);
  (void)parts.of(body_of(3), {0, 1, 2});
  const auto part = open_body(parts.of(body_of(2), {0}), {});
  ASSERT_TRUE(part);
  EXPECT_EQ(part->records.size(), 1U);
  EXPECT_EQ(part->segments.size(), 1U);
  EXPECT_EQ(part->last(), 42U);
}

}  // namespace
}  // namespace mpreg
