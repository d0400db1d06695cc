#include "wire/body_codec.h"

#include <gtest/gtest.h>

#include <cstring>
#include <set>

#include "body_generated.h"
#include "wire/body_layout.h"

namespace mpreg {
namespace {

constexpr BodyLimits kLimits{.payload_bytes_max = 64};

// A body whose bytes are then spoiled. Three events, two segments.
struct Spoiled {
  Spoiled() {
    BodyBuilder builder(Lane::events);
    builder.append(RecordKind::event, 0, 1, {}, {}, as_bytes("one"));
    builder.append(RecordKind::event, 0, 2, {}, {}, as_bytes("two-two"));
    builder.append(RecordKind::event, 0, kNoAlias, "a.topic", {}, as_bytes("three"));
    builder.add_segment({.client = 1, .first_operation = 10, .count = 2});
    builder.add_segment({.client = 2, .first_operation = 20, .count = 1});
    builder.set_stamp({.incarnation = {7}, .first = 100, .count = 3, .lane = Lane::events});
    frame = builder.finish();
  }

  [[nodiscard]] std::byte* at(std::size_t offset) { return frame.mutable_bytes().data() + offset; }
  [[nodiscard]] Stamp& stamp() { return *reinterpret_cast<Stamp*>(at(body_layout::kStampAt)); }
  [[nodiscard]] Segment& segment(std::size_t i) {
    return reinterpret_cast<Segment*>(at(body_layout::kSegmentsAt + 4))[i];
  }
  [[nodiscard]] Record& record(std::size_t i) {
    return reinterpret_cast<Record*>(at(body_layout::records_at(2) + 4))[i];
  }
  [[nodiscard]] std::byte* payloads() { return at(body_layout::payloads_at(2, 3) + 4); }
  // Lets a field of the table point to another place.
  void point(std::size_t field_at, std::size_t target) {
    const auto distance = static_cast<std::uint32_t>(target - field_at);
    std::memcpy(at(field_at), &distance, sizeof(distance));
  }
  void put_count(std::size_t offset, std::uint32_t count) {
    std::memcpy(at(offset), &count, sizeof(count));
  }

  [[nodiscard]] std::string_view refusal() const {
    const auto body = open_body(frame, kLimits);
    return body ? "opened" : name_of(body.error());
  }
  [[nodiscard]] bool is_refused_with(BodyFault fault) const { return refusal() == name_of(fault); }

