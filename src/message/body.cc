#include "message/body.h"

#include <cstring>

namespace mpreg {
namespace {

// The two optional parts before a payload each begin with a u16 length in little-endian order. The
// decoder has checked that they fit.
std::size_t part_bytes(Bytes at) {
  std::uint16_t length = 0;
  std::memcpy(&length, at.data(), sizeof(length));
  return length;
}

}  // namespace

std::string_view Body::inline_topic_of(const Record& record) const {
  if ((record.flags & kInlineTopic) == 0) return {};
  const Bytes bytes = payloads.subspan(record.offset, record.length);
  return as_text(bytes.subspan(2, part_bytes(bytes)));
}

Bytes Body::headers_of(const Record& record) const {
  if ((record.flags & kHasHeaders) == 0) return {};
  Bytes bytes = payloads.subspan(record.offset, record.length);
  if ((record.flags & kInlineTopic) != 0) bytes = bytes.subspan(2 + part_bytes(bytes));
  return bytes.subspan(2, part_bytes(bytes));
}

Bytes Body::payload_of(const Record& record) const {
  Bytes bytes = payloads.subspan(record.offset, record.length);
  if ((record.flags & kInlineTopic) != 0) bytes = bytes.subspan(2 + part_bytes(bytes));
  if ((record.flags & kHasHeaders) != 0) bytes = bytes.subspan(2 + part_bytes(bytes));
  return bytes;
}

Segment segment_of(std::span<const Segment> segments, std::uint32_t index) {
  for (const Segment& segment : segments) {
    if (index < segment.count) return segment;
    index -= segment.count;
  }
  return {};
}

OperationId operation_of(std::span<const Segment> segments, std::uint32_t index) {
  for (const Segment& segment : segments) {
    if (index < segment.count) return {segment.client, segment.first_operation + index};
    index -= segment.count;
  }
  return {};
}

}  // namespace mpreg
