#pragma once
// Body: the unit of a stream. One body holds the records that an origin stamped together, and never
// changes afterwards: brokers forward the received frame itself. Record, Segment and Stamp have the
// layout that travels (src/wire asserts it), so a received body is read in place.
//
// The records of a body cover the numbers first .. first + count - 1 of its stream. A body made for
// one session may hold fewer records than it covers: each record carries its index among the
// numbers covered.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/frame.h"
#include "stream/hybrid_clock.h"
#include "stream/stream_id.h"

namespace mpreg {

enum class RecordKind : std::uint8_t {
  event = 0,         // Payload: the bytes of the publisher.
  invalidation = 1,  // Payload: CacheInvalidation.
  replication = 2,   // Payload: CacheReplication, the fact; the value travels in the bulk lane.
  value = 3,         // Payload: CacheValue.
  claim = 4,         // Payload: ClaimRecord. Made by brokers alone.
  none = 255,  // A number whose record was refused after it had its place: skipped by everyone.
};

// Bits of Record::flags.
inline constexpr std::uint8_t kInlineTopic =
    1;  // The payload begins with a u16 length and the topic.
inline constexpr std::uint8_t kHasHeaders = 2;  // Then a u16 length and a Headers table.
inline constexpr std::uint8_t kTracked = 4;     // The sender waits for more than `accepted`.
// Written by the broker that numbers, never by a client. A replication whose value is not used, by
// anybody: it stands for an invalidation of its key. (Somebody else may have changed the key since
// its writer was last told of changes.)
inline constexpr std::uint8_t kInvalidates = 8;
// The operation was refused, and keeps its number and identity: nobody else takes it any more.
inline constexpr std::uint8_t kRefused = 16;
inline constexpr std::uint8_t kBrokerFlags = kInvalidates | kRefused;
inline constexpr std::uint8_t kRecordFlags = kInlineTopic | kHasHeaders | kTracked | kBrokerFlags;

// An alias names a topic within (stream): it was declared with the first batch that uses it. In a
// batch from a client it is the client's own, and is rewritten when the batch is stamped.
using Alias = std::uint32_t;
inline constexpr Alias kNoAlias = 0xFFFFFFFFU;

struct Record {
  Alias alias = kNoAlias;    // kNoAlias with kInlineTopic.
  std::uint32_t offset = 0;  // Into the body's payload bytes.
  std::uint32_t length = 0;  // Bytes, with inline topic and headers.
  std::uint16_t index = 0;   // The number is Stamp::first + index.
  RecordKind kind = RecordKind::event;
  std::uint8_t flags = 0;

  friend bool operator==(const Record&, const Record&) = default;
};
static_assert(sizeof(Record) == 16);

// Which client asked for the numbers that follow: its operations first_operation, first_operation +
// 1, ... Segments cover a body's numbers in order and without holes.
struct Segment {
  std::uint64_t client = 0;
  std::uint64_t first_operation = 0;
  std::uint32_t count = 0;
  // Cache lane, for the broker that numbers: the number of its last application that the client had
  // been told of when it called these operations, in its lowest 32 bits; 0: it was told by another
  // broker, or in another connection. A client learns it with each message (Packet.told).
  std::uint32_t told = 0;

  friend bool operator==(const Segment&, const Segment&) = default;
};
static_assert(sizeof(Segment) == 24);

// What the origin writes in place. In a batch from a client everything but lane and count is 0.
struct Stamp {
  Incarnation incarnation = {};
  Number first = 0;
  HybridTime version = 0;        // Of the first number; number first + i has version + i.
  std::uint64_t created_ms = 0;  // Wall clock of the origin, for people and lag metrics.
  std::uint32_t count = 0;       // Numbers covered, 1..65536.
  Lane lane = Lane::events;
  std::uint8_t record_version = 1;
  std::uint16_t reserved = 0;

  friend bool operator==(const Stamp&, const Stamp&) = default;
};
static_assert(sizeof(Stamp) == 48);

inline constexpr std::uint32_t kBodyNumbersMax = 65536;

// A verified body, read in place. The frame keeps the bytes alive; the spans point into it.
struct Body {
  Frame frame;
  Stamp stamp;
  std::span<const Segment> segments;
  std::span<const Record> records;  // Ascending by index.
  Bytes payloads;

  [[nodiscard]] Number first() const { return stamp.first; }
  [[nodiscard]] Number last() const { return stamp.first + stamp.count - 1; }

  // The payload of a record as its publisher gave it.
  [[nodiscard]] Bytes payload_of(const Record& record) const;
  // Empty unless the topic is inline.
  [[nodiscard]] std::string_view inline_topic_of(const Record& record) const;
  // Empty unless there are headers: an encoded Headers table.
  [[nodiscard]] Bytes headers_of(const Record& record) const;
};

// The client and operation behind number first + index; {0, 0} when no segment covers it.
struct OperationId {
  std::uint64_t client = 0;
  std::uint64_t operation = 0;

  friend auto operator<=>(const OperationId&, const OperationId&) = default;
};
[[nodiscard]] OperationId operation_of(std::span<const Segment> segments, std::uint32_t index);
// The segment that covers it; one of nobody when none does.
[[nodiscard]] Segment segment_of(std::span<const Segment> segments, std::uint32_t index);

// "alias means topic in this stream", for a receiver that has not been told.
struct Declaration {
  Alias alias = kNoAlias;
  std::string topic;

  friend bool operator==(const Declaration&, const Declaration&) = default;
};

}  // namespace mpreg
