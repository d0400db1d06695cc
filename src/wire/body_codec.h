#pragma once
// The body frame (schema/body.fbs): opened in place, stamped in place, built.

#include <cstdint>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "base/frame.h"
#include "message/body.h"
#include "wire/growing_bytes.h"

namespace mpreg {

// Why a body was not opened. An enum, because the answer to hostile bytes must cost nothing.
enum class BodyFault : std::uint8_t {
  not_a_body,  // Too short, wrong identifier, not verifiable FlatBuffers, or parts that overlap.
  record_version,  // A layout of records that was not agreed.
  lane_unknown,
  count_out_of_range,  // 1..65536 numbers, and segments must cover exactly as many; no overflow.
  records_unordered,   // Index not ascending, or beyond the count.
  payload_outside,     // A record points outside the payload bytes or before the end of the record
                       // before it, or its parts do not fit.
  payload_too_large,
  kind_unknown,  // Or not a kind of this lane.
  flags_unknown,
};
inline constexpr std::size_t kBodyFaults = 9;
[[nodiscard]] std::string_view name_of(BodyFault fault);  // A sentence without a full stop.

struct BodyLimits {
  std::uint64_t payload_bytes_max = 1U << 20U;  // Of one record, without inline topic and headers.
};

// Verifies and checks a body. The frame is copied only when it is not aligned, or when it is
// smaller than kPinnedBytes and so would keep a much larger receive buffer alive.
//
// Whoever opens a body may stamp it and look at it: stamp, segments and records share no byte with
// each other, with the payloads or with what holds them together, and no two records share payload
// bytes, so that a body never makes its reader copy more than its own size. The texts of inline
// topics and the payloads themselves are not looked at.
inline constexpr std::size_t kPinnedBytes = 8192;
[[nodiscard]] tl::expected<Body, BodyFault> open_body(Frame frame, const BodyLimits& limits);

// The parts of an opened body that its origin writes. Only for a body that nobody else has been
// given yet. Body::stamp is a copy: whoever writes *stamp assigns it to Body::stamp too.
struct StampableBody {
  Stamp* stamp;
  std::span<Segment> segments;
  std::span<Record> records;
};
[[nodiscard]] StampableBody stampable(Body& body);

// Builds one body at a time and is reused: after the first few bodies it allocates only what
// finish() hands out. Not thread-safe. What would not be opened by anyone stops the process: more
// than kBodyNumbersMax records, an inline topic or headers of more than 65,535 bytes, segments that
// do not cover the count.
class BodyBuilder {
 public:
  explicit BodyBuilder(Lane lane) : lane_(lane) {}

  // Appends the next number (clients, origins): index = numbers so far. `inline_topic` is empty
  // unless alias is kNoAlias; `headers` is an encoded Headers table or empty. Both set their bits
  // in flags.
  void append(RecordKind kind, std::uint8_t flags, Alias alias, std::string_view inline_topic,
              Bytes headers, Bytes payload);

  // Appends a record of another body as it is, with its index, alias and raw payload (parts
  // included).
  void append_copy(const Body& from, const Record& record);

  void add_segment(const Segment& segment);
  // Copies the stamp of another body, so that numbers covered without a record keep their places.
  void set_stamp(const Stamp& stamp);

  [[nodiscard]] std::size_t records() const { return records_.size(); }
  [[nodiscard]] std::size_t bytes() const;  // What finish() will return.
  [[nodiscard]] bool empty() const { return records_.empty(); }

  // Returns the body and starts over; the lane stays. Without set_stamp the count is the number of
  // appended records. Without add_segment one segment of nobody (client 0) covers the count.
  [[nodiscard]] Frame finish();

 private:
  Lane lane_;
  Stamp stamp_{};
  bool stamped_ = false;
  std::vector<Segment> segments_;
  std::vector<Record> records_;
  GrowingBytes payloads_;
};

}  // namespace mpreg
