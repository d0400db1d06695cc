#include "message/body.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace mpreg {
namespace {

// A payload as a record may carry it: a topic of its own, headers, then the publisher's bytes.
std::string with_prefixes(std::string_view topic, std::string_view headers,
                          std::string_view payload) {
  std::string bytes;
  for (const std::string_view part : {topic, headers}) {
    if (part.empty()) continue;
    bytes += static_cast<char>(part.size() & 0xFFU);
    bytes += static_cast<char>(part.size() >> 8U);
    bytes += part;
  }
  return bytes.append(payload);
}

Record record_of(std::string_view bytes, std::uint8_t flags) {
  Record record;
  record.length = static_cast<std::uint32_t>(bytes.size());
  record.flags = flags;
  return record;
}

TEST(Body, a_plain_record_is_payload_from_end_to_end) {
  const std::string bytes = "value";
  Body body;
  body.payloads = as_bytes(bytes);
  const Record record = record_of(bytes, 0);
  EXPECT_EQ(as_text(body.payload_of(record)), "value");
  EXPECT_EQ(body.inline_topic_of(record), "");
  EXPECT_TRUE(body.headers_of(record).empty());
}

TEST(Body, inline_topic_and_headers_stand_before_the_payload) {
  const std::string bytes = with_prefixes("a.topic", "HEADERS", "value");
  Body body;
  body.payloads = as_bytes(bytes);
  const Record both = record_of(bytes, kInlineTopic | kHasHeaders);
  EXPECT_EQ(body.inline_topic_of(both), "a.topic");
  EXPECT_EQ(as_text(body.headers_of(both)), "HEADERS");
  EXPECT_EQ(as_text(body.payload_of(both)), "value");

  const std::string without_topic = with_prefixes("", "HEADERS", "value");
  body.payloads = as_bytes(without_topic);
  const Record headers = record_of(without_topic, kHasHeaders);
  EXPECT_EQ(body.inline_topic_of(headers), "");
  EXPECT_EQ(as_text(body.headers_of(headers)), "HEADERS");
  EXPECT_EQ(as_text(body.payload_of(headers)), "value");
}

TEST(Body, an_operation_is_found_in_the_segment_that_covers_its_index) {
  const std::array<Segment, 3> segments = {Segment{7, 100, 2, 0}, Segment{0, 0, 1, 0},
                                           Segment{9, 5, 3, 0}};
  EXPECT_EQ(operation_of(segments, 0), (OperationId{7, 100}));
  EXPECT_EQ(operation_of(segments, 1), (OperationId{7, 101}));
  EXPECT_EQ(operation_of(segments, 2).client, 0U);
  EXPECT_EQ(operation_of(segments, 3), (OperationId{9, 5}));
  EXPECT_EQ(operation_of(segments, 5), (OperationId{9, 7}));
  EXPECT_EQ(operation_of(segments, 6), (OperationId{}));
  EXPECT_EQ(operation_of({}, 0), (OperationId{}));
}

}  // namespace
}  // namespace mpreg
