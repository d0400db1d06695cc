#pragma once
// A callback of the application may throw what it likes: it must not unwind a thread of ours.

#include <exception>
#include <optional>
#include <string>

namespace mpreg {

// What the callback threw, in words; nothing when it returned.
template <typename Callback>
[[nodiscard]] std::optional<std::string> call_guarded(Callback&& callback) {
  try {
    callback();
    return std::nullopt;
  } catch (const std::exception& exception) {
    return std::string(exception.what());
  } catch (...) {
    return std::string("something that is no std::exception");
  }
}

}  // namespace mpreg
