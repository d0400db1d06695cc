#pragma once
// How BodyBuilder lays out a body: the FlatBuffer of schema/body.fbs with every part at the place
// that needs no padding. A receiver relies on none of this and takes any valid FlatBuffer.
//
//   0   offset of the table, "MPB1"
//   8   vtable: its size, the table's size, four places in the table
//   20  table: offset of the vtable · Stamp (48) · offsets of segments, records, payloads
//   84  count, Segment[count] (24 each) · count, Record[count] (16 each) · count, payload bytes

#include <array>
#include <cstddef>
#include <cstdint>

#include "message/body.h"

namespace mpreg::body_layout {

inline constexpr std::size_t kVtableAt = 8;
inline constexpr std::size_t kTableAt = 20;
inline constexpr std::size_t kStampAt = 24;
inline constexpr std::size_t kSegmentsOffsetAt = 72;
inline constexpr std::size_t kRecordsOffsetAt = 76;
inline constexpr std::size_t kPayloadsOffsetAt = 80;
inline constexpr std::size_t kSegmentsAt = 84;  // The vector: its count and its elements.
inline constexpr std::size_t kCountBytes = 4;

[[nodiscard]] constexpr std::size_t records_at(std::size_t segments) {
  return kSegmentsAt + kCountBytes + segments * sizeof(Segment);
}
[[nodiscard]] constexpr std::size_t payloads_at(std::size_t segments, std::size_t records) {
  return records_at(segments) + kCountBytes + records * sizeof(Record);
}
[[nodiscard]] constexpr std::size_t bytes(std::size_t segments, std::size_t records,
                                          std::size_t payload_bytes) {
  return payloads_at(segments, records) + kCountBytes + payload_bytes;
}

static_assert(kStampAt % alignof(Stamp) == 0 && kStampAt + sizeof(Stamp) == kSegmentsOffsetAt);
static_assert((kSegmentsAt + kCountBytes) % alignof(Segment) == 0);
static_assert((records_at(1) + kCountBytes) % alignof(Record) == 0);

}  // namespace mpreg::body_layout
