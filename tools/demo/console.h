#pragma once
// Console: what a person sees while a demonstration runs. Each event is a line; on a terminal a
// last line shows what happens right now.

#include <chrono>
#include <cstdio>
#include <string>

namespace mpreg::demo {

class Console {
 public:
  // Programs read standard output; people then read standard error.
  explicit Console(bool json);
  // Leaves no half line behind.
  ~Console() { clear(); }
  Console(const Console&) = delete;
  Console& operator=(const Console&) = delete;

  // An event, with the time since the beginning.
  void say(const std::string& text);
  // Replaces the last line of a terminal, ten times a second at most; nothing elsewhere.
  void progress(const std::string& text);
  void clear();
  // As it is, without the time.
  void print(const std::string& text);

  // Nothing when this is no terminal, or NO_COLOR is set.
  [[nodiscard]] std::string bold(const std::string& text) const { return coloured("1", text); }
  [[nodiscard]] std::string green(const std::string& text) const { return coloured("32", text); }
  [[nodiscard]] std::string red(const std::string& text) const { return coloured("31", text); }

 private:
  [[nodiscard]] std::string coloured(const char* code, const std::string& text) const;

  std::FILE* const file_;
  const bool is_terminal_;
  const bool has_colours_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point next_progress_{};
  bool has_progress_ = false;
};

}  // namespace mpreg::demo
