#include "wire/body_codec.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>

#include "body_generated.h"
#include "wire/aligned_bytes.h"
#include "wire/packet_reader.h"

namespace mpreg {
namespace {

// What travels is what lies in memory.
static_assert(sizeof(wire::Stamp) == sizeof(Stamp) && alignof(wire::Stamp) == alignof(Stamp));
static_assert(sizeof(wire::Segment) == sizeof(Segment) &&
              alignof(wire::Segment) == alignof(Segment));
static_assert(sizeof(wire::Record) == sizeof(Record) && alignof(wire::Record) == alignof(Record));
static_assert(alignof(Stamp) == kWireAlignment && alignof(Segment) == kWireAlignment);
static_assert(offsetof(Stamp, incarnation) == 0 && offsetof(Incarnation, counter) == 0 &&
              offsetof(Incarnation, instance) == 8 && offsetof(Stamp, first) == 16 &&
              offsetof(Stamp, version) == 24 && offsetof(Stamp, created_ms) == 32 &&
              offsetof(Stamp, count) == 40 && offsetof(Stamp, lane) == 44 &&
              offsetof(Stamp, record_version) == 45 && offsetof(Stamp, reserved) == 46);
static_assert(offsetof(Segment, client) == 0 && offsetof(Segment, first_operation) == 8 &&
              offsetof(Segment, count) == 16 && offsetof(Segment, told) == 20);
static_assert(offsetof(Record, alias) == 0 && offsetof(Record, offset) == 4 &&
              offsetof(Record, length) == 8 && offsetof(Record, index) == 12 &&
              offsetof(Record, kind) == 14 && offsetof(Record, flags) == 15);

constexpr std::uint8_t kRecordVersion = 1;
constexpr std::size_t kPartLengthBytes = sizeof(std::uint16_t);

struct Range {
  const std::uint8_t* begin;
  const std::uint8_t* end;
};

Range range_of(const void* data, std::size_t size) {
  const auto* begin = static_cast<const std::uint8_t*>(data);
  return {begin, begin + size};
}

template <typename T>
Range range_of_vector(const flatbuffers::Vector<T>* vector, std::size_t element_bytes) {
  if (vector == nullptr) return {nullptr, nullptr};
  return range_of(vector, sizeof(flatbuffers::uoffset_t) + vector->size() * element_bytes);
}

bool disjoint(const Range& a, const Range& b) { return a.end <= b.begin || b.end <= a.begin; }

// Stamping one part of a body must not change another, nor what the next receiver will verify. The
// parts of an honest body never overlap, but FlatBuffers' verifier does not ask.
bool has_parts_of_its_own(const std::uint8_t* data, const wire::Body& body) {
  const auto* table = reinterpret_cast<const std::uint8_t*>(&body);
  const auto* fields = reinterpret_cast<const flatbuffers::Table*>(&body);
  const std::uint8_t* vtable = fields->GetVTable();
  const auto field = [&](flatbuffers::voffset_t id) {
    const flatbuffers::voffset_t at = fields->GetOptionalFieldOffset(id);
    return at == 0 ? Range{nullptr, nullptr} : range_of(table + at, sizeof(flatbuffers::uoffset_t));
  };
  const std::array<Range, 10> parts = {
      // The first three are written by stamping.
      range_of(body.stamp(), sizeof(Stamp)),
      range_of_vector(body.segments(), sizeof(Segment)),
      range_of_vector(body.records(), sizeof(Record)),
      range_of_vector(body.payloads(), 1),
      range_of(data, 2 * sizeof(flatbuffers::uoffset_t)),
      range_of(vtable, flatbuffers::ReadScalar<flatbuffers::voffset_t>(vtable)),
      range_of(table, sizeof(flatbuffers::soffset_t)),
      field(wire::Body::VT_SEGMENTS),
      field(wire::Body::VT_RECORDS),
      field(wire::Body::VT_PAYLOADS),
  };
  for (std::size_t written = 0; written < 3; ++written) {
    for (std::size_t other = written + 1; other < parts.size(); ++other) {
      if (!disjoint(parts[written], parts[other])) return false;
    }
  }
  return true;
}

// Alias types: elements of FlatBuffers' structs are read as ours, which have their layout.
template <typename T, typename W>
std::span<const T> span_of(const flatbuffers::Vector<const W*>* vector) {
  if (vector == nullptr) return {};
  return {reinterpret_cast<const T*>(vector->Data()), vector->size()};
}

template <typename T>
bool overflows(T first, std::uint64_t count) {
  return first > kNumberMax - count;
}

bool counts_fit(const Stamp& stamp, std::span<const Segment> segments) {
  if (stamp.count < 1 || stamp.count > kBodyNumbersMax || segments.size() > stamp.count) {
    return false;
  }
  if (overflows(stamp.first, stamp.count) || overflows(stamp.version, stamp.count)) return false;
  std::uint64_t covered = 0;
  for (const Segment& segment : segments) {
    if (segment.count == 0 || overflows(segment.first_operation, segment.count)) return false;
    covered += segment.count;
  }
  return covered == stamp.count;
}

// Which kinds a lane carries, as bits; `none` is allowed everywhere.
constexpr std::array<std::uint32_t, kLanes> kKindsOfLane = {
    (1U << static_cast<unsigned>(RecordKind::invalidation)) |
        (1U << static_cast<unsigned>(RecordKind::replication)) |
        (1U << static_cast<unsigned>(RecordKind::claim)),
    1U << static_cast<unsigned>(RecordKind::value),
    1U << static_cast<unsigned>(RecordKind::event),
};

// What one pass over the records finds, without a branch: everything that is wrong leaves a bit.
struct Findings {
  bool unordered = false;
  bool overlapping = false;
  bool kind_unknown = false;
  std::uint8_t flags = 0;
  std::uint32_t length_max = 0;
  std::uint64_t payloads_end = 0;
};

Findings scan(std::span<const Record> records, const Stamp& stamp) {
  const std::uint32_t kinds = kKindsOfLane[static_cast<std::size_t>(stamp.lane)];
  std::uint32_t next_index = 0;
  std::uint64_t end = 0;
  std::uint32_t unordered = 0;
  std::uint32_t overlapping = 0;
  std::uint32_t unknown = 0;
  Findings found;
  for (const Record& record : records) {
    const auto kind = static_cast<std::uint32_t>(record.kind);
    unordered |= static_cast<std::uint32_t>(record.index < next_index);
    next_index = record.index + 1U;
    overlapping |= static_cast<std::uint32_t>(record.offset < end);
    end = std::uint64_t{record.offset} + record.length;
    const std::uint32_t in_lane = static_cast<std::uint32_t>(kind < 32) & (kinds >> (kind & 31U));
    const auto is_none =
        static_cast<std::uint32_t>(kind == static_cast<std::uint32_t>(RecordKind::none));
    unknown |= ~(in_lane | is_none) & 1U;
    found.flags |= record.flags;
    found.length_max = std::max(found.length_max, record.length);
  }
  // Ascending: the last index is the greatest, and the last end the furthest.
  found.unordered = unordered != 0 || next_index > stamp.count;
  found.overlapping = overlapping != 0;
  found.kind_unknown = unknown != 0;
  found.payloads_end = end;
  return found;
}

// Takes a u16 length and its bytes off the front; false when they do not fit.
bool skip_part(Bytes& bytes) {
  if (bytes.size() < kPartLengthBytes) return false;
  const auto length = flatbuffers::ReadScalar<std::uint8_t>(bytes.data()) +
                      (std::size_t{flatbuffers::ReadScalar<std::uint8_t>(bytes.data() + 1)} << 8U);
  if (bytes.size() - kPartLengthBytes < length) return false;
  bytes = bytes.subspan(kPartLengthBytes + length);
  return true;
}

// Record by record, where some have parts before their payload or may be too large.
std::optional<BodyFault> find_part_fault(std::span<const Record> records, Bytes payloads,
                                         const BodyLimits& limits) {
  for (const Record& record : records) {
    Bytes bytes = payloads.subspan(record.offset, record.length);
    if ((record.flags & kInlineTopic) != 0 && !skip_part(bytes)) return BodyFault::payload_outside;
    if ((record.flags & kHasHeaders) != 0 && !skip_part(bytes)) return BodyFault::payload_outside;
    if (bytes.size() > limits.payload_bytes_max) return BodyFault::payload_too_large;
  }
  return std::nullopt;
}

std::optional<BodyFault> find_fault(const Body& body, const BodyLimits& limits) {
  const Stamp& stamp = body.stamp;
  if (stamp.record_version != kRecordVersion) return BodyFault::record_version;
  if (static_cast<std::size_t>(stamp.lane) >= kLanes) return BodyFault::lane_unknown;
  if (!counts_fit(stamp, body.segments)) return BodyFault::count_out_of_range;
  const Findings found = scan(body.records, stamp);
  if (found.unordered) return BodyFault::records_unordered;
  if (found.overlapping || found.payloads_end > body.payloads.size()) {
    return BodyFault::payload_outside;
  }
  if (found.kind_unknown) return BodyFault::kind_unknown;
  if ((found.flags & ~kRecordFlags) != 0) return BodyFault::flags_unknown;
  const bool has_parts = (found.flags & (kInlineTopic | kHasHeaders)) != 0;
  if (!has_parts && found.length_max <= limits.payload_bytes_max) return std::nullopt;
  return find_part_fault(body.records, body.payloads, limits);
}

}  // namespace

std::string_view name_of(BodyFault fault) {
  switch (fault) {
    case BodyFault::not_a_body:
      return "body is not a verifiable FlatBuffer with the identifier MPB1 and parts of their own";
    case BodyFault::record_version:
      return "body has a record version other than 1, which was agreed";
    case BodyFault::lane_unknown:
      return "body has a lane above 2, the last that is known";
    case BodyFault::count_out_of_range:
      return "body covers no numbers, more than 65536, or others than its segments";
    case BodyFault::records_unordered:
      return "body has records whose indices do not ascend below its count";
    case BodyFault::payload_outside:
      return "body has a record whose payload or part lies outside of the bytes left for it";
    case BodyFault::payload_too_large:
      return "body has a payload above the limit of this broker";
    case BodyFault::kind_unknown:
      return "body has a record of a kind that its lane does not carry";
    case BodyFault::flags_unknown:
      return "body has a record with flags other than 1, 2, 4, 8 and 16";
  }
  return "body has an unknown fault";
}

tl::expected<Body, BodyFault> open_body(Frame frame, const BodyLimits& limits) {
  if (frame.size() > kBufferBytesMax) return tl::unexpected(BodyFault::not_a_body);
  if (frame.size() < kPinnedBytes || !is_aligned(frame.data()))
    frame = Frame::copy_of(frame.bytes());
  const auto* data = reinterpret_cast<const std::uint8_t*>(frame.data());
  const auto* root = verified_root<wire::Body>(data, frame.size(), wire::BodyIdentifier());
  if (root == nullptr || !has_parts_of_its_own(data, *root)) {
    return tl::unexpected(BodyFault::not_a_body);
  }
  Body body;
  body.stamp = *reinterpret_cast<const Stamp*>(root->stamp());
  body.segments = span_of<Segment>(root->segments());
  body.records = span_of<Record>(root->records());
  if (root->payloads() != nullptr) {
    body.payloads = std::as_bytes(std::span(root->payloads()->Data(), root->payloads()->size()));
  }
  // FlatBuffers 2 verifies the alignment of a vector's count, not of its structs.
  if (!is_aligned(body.segments.data())) return tl::unexpected(BodyFault::not_a_body);
  body.frame = std::move(frame);
  if (const auto fault = find_fault(body, limits)) return tl::unexpected(*fault);
  return body;
}

StampableBody stampable(Body& body) {
  // The bytes are ours to write, by contract; the spans are constant because receivers only read.
  const auto* root = wire::GetBody(reinterpret_cast<const void*>(body.frame.data()));
  return {const_cast<Stamp*>(reinterpret_cast<const Stamp*>(root->stamp())),
          {const_cast<Segment*>(body.segments.data()), body.segments.size()},
          {const_cast<Record*>(body.records.data()), body.records.size()}};
}

}  // namespace mpreg
