#include <algorithm>
#include <cstring>
#include <limits>
#include <memory>

#include "base/error.h"
#include "wire/body_codec.h"
#include "wire/body_layout.h"

namespace mpreg {
namespace {

constexpr std::size_t kPartBytesMax = std::numeric_limits<std::uint16_t>::max();
constexpr std::size_t kBodyBytesMax = 1U << 30U;  // What open_body takes at most.

template <typename T>
void store(std::byte* at, const T& value) {
  std::memcpy(at, &value, sizeof(value));
}

// A part before a payload: its length and its bytes.
std::size_t part_bytes(std::size_t size) {
  MPREG_CHECK(size <= kPartBytesMax);
  return sizeof(std::uint16_t) + size;
}

std::byte* store_part(std::byte* at, Bytes part) {
  store(at, static_cast<std::uint16_t>(part.size()));
  std::memcpy(at + sizeof(std::uint16_t), part.data(), part.size());
  return at + sizeof(std::uint16_t) + part.size();
}

// The distance from the place that holds the offset to the vector.
void store_offset(std::byte* body, std::size_t at, std::size_t target) {
  store(body + at, static_cast<std::uint32_t>(target - at));
}

template <typename T>
void store_vector(std::byte* at, std::span<const T> values) {
  store(at, static_cast<std::uint32_t>(values.size()));
  if (!values.empty()) {
    std::memcpy(at + body_layout::kCountBytes, values.data(), values.size_bytes());
  }
}

void store_table(std::byte* body) {
  using namespace body_layout;
  store(body, static_cast<std::uint32_t>(kTableAt));
  std::memcpy(body + 4, "MPB1", 4);
  const std::array<std::uint16_t, 6> vtable = {
      static_cast<std::uint16_t>(kTableAt - kVtableAt),
      static_cast<std::uint16_t>(kSegmentsAt - kTableAt),
      static_cast<std::uint16_t>(kStampAt - kTableAt),
      static_cast<std::uint16_t>(kSegmentsOffsetAt - kTableAt),
      static_cast<std::uint16_t>(kRecordsOffsetAt - kTableAt),
      static_cast<std::uint16_t>(kPayloadsOffsetAt - kTableAt),
  };
  static_assert(sizeof(vtable) == kTableAt - kVtableAt);
  store(body + kVtableAt, vtable);
  store(body + kTableAt, static_cast<std::int32_t>(kTableAt - kVtableAt));
}

}  // namespace

void BodyBuilder::append(RecordKind kind, std::uint8_t flags, Alias alias,
                         std::string_view inline_topic, Bytes headers, Bytes payload) {
  MPREG_CHECK(records_.size() < kBodyNumbersMax);
  Record record;
  record.alias = alias;
  record.offset = static_cast<std::uint32_t>(payloads_.size());
  record.index = static_cast<std::uint16_t>(records_.size());
  record.kind = kind;
  record.flags = flags & kTracked;
  std::size_t length = payload.size();
  if (!inline_topic.empty()) {
    record.flags |= kInlineTopic;
    length += part_bytes(inline_topic.size());
  }
  if (!headers.empty()) {
    record.flags |= kHasHeaders;
    length += part_bytes(headers.size());
  }
  MPREG_CHECK(length <= kBodyBytesMax - payloads_.size());
  record.length = static_cast<std::uint32_t>(length);
  records_.push_back(record);

  std::byte* at = payloads_.append(length);
  if (!inline_topic.empty()) at = store_part(at, as_bytes(inline_topic));
  if (!headers.empty()) at = store_part(at, headers);
  if (!payload.empty()) std::memcpy(at, payload.data(), payload.size());
}

void BodyBuilder::append_copy(const Body& from, const Record& record) {
  MPREG_CHECK(records_.size() < kBodyNumbersMax &&
              record.length <= kBodyBytesMax - payloads_.size());
  Record copy = record;
  copy.offset = static_cast<std::uint32_t>(payloads_.size());
  records_.push_back(copy);
  std::byte* at = payloads_.append(record.length);
  if (record.length != 0) std::memcpy(at, from.payloads.data() + record.offset, record.length);
}

void BodyBuilder::add_segment(const Segment& segment) { segments_.push_back(segment); }

void BodyBuilder::set_stamp(const Stamp& stamp) {
  stamp_ = stamp;
  stamped_ = true;
}

std::size_t BodyBuilder::bytes() const {
  return body_layout::bytes(std::max<std::size_t>(segments_.size(), 1), records_.size(),
                            payloads_.size());
}

Frame BodyBuilder::finish() {
  using namespace body_layout;
  if (!stamped_) {
    stamp_.count = static_cast<std::uint32_t>(records_.size());
    stamp_.lane = lane_;
  }
  if (segments_.empty()) segments_.push_back({.count = stamp_.count});
  std::uint64_t covered = 0;
  for (const Segment& segment : segments_) covered += segment.count;
  MPREG_CHECK(covered == stamp_.count && stamp_.count >= 1 && stamp_.count <= kBodyNumbersMax);

  const std::size_t size = bytes();
  MPREG_CHECK(size <= kBodyBytesMax);
  struct alignas(16) Block {
    std::byte bytes[16];
  };
  auto owner = std::make_shared_for_overwrite<Block[]>((size + sizeof(Block) - 1) / sizeof(Block));
  auto* body = reinterpret_cast<std::byte*>(owner.get());
  const std::size_t records = records_at(segments_.size());
  const std::size_t payloads = payloads_at(segments_.size(), records_.size());
  store_table(body);
  store(body + kStampAt, stamp_);
  store_offset(body, kSegmentsOffsetAt, kSegmentsAt);
  store_offset(body, kRecordsOffsetAt, records);
  store_offset(body, kPayloadsOffsetAt, payloads);
  store_vector<Segment>(body + kSegmentsAt, segments_);
  store_vector<Record>(body + records, records_);
  store_vector<std::byte>(body + payloads, payloads_.bytes());

  stamp_ = {};
  stamped_ = false;
  segments_.clear();
  records_.clear();
  payloads_.clear();
  return Frame(std::move(owner), Bytes(body, size));
}

}  // namespace mpreg
