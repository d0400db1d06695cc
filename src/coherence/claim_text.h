#pragma once
// How claims are spoken of, to people. For claims*.cc alone.

#include <chrono>
#include <string>

#include "base/time.h"
#include "message/cache_messages.h"

namespace mpreg {

[[nodiscard]] inline std::string name_of(const CacheAddress& address) {
  return address.namespace_name + ":" + address.key +
         (address.subkey.empty() ? std::string() : ":" + address.subkey);
}

[[nodiscard]] inline std::string text_of(Duration time) {
  return std::to_string(std::chrono::ceil<std::chrono::milliseconds>(time).count()) + " ms";
}

[[nodiscard]] inline std::chrono::milliseconds milliseconds_in(std::uint32_t count) {
  return std::chrono::milliseconds(count);
}

}  // namespace mpreg
