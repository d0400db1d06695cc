#include "node/body_parts.h"

namespace mpreg {

Frame BodyParts::of(const Body& body, const std::vector<std::uint16_t>& records) {
  BodyBuilder& builder = builders_[static_cast<std::size_t>(body.stamp.lane)];
  builder.set_stamp(body.stamp);
  for (const Segment& segment : body.segments) builder.add_segment(segment);
  for (const std::uint16_t record : records) builder.append_copy(body, body.records[record]);
  built_.add();
  return builder.finish();
}

}  // namespace mpreg
