#include "tools/demo/console.h"

#include <unistd.h>

#include <cstdlib>

namespace mpreg::demo {
namespace {

constexpr std::chrono::milliseconds kProgressInterval{100};

}  // namespace

Console::Console(bool json)
    : file_(json ? stderr : stdout),
      is_terminal_(isatty(fileno(file_)) == 1),
      has_colours_(is_terminal_ && std::getenv("NO_COLOR") == nullptr) {}

void Console::say(const std::string& text) {
  const std::chrono::duration<double> age = std::chrono::steady_clock::now() - start_;
  char time[32];
  std::snprintf(time, sizeof time, "%5.1f s  ", age.count());
  print(time + text + "\n");
}

void Console::progress(const std::string& text) {
  const auto now = std::chrono::steady_clock::now();
  if (!is_terminal_ || now < next_progress_) return;
  next_progress_ = now + kProgressInterval;
  std::fprintf(file_, "\r\x1b[K         %s", text.c_str());
  std::fflush(file_);
  has_progress_ = true;
}

void Console::clear() {
  if (!has_progress_) return;
  std::fputs("\r\x1b[K", file_);
  std::fflush(file_);
  has_progress_ = false;
}

void Console::print(const std::string& text) {
  clear();
  std::fputs(text.c_str(), file_);
  std::fflush(file_);
}

std::string Console::coloured(const char* code, const std::string& text) const {
  if (!has_colours_) return text;
  return "\x1b[" + std::string(code) + "m" + text + "\x1b[0m";
}

}  // namespace mpreg::demo
