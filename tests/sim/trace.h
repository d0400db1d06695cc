#pragma once
// Trace: what happened in a schedule, as a hash over everything and, when asked for, as lines to
// read. Two runs of one seed have equal hashes.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/frame.h"
#include "event_queue.h"

namespace mpreg::sim {

// Of all the bytes, eight at a time; not for anything but comparing.
[[nodiscard]] std::uint64_t hash_of(Bytes bytes, std::uint64_t seed = 0);

class Trace {
 public:
  Trace(const EventQueue& queue, bool keeps_lines) : queue_(queue), keeps_lines_(keeps_lines) {}

  void note(std::uint64_t value) { hash_ = Random::mixed(hash_ ^ value) + 0x632BE59BD9B4E019ULL; }
  void note(Bytes bytes) { note(hash_of(bytes)); }

  // The text is made only when somebody will read it.
  template <typename Text>
  void line(Text&& text) {
    if (keeps_lines_) add_line(text());
  }

  [[nodiscard]] Instant now() const { return queue_.now(); }
  [[nodiscard]] std::uint64_t hash() const { return hash_; }
  [[nodiscard]] bool keeps_lines() const { return keeps_lines_; }
  [[nodiscard]] const std::vector<std::string>& lines() const { return lines_; }

 private:
  void add_line(const std::string& text);

  const EventQueue& queue_;
  bool keeps_lines_;
  std::uint64_t hash_ = 0;
  std::vector<std::string> lines_;
};

}  // namespace mpreg::sim
