#pragma once
// ClockOffset: by how much the wall clock of a neighbour differs from ours, measured by echo
// (Mills, "Internet Time Synchronization: the Network Time Protocol", RFC 1129). A state of theirs
// that echoes one of ours was made after ours was sent, and before it came here: by our own clock,
// that leaves an interval for the moment at which they read theirs, whatever the delays of the two
// ways are, and so an interval for the offset. A clock is off only when the whole interval is
// beyond the limit.
//
// What an interval cannot show is a suspension of this process between reading its clock and taking
// in what came meanwhile; so, but for the first one, a single measurement changes no verdict.
//
// OwnClockWatch: whether our own wall clock was set in the meantime.

#include <chrono>
#include <cstdint>
#include <string_view>

#include "base/time.h"

namespace mpreg {

class ClockOffset {
 public:
  enum class Verdict : std::uint8_t {
    unknown,  // Not measured yet: no more to be trusted than one that is off.
    agrees,
    ahead,  // Theirs is ahead of ours by more than the limit.
    behind,
  };
  struct Measurement {
    Instant asked{};    // When the state that they echo was made here.
    Duration held{};    // From its arrival there until theirs was made: at least so long.
    WallTime theirs{};  // Their clock when they made it.
    Now arrived;        // Ours when it was taken in.
  };
  // So many in a row have to say the same before the verdict changes.
  static constexpr int kConfirmations = 3;

  // True: the verdict has changed.
  bool measure(const Measurement& one, std::chrono::milliseconds offset_max);
  // Forgets everything: another connection, or our own clock was set.
  void restart() { *this = ClockOffset(); }

  [[nodiscard]] Verdict verdict() const { return verdict_; }
  [[nodiscard]] bool is_trusted() const { return verdict_ == Verdict::agrees; }
  [[nodiscard]] bool is_off() const {
    return verdict_ == Verdict::ahead || verdict_ == Verdict::behind;
  }
  // The middle of the last interval; theirs minus ours.
  [[nodiscard]] std::chrono::milliseconds offset() const { return offset_; }

 private:
  Verdict verdict_ = Verdict::unknown;
  Verdict candidate_ = Verdict::unknown;
  int seen_ = 0;  // Of the candidate, in a row.
  std::chrono::milliseconds offset_{0};
};

class OwnClockWatch {
 public:
  // True: since the last call the wall clock went by more than the limit further, or less far, than
  // time did.
  [[nodiscard]] bool was_set(const Now& now, std::chrono::milliseconds offset_max);

 private:
  Now last_{};
  bool has_last_ = false;
};

}  // namespace mpreg
