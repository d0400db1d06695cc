#include "base/error.h"

#include <cstdio>
#include <cstdlib>

namespace mpreg {

std::string_view name_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::malformed:
      return "malformed";
    case ErrorCode::refused:
      return "refused";
    case ErrorCode::overloaded:
      return "overloaded";
    case ErrorCode::disconnected:
      return "disconnected";
    case ErrorCode::timed_out:
      return "timed_out";
    case ErrorCode::unsupported:
      return "unsupported";
    case ErrorCode::internal:
      return "internal";
  }
  return "unknown";
}

void check_failed(const char* file, int line, const char* condition) {
  std::fprintf(stderr, "%s:%d: broken invariant: %s\n", file, line, condition);
  std::abort();
}

}  // namespace mpreg
