#pragma once
// Errors: a code that sorts by what the caller should do, and a sentence for a person that names
// the field, the value and the limit. Decode paths that face untrusted bytes return an enum of
// their own and build the sentence only when somebody will read it.

#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace mpreg {

enum class ErrorCode : unsigned char {
  malformed,     // The bytes or the value break a rule: do not send the same again.
  refused,       // Well formed, and not allowed here.
  overloaded,    // A limit is reached: try again later.
  disconnected,  // The other side is not there: wait for the connection.
  timed_out,     // The deadline passed; whether it happened is not known.
  unsupported,   // This side does not know how.
  internal,      // Our own fault.
};

[[nodiscard]] std::string_view name_of(ErrorCode code);

struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string
      text;  // A sentence without a full stop: "topic has 256 bytes, at most 255 are allowed".

  friend bool operator==(const Error&, const Error&) = default;
};

template <typename T>
using Result = tl::expected<T, Error>;

[[nodiscard]] inline tl::unexpected<Error> fail(ErrorCode code, std::string text) {
  return tl::unexpected<Error>(Error{code, std::move(text)});
}

// Stops the process: an invariant of our own does not hold. Never used on input from outside.
[[noreturn]] void check_failed(const char* file, int line, const char* condition);

}  // namespace mpreg

#define MPREG_CHECK(condition) \
  (static_cast<bool>(condition) ? void(0) : ::mpreg::check_failed(__FILE__, __LINE__, #condition))
