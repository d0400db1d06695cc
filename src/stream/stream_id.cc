#include "stream/stream_id.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <array>
#include <cstdio>
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

std::string to_string(const Incarnation& incarnation) {
  std::array<char, 17> instance{};
  std::snprintf(instance.data(), instance.size(), "%016llx",
                static_cast<unsigned long long>(incarnation.instance));
  return std::to_string(incarnation.counter) + "-" + instance.data();
}

std::string to_string(const StreamId& stream) {
  return stream.origin + "/" + to_string(stream.incarnation) + "/" +
         std::string(name_of(stream.lane));
}

StreamKey key_of(const StreamId& stream) {
  const std::string text = to_string(stream);
  return XXH3_64bits(text.data(), text.size());
}

}  // namespace mpreg
