#include "stream/stream_id.h"

#include <string_view>

namespace mpreg {

std::string_view name_of(Lane lane) {
  switch (lane) {
    case Lane::cache:
      return "cache";
    case Lane::bulk:
      return "bulk";
    case Lane::events:
      return "events";
  }
  return "unknown";
}

std::string to_string(const StreamId& stream) {
  return stream.origin + "/" + std::to_string(stream.epoch) + "/" +
         std::string(name_of(stream.lane));
}

}  // namespace mpreg