  Frame frame;
};

TEST(BodyCodec, an_honest_body_is_opened) {
  const Spoiled body;
  EXPECT_EQ(body.refusal(), "opened");
}

TEST(BodyCodec, every_fault_has_a_sentence_of_its_own) {
  std::set<std::string_view> sentences;
  for (std::size_t i = 0; i < kBodyFaults; ++i) {
    const std::string_view sentence = name_of(static_cast<BodyFault>(i));
    EXPECT_NE(sentence, "body has an unknown fault");
    sentences.insert(sentence);
  }
  EXPECT_EQ(sentences.size(), kBodyFaults);
}

TEST(BodyCodec, bytes_that_are_no_body) {
  EXPECT_EQ(open_body({}, kLimits).error(), BodyFault::not_a_body);
  EXPECT_EQ(open_body(Frame::copy_of(as_bytes(std::string(200, '\0'))), kLimits).error(),
            BodyFault::not_a_body);
  Spoiled identifier;
  *identifier.at(7) = std::byte{'2'};
  EXPECT_TRUE(identifier.is_refused_with(BodyFault::not_a_body));

  const Spoiled whole;
  for (std::size_t size = 0; size < whole.frame.size(); ++size) {
    EXPECT_EQ(open_body(Frame::copy_of(whole.frame.bytes().first(size)), kLimits).error(),
              BodyFault::not_a_body)
        << size;
  }
}

TEST(BodyCodec, another_record_version) {
  for (const int version : {0, 2, 255}) {
    Spoiled body;
    body.stamp().record_version = static_cast<std::uint8_t>(version);
    EXPECT_TRUE(body.is_refused_with(BodyFault::record_version)) << version;
  }
}

TEST(BodyCodec, an_unknown_lane) {
  for (const int lane : {3, 255}) {
    Spoiled body;
    body.stamp().lane = static_cast<Lane>(lane);
    EXPECT_TRUE(body.is_refused_with(BodyFault::lane_unknown)) << lane;
  }
}

TEST(BodyCodec, counts_that_do_not_fit) {
  for (const std::uint32_t count : {0U, 2U, 4U, 65'537U, 0xFFFFFFFFU}) {
    Spoiled body;
    body.stamp().count = count;
    EXPECT_TRUE(body.is_refused_with(BodyFault::count_out_of_range)) << count;
  }
  Spoiled none;
  none.segment(0).count = 0;
  EXPECT_TRUE(none.is_refused_with(BodyFault::count_out_of_range));
  Spoiled wrapped;  // The sum is 3 in 32 bits.
  wrapped.segment(0).count = 0xFFFFFFFF;
  wrapped.segment(1).count = 4;
  EXPECT_TRUE(wrapped.is_refused_with(BodyFault::count_out_of_range));
  Spoiled numbers;
  numbers.stamp().first = kNumberMax - 1;
  EXPECT_TRUE(numbers.is_refused_with(BodyFault::count_out_of_range));
  Spoiled versions;
  versions.stamp().version = kNumberMax;
  EXPECT_TRUE(versions.is_refused_with(BodyFault::count_out_of_range));
  Spoiled operations;
  operations.segment(0).first_operation = kNumberMax;
  EXPECT_TRUE(operations.is_refused_with(BodyFault::count_out_of_range));
}

TEST(BodyCodec, records_out_of_order) {
  Spoiled same;
  same.record(1).index = 0;
  EXPECT_TRUE(same.is_refused_with(BodyFault::records_unordered));
  Spoiled back;
  back.record(0).index = 2;
  EXPECT_TRUE(back.is_refused_with(BodyFault::records_unordered));
  Spoiled beyond;
  beyond.record(2).index = 3;
  EXPECT_TRUE(beyond.is_refused_with(BodyFault::records_unordered));
}

TEST(BodyCodec, payloads_outside_or_shared) {
  Spoiled length;
  length.record(2).length += 1;
  EXPECT_TRUE(length.is_refused_with(BodyFault::payload_outside));
  Spoiled offset;
  offset.record(2).offset += 1;
  EXPECT_TRUE(offset.is_refused_with(BodyFault::payload_outside));
  Spoiled wrapped;
  wrapped.record(2).offset = 0xFFFFFFFF;
  wrapped.record(2).length = 12;
  EXPECT_TRUE(wrapped.is_refused_with(BodyFault::payload_outside));
  // Many records that name the same large payload would make a small body costly to copy.
  Spoiled shared;
  shared.record(1).offset = 2;
  EXPECT_TRUE(shared.is_refused_with(BodyFault::payload_outside));
  Spoiled large_then_shared;
  large_then_shared.record(0).length = 0xFFFFFFFF;
  EXPECT_TRUE(large_then_shared.is_refused_with(BodyFault::payload_outside));
}

TEST(BodyCodec, parts_that_do_not_fit) {
  Spoiled topic;  // The third record's topic takes 2 + 7 of 14 bytes.
  for (const unsigned length : {13U, 14U, 255U}) {
    *(topic.payloads() + topic.record(2).offset) = static_cast<std::byte>(length);
    EXPECT_TRUE(topic.is_refused_with(BodyFault::payload_outside)) << length;
  }
  *(topic.payloads() + topic.record(2).offset) = std::byte{12};
  EXPECT_EQ(topic.refusal(), "opened");
  Spoiled no_room;
  no_room.record(2).length = 1;
  EXPECT_TRUE(no_room.is_refused_with(BodyFault::payload_outside));
  Spoiled headers;  // "on" as a length.
  headers.record(0).flags = kHasHeaders;
  EXPECT_TRUE(headers.is_refused_with(BodyFault::payload_outside));
}

TEST(BodyCodec, payloads_that_are_too_large) {
  BodyBuilder builder(Lane::events);
  const auto open_with = [&](std::size_t bytes, std::string_view topic) {
    builder.append(RecordKind::event, 0, kNoAlias, topic, {}, as_bytes(std::string(bytes, 'x')));
    return open_body(builder.finish(), kLimits);
  };
  EXPECT_TRUE(open_with(64, "").has_value());
  EXPECT_TRUE(open_with(64, "a.topic.does.not.count").has_value());
  EXPECT_EQ(open_with(65, "").error(), BodyFault::payload_too_large);
  EXPECT_EQ(open_with(65, "a").error(), BodyFault::payload_too_large);
}

TEST(BodyCodec, each_lane_carries_its_own_kinds) {
  for (const Lane lane : {Lane::cache, Lane::bulk, Lane::events}) {
    for (int kind = 0; kind < 256; ++kind) {
      Spoiled body;
      body.stamp().lane = lane;
      for (std::size_t i = 0; i < 3; ++i) body.record(i).kind = RecordKind::none;
      body.record(1).kind = static_cast<RecordKind>(kind);
      const bool is_fact = kind == 1 || kind == 2 || kind == 4;
      const bool is_at_home = kind == 255 || (lane == Lane::cache && is_fact) ||
                              (lane == Lane::bulk && kind == 3) ||
                              (lane == Lane::events && kind == 0);
      EXPECT_EQ(body.refusal(), is_at_home ? "opened" : name_of(BodyFault::kind_unknown))
          << name_of(lane) << " " << kind;
    }
  }
}

TEST(BodyCodec, flags_that_are_not_known) {
  for (const int flag : {32, 64, 128}) {
    Spoiled body;
    body.record(1).flags = static_cast<std::uint8_t>(flag);
    EXPECT_TRUE(body.is_refused_with(BodyFault::flags_unknown)) << flag;
  }
}

// Stamping one part must never change another.
TEST(BodyCodec, parts_that_share_bytes) {
  using namespace body_layout;
  const std::size_t records = records_at(2);
  const std::size_t payloads = payloads_at(2, 3);
  Spoiled records_in_segments;
  records_in_segments.point(kRecordsOffsetAt, kSegmentsAt);
  EXPECT_TRUE(records_in_segments.is_refused_with(BodyFault::not_a_body));
  Spoiled payloads_in_records;
  payloads_in_records.point(kPayloadsOffsetAt, records + 4);
  payloads_in_records.put_count(records + 4, 8);
  EXPECT_TRUE(payloads_in_records.is_refused_with(BodyFault::not_a_body));
  Spoiled payloads_are_records;
  payloads_are_records.point(kPayloadsOffsetAt, records);
  EXPECT_TRUE(payloads_are_records.is_refused_with(BodyFault::not_a_body));
  Spoiled records_reach_payloads;
  records_reach_payloads.put_count(records, 4);
  EXPECT_TRUE(records_reach_payloads.is_refused_with(BodyFault::not_a_body));
  Spoiled segments_reach_records;
  segments_reach_records.put_count(kSegmentsAt, 3);
  EXPECT_TRUE(segments_reach_records.is_refused_with(BodyFault::not_a_body));
  Spoiled records_in_payloads;
  records_in_payloads.point(kRecordsOffsetAt, payloads);
  records_in_payloads.put_count(payloads, 1);
  EXPECT_TRUE(records_in_payloads.is_refused_with(BodyFault::not_a_body));
  // The stamp over the offsets that follow it, by the vtable's first place.
  Spoiled stamp_over_offsets;
  *stamp_over_offsets.at(kVtableAt + 4) = std::byte{12};
  EXPECT_TRUE(stamp_over_offsets.is_refused_with(BodyFault::not_a_body));
  // Segments that begin in the stamp: its last four bytes as a count.
  Spoiled segments_in_stamp;
  segments_in_stamp.put_count(kStampAt + 36, 1);
  segments_in_stamp.point(kSegmentsOffsetAt, kStampAt + 36 + (std::size_t{1} << 32U));
  EXPECT_TRUE(segments_in_stamp.is_refused_with(BodyFault::not_a_body));
}

TEST(BodyCodec, counts_that_reach_beyond_the_frame) {
  for (const std::size_t vector :
       {body_layout::kSegmentsAt, body_layout::records_at(2), body_layout::payloads_at(2, 3)}) {
    for (const std::uint32_t count : {0xFFFFFFFFU, 0x7FFFFFFFU, 0x10000000U, 0x0AAAAAABU, 1000U}) {
      Spoiled body;
      body.put_count(vector, count);
      EXPECT_TRUE(body.is_refused_with(BodyFault::not_a_body)) << vector << " " << count;
    }
  }
}

// FlatBuffers 2 verifies the alignment of a vector's count, not of the structs in it.
TEST(BodyCodec, segments_that_are_not_aligned) {
  const auto open_with_segments_at = [](std::size_t after_payloads) {
    BodyBuilder builder(Lane::events);
    builder.append(RecordKind::event, 0, 1, {}, {}, as_bytes(std::string(64, '\0')));
    const Frame frame = builder.finish();
    auto* bytes = frame.mutable_bytes().data();
    const auto put = [&](std::size_t at, std::size_t value) {
      const auto number = static_cast<std::uint32_t>(value);
      std::memcpy(bytes + at, &number, sizeof(number));
    };
    // The payloads end early, and a segment of count 1 lies in the bytes behind them.
    const std::size_t payloads = body_layout::payloads_at(1, 1);
    put(payloads, 4);
    put(body_layout::records_at(1) + 4 + offsetof(Record, length), 4);
    const std::size_t target = payloads + after_payloads;
    put(body_layout::kSegmentsOffsetAt, target - body_layout::kSegmentsOffsetAt);
    put(target, 1);
    put(target + 4 + offsetof(Segment, count), 1);
    const auto body = open_body(frame, kLimits);
    return body ? "opened" : name_of(body.error());
  };
  EXPECT_EQ(open_with_segments_at(8), "opened");
  EXPECT_EQ(open_with_segments_at(12), name_of(BodyFault::not_a_body));
}

TEST(BodyCodec, a_body_by_the_schemas_own_builder_is_opened) {
  flatbuffers::FlatBufferBuilder builder;
  const std::vector<std::uint8_t> raw = {'a', 'b', 'c'};
  const auto payloads = builder.CreateVector(raw);
  const std::vector<wire::Record> record = {{5, 0, 3, 0, wire::RecordKind::event, 0}};
  const auto records = builder.CreateVectorOfStructs(record);
  const std::vector<wire::Segment> segment = {{1, 2, 1, 0}};
  const auto segments = builder.CreateVectorOfStructs(segment);
  const wire::Stamp stamp(1, 9, 2, 3, 4, 1, wire::Lane::events, 1, 0);
  builder.Finish(wire::CreateBody(builder, &stamp, segments, records, payloads),
                 wire::BodyIdentifier());
  const auto bytes = std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize()));
  const auto body = open_body(Frame::copy_of(bytes), kLimits);
  ASSERT_TRUE(body.has_value()) << name_of(body.error());
  EXPECT_EQ(body->stamp,
            (Stamp{.incarnation = {1, 9}, .first = 2, .version = 3, .created_ms = 4, .count = 1}));
  EXPECT_EQ(as_text(body->payload_of(body->records[0])), "abc");
}

TEST(BodyCodec, a_frame_is_copied_when_small_or_not_aligned_and_else_kept) {
  BodyBuilder builder(Lane::events);
  const auto make = [&](std::size_t payload_bytes) {
    builder.append(RecordKind::event, 0, 1, {}, {}, as_bytes(std::string(payload_bytes, 'x')));
    return builder.finish();
  };
  const BodyLimits limits;
  const Frame small = make(100);
  EXPECT_NE(open_body(small, limits)->frame.data(), small.data());
  const Frame large = make(kPinnedBytes);
  EXPECT_EQ(open_body(large, limits)->frame.data(), large.data());
  for (std::size_t shift = 1; shift < 8; ++shift) {
    auto buffer = std::make_shared<std::vector<std::byte>>(large.size() + shift);
    std::memcpy(buffer->data() + shift, large.data(), large.size());
    const Frame shifted(buffer, Bytes(*buffer).subspan(shift));
    const auto body = open_body(shifted, limits);
    ASSERT_TRUE(body.has_value()) << shift;
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(body->frame.data()) % 16, 0U);
    EXPECT_EQ(body->payload_of(body->records[0]).size(), kPinnedBytes);
  }
}

TEST(BodyCodec, stamping_in_place_is_seen_by_the_next_receiver) {
  Spoiled spoiled;
  auto body = open_body(spoiled.frame, kLimits);
  ASSERT_TRUE(body.has_value());
  const StampableBody parts = stampable(*body);
  *parts.stamp = {
      .incarnation = {9}, .first = 500, .version = 70, .count = 3, .lane = Lane::events};
  body->stamp = *parts.stamp;
  for (Record& record : parts.records) record.alias += 1000;
  parts.records[1].kind = RecordKind::none;
  parts.segments[1].first_operation = 77;

  const auto next = open_body(body->frame, kLimits);
  ASSERT_TRUE(next.has_value());
  EXPECT_EQ(next->stamp, body->stamp);
  EXPECT_EQ(next->records[0].alias, 1001U);
  EXPECT_EQ(next->records[1].kind, RecordKind::none);
  EXPECT_EQ(next->segments[1].first_operation, 77U);
  EXPECT_EQ(as_text(next->payload_of(next->records[2])), "three");
  EXPECT_EQ(next->inline_topic_of(next->records[2]), "a.topic");
}

}  // namespace
}  // namespace mpreg
