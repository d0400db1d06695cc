#include <gtest/gtest.h>

#include <cstring>

#include "body_generated.h"
#include "unit/wire/sample_packets.h"
#include "wire/body_codec.h"
#include "wire/cache_codec.h"

namespace mpreg {
namespace {

Body open(Frame frame) {
  auto body = open_body(std::move(frame), {});
  EXPECT_TRUE(body.has_value()) << name_of(body.error());
  return body.value_or(Body{});
}

std::span<const std::byte> no_headers() { return {}; }

TEST(BodyBuilder, records_come_back_as_they_were_appended) {
  const Frame headers = encode_headers(full_headers());
  BodyBuilder builder(Lane::events);
  builder.append(RecordKind::event, 0, 7, {}, {}, as_bytes("plain"));
  builder.append(RecordKind::event, kTracked, kNoAlias, "a.b", {}, as_bytes("with topic"));
  builder.append(RecordKind::event, 0, 8, {}, headers.bytes(), as_bytes("with headers"));
  builder.append(RecordKind::event, 0, kNoAlias, "c", headers.bytes(), {});
  builder.add_segment({.client = 5, .first_operation = 100, .count = 3});
  builder.add_segment({.client = 6, .first_operation = 1, .count = 1});
  const Body body = open(builder.finish());

  EXPECT_EQ(body.stamp, (Stamp{.count = 4, .lane = Lane::events}));
  ASSERT_EQ(body.records.size(), 4U);
  EXPECT_EQ(as_text(body.payload_of(body.records[0])), "plain");
  EXPECT_EQ(body.records[0].alias, 7U);
  EXPECT_EQ(body.records[0].flags, 0);
  EXPECT_EQ(as_text(body.payload_of(body.records[1])), "with topic");
  EXPECT_EQ(body.inline_topic_of(body.records[1]), "a.b");
  EXPECT_EQ(body.records[1].flags, kTracked | kInlineTopic);
  EXPECT_EQ(as_text(body.payload_of(body.records[2])), "with headers");
  EXPECT_EQ(decode_headers(body.headers_of(body.records[2])), full_headers());
  EXPECT_EQ(as_text(body.payload_of(body.records[3])), "");
  EXPECT_EQ(body.inline_topic_of(body.records[3]), "c");
  EXPECT_EQ(decode_headers(body.headers_of(body.records[3])), full_headers());
  for (std::uint16_t i = 0; i < 4; ++i) EXPECT_EQ(body.records[i].index, i);
  EXPECT_EQ(operation_of(body.segments, 2), (OperationId{5, 102}));
  EXPECT_EQ(operation_of(body.segments, 3), (OperationId{6, 1}));
}

TEST(BodyBuilder, cache_facts_travel_as_payloads) {
  BodyBuilder builder(Lane::cache);
  builder.append(RecordKind::event, 0, 0, "odd", {}, {});
  (void)builder.finish();
  builder.append(RecordKind::invalidation, 0, kNoAlias, "a", no_headers(),
                 encode_invalidation(full_invalidation()).bytes());
  builder.append(RecordKind::replication, kTracked, 3, {}, {},
                 encode_replication(full_replication()).bytes());
  const Body body = open(builder.finish());
  ASSERT_EQ(body.records.size(), 2U);
  EXPECT_EQ(decode_invalidation(body.payload_of(body.records[0])), full_invalidation());
  EXPECT_EQ(decode_replication(body.payload_of(body.records[1])), full_replication());
}

TEST(BodyBuilder, is_reused_and_starts_over) {
  BodyBuilder builder(Lane::events);
  for (int round = 0; round < 3; ++round) {
    EXPECT_TRUE(builder.empty());
    builder.append(RecordKind::event, 0, 1, {}, {}, as_bytes("x"));
    if (round == 0) {
      builder.add_segment({.client = 9, .first_operation = 9, .count = 1});
      builder.set_stamp({.incarnation = {1}, .first = 1, .count = 1, .lane = Lane::events});
    }
    EXPECT_EQ(builder.records(), 1U);
    const Body body = open(builder.finish());
    EXPECT_EQ(body.stamp.incarnation.counter, round == 0 ? 1U : 0U);
    EXPECT_EQ(body.segments.front().client, round == 0 ? 9U : 0U);
    EXPECT_EQ(body.segments.front().count, 1U);
  }
}

TEST(BodyBuilder, bytes_says_what_finish_returns) {
  BodyBuilder builder(Lane::events);
  for (int records = 1; records <= 20; ++records) {
    for (int i = 0; i < records; ++i) {
      builder.append(RecordKind::event, 0, kNoAlias, "topic", {},
                     as_bytes(std::string(static_cast<std::size_t>(i), 'x')));
      if (records % 2 == 0) {
        builder.add_segment({.client = 1, .first_operation = 1, .count = 1});
      }
    }
    const std::size_t said = builder.bytes();
    const Frame frame = builder.finish();
    EXPECT_EQ(frame.size(), said);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(frame.data()) % 16, 0U);
  }
}

TEST(BodyBuilder, as_many_records_as_numbers_fit_into_one_body) {
  BodyBuilder builder(Lane::events);
  for (std::uint32_t i = 0; i < kBodyNumbersMax; ++i) {
    builder.append(RecordKind::event, 0, i, {}, {}, {});
  }
  const Body body = open(builder.finish());
  ASSERT_EQ(body.records.size(), kBodyNumbersMax);
  EXPECT_EQ(body.stamp.count, kBodyNumbersMax);
  EXPECT_EQ(body.records.back().index, 65'535U);
}

TEST(BodyBuilder, copies_keep_their_place_alias_and_parts) {
  BodyBuilder origin(Lane::events);
  const Frame headers = encode_headers(full_headers());
  for (std::uint32_t i = 0; i < 10; ++i) {
    origin.append(RecordKind::event, kTracked, i, i % 2 == 0 ? "a.b" : "",
                  i % 3 == 0 ? headers.bytes() : Bytes{}, as_bytes(std::to_string(i)));
  }
  origin.set_stamp(
      {.incarnation = {3}, .first = 91, .version = 5, .count = 10, .lane = Lane::events});
  origin.add_segment({.client = 1, .first_operation = 1, .count = 10});
  const Body all = open(origin.finish());

  BodyBuilder some(Lane::events);
  some.set_stamp(all.stamp);
  for (const Segment& segment : all.segments) some.add_segment(segment);
  for (const std::size_t i : {1U, 3U, 6U, 9U}) some.append_copy(all, all.records[i]);
  const Body body = open(some.finish());
  EXPECT_EQ(body.stamp, all.stamp);
  EXPECT_EQ(body.last(), 100U);
  ASSERT_EQ(body.records.size(), 4U);
  for (const Record& record : body.records) {
    const Record& from = all.records[record.index];
    EXPECT_EQ(record.alias, from.alias);
    EXPECT_EQ(record.flags, from.flags);
    EXPECT_EQ(as_text(body.payload_of(record)), as_text(all.payload_of(from)));
    EXPECT_EQ(body.inline_topic_of(record), all.inline_topic_of(from));
    EXPECT_EQ(as_text(body.headers_of(record)), as_text(all.headers_of(from)));
  }
}

TEST(BodyBuilder, a_stamped_range_may_hold_no_record) {
  BodyBuilder builder(Lane::cache);
  builder.set_stamp({.incarnation = {1}, .first = 5, .count = 65'536, .lane = Lane::cache});
  const Body body = open(builder.finish());
  EXPECT_TRUE(body.records.empty());
  EXPECT_EQ(body.first(), 5U);
  EXPECT_EQ(body.last(), 65'540U);
}

// The hand-made layout is the one that the schema's own code reads.
TEST(BodyBuilder, the_schema_reads_what_was_laid_out) {
  BodyBuilder builder(Lane::bulk);
  builder.append(RecordKind::value, kTracked, 0xA1A2A3A4, {}, {}, as_bytes("payload"));
  builder.set_stamp({.incarnation = {0xE1, 0xE2},
                     .first = 0xF1,
                     .version = 0xB1,
                     .created_ms = 0xC1,
                     .count = 2,
                     .lane = Lane::bulk});
  builder.add_segment({.client = 0xD1, .first_operation = 0xD2, .count = 2});
  const Frame frame = builder.finish();
  const auto* data = reinterpret_cast<const std::uint8_t*>(frame.data());
  flatbuffers::Verifier verifier(data, frame.size());
  ASSERT_TRUE(wire::VerifyBodyBuffer(verifier));
  const wire::Body* body = wire::GetBody(data);
  EXPECT_EQ(body->stamp()->counter(), 0xE1U);
  EXPECT_EQ(body->stamp()->instance(), 0xE2U);
  EXPECT_EQ(body->stamp()->first(), 0xF1U);
  EXPECT_EQ(body->stamp()->version(), 0xB1U);
  EXPECT_EQ(body->stamp()->created_ms(), 0xC1U);
  EXPECT_EQ(body->stamp()->count(), 2U);
  EXPECT_EQ(body->stamp()->lane(), wire::Lane::bulk);
  EXPECT_EQ(body->stamp()->record_version(), 1);
  ASSERT_EQ(body->segments()->size(), 1U);
  EXPECT_EQ(body->segments()->Get(0)->client(), 0xD1U);
  EXPECT_EQ(body->segments()->Get(0)->first_operation(), 0xD2U);
  EXPECT_EQ(body->segments()->Get(0)->count(), 2U);
  ASSERT_EQ(body->records()->size(), 1U);
  const wire::Record* record = body->records()->Get(0);
  EXPECT_EQ(record->alias(), 0xA1A2A3A4U);
  EXPECT_EQ(record->offset(), 0U);
  EXPECT_EQ(record->length(), 7U);
  EXPECT_EQ(record->index(), 0U);
  EXPECT_EQ(record->kind(), wire::RecordKind::value);
  EXPECT_EQ(record->flags(), kTracked);
  EXPECT_EQ(as_text(std::as_bytes(std::span(body->payloads()->Data(), body->payloads()->size()))),
            "payload");
}

TEST(BodyBuilderDeathTest, what_nobody_would_open_stops_the_process) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto finish_empty = [] { (void)BodyBuilder(Lane::events).finish(); };
  EXPECT_DEATH(finish_empty(), "broken invariant");
  const auto half_covered = [] {
    BodyBuilder builder(Lane::events);
    builder.append(RecordKind::event, 0, 1, {}, {}, {});
    builder.add_segment({.client = 1, .first_operation = 1, .count = 2});
    (void)builder.finish();
  };
  EXPECT_DEATH(half_covered(), "broken invariant");
  const auto long_topic = [] {
    BodyBuilder builder(Lane::events);
    builder.append(RecordKind::event, 0, kNoAlias, std::string(65'536, 't'), {}, {});
  };
  EXPECT_DEATH(long_topic(), "broken invariant");
}

}  // namespace
}  // namespace mpreg
