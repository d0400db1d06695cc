#pragma once
// The body frame (schema/body.fbs): opened in place, stamped in place, built.

#include <cstdint>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "base/frame.h"
#include "message/body.h"

namespace mpreg {

// Why a body was not opened. An enum, because the answer to hostile bytes must cost nothing.
enum class BodyFault : std::uint8_t {
  not_a_body,          // Too short, wrong identifier, or not verifiable FlatBuffers.
  record_version,      // A layout of records that was not agreed.
  lane_unknown,
  count_out_of_range,  // 1..65536 numbers, and segments must cover exactly as many.
  records_unordered,   // Index not ascending, or beyond the count.
  payload_outside,     // A record points outside the payload bytes, or its parts do not fit.
  payload_too_large,
  kind_unknown,
  flags_unknown,
};
[[nodiscard]] std::string_view name_of(BodyFault fault);  // A sentence without a full stop.

struct BodyLimits {
  std::uint64_t payload_bytes_max = 1U << 20U;  // Of one record, without inline topic and headers.
};

// Verifies and checks a body. The frame is copied only when it is not aligned, or when it is smaller than
// kPinnedBytes and so would keep a much larger receive buffer alive.
inline constexpr std::size_t kPinnedBytes = 8192;
[[nodiscard]] tl::expected<Body, BodyFault> open_body(Frame frame, const BodyLimits& limits);

// The parts of an opened body that its origin writes. Only for a body that nobody else has been given yet.
struct StampableBody {
  Stamp* stamp;
  std::span<Segment> segments;
  std::span<Record> records;
};
[[nodiscard]] StampableBody stampable(Body& body);

// Builds one body at a time and is reused: after the first few bodies it allocates only what finish() hands
// out. Not thread-safe.
class BodyBuilder {
 public:
  explicit BodyBuilder(Lane lane) : lane_(lane) {}

  // Appends the next number (clients, origins): index = numbers so far. `inline_topic` is empty unless
  // alias is kNoAlias; `headers` is an encoded Headers table or empty.
  void append(RecordKind kind, std::uint8_t flags, Alias alias, std::string_view inline_topic, Bytes headers,
              Bytes payload);

  // Appends a record of another body as it is, with its index, alias and raw payload (parts included).
  void append_copy(const Body& from, const Record& record);

  void add_segment(const Segment& segment);
  // Copies the stamp of another body, so that numbers covered without a record keep their places.
  void set_stamp(const Stamp& stamp);

  [[nodiscard]] std::size_t records() const { return records_.size(); }
  [[nodiscard]] std::size_t bytes() const;  // About what finish() will return.
  [[nodiscard]] bool empty() const { return records_.empty(); }

  // Returns the body and starts over. Without set_stamp the count is the number of appended records.
  [[nodiscard]] Frame finish();

 private:
  Lane lane_;
  Stamp stamp_{};
  bool stamped_ = false;
  std::vector<Segment> segments_;
  std::vector<Record> records_;
  std::vector<std::byte> payloads_;
};

}  // namespace mpreg
