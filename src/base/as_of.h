#pragma once
// Freshness as types: how long something may be relied on, so that a mistake about which clock
// reading to count from does not compile. A process may be suspended between any two instructions,
// and every message may be late; what holds in spite of that follows from three rules:
//
//   - What an answer says counts from when the question was sent, never from when the answer came:
//     AsOf is made of a SentAt, and of nothing else. A Lease is an AsOf and a duration.
//   - Durations that processes tell each other are rounded to the safe side, which is up for an Age
//     ("not older than") and down for a Held ("kept for at least").
//   - Whoever grants a lease counts from a clock reading that was taken after the grant: Fence. A
//     reading that somebody took at the beginning of a turn is none: ReadAfter reads by itself.
//
// (Gray and Cheriton, "Leases", SOSP 1989, section 5: the holder's lease must end first.)

#include <algorithm>
#include <chrono>
#include <compare>
#include <cstdint>
#include <limits>
#include <optional>

#include "base/time.h"

namespace mpreg {

// The moment at which a question was sent, or an earlier one. Goes with the question: to the table
// of what is unanswered, or to the other side, which echoes it.
class SentAt {
 public:
  // `read` was read before the question was handed to the socket.
  [[nodiscard]] static constexpr SentAt before_sending(Instant read) { return SentAt(read); }
  // From an echo. Nothing if that moment has not come yet: it is not one of ours.
  [[nodiscard]] static constexpr std::optional<SentAt> echoed(std::uint64_t wire_ns, Instant now) {
    if (wire_ns > static_cast<std::uint64_t>(std::numeric_limits<Duration::rep>::max())) return {};
    const Instant sent{Duration(static_cast<Duration::rep>(wire_ns))};
    if (sent > now) return {};
    return SentAt(sent);
  }
  [[nodiscard]] constexpr std::uint64_t wire_ns() const {
    return static_cast<std::uint64_t>(std::max<Duration::rep>(0, at_.time_since_epoch().count()));
  }
  [[nodiscard]] constexpr Instant instant() const { return at_; }

  friend constexpr auto operator<=>(SentAt, SentAt) = default;

 private:
  explicit constexpr SentAt(Instant at) : at_(at) {}

  Instant at_;
};

// A reading of the clock that is certainly later than what was done before it: the constructor
// reads. `Clock` has instant().
class ReadAfter {
 public:
  template <typename Clock>
  [[nodiscard]] static ReadAfter of(const Clock& clock) {
    return ReadAfter(clock.instant());
  }
  [[nodiscard]] constexpr Instant instant() const { return at_; }

 private:
  explicit constexpr ReadAfter(Instant at) : at_(at) {}

  Instant at_;
};

class AsOf;

// An upper bound of how long ago something was true, in milliseconds on the wire. Zero is what the
// one who answers decides alone: it is complete whenever he answers.
class Age {
 public:
  static constexpr std::uint32_t kUnknownMs = 0xFFFFFFFFU;

  constexpr Age(AsOf what, ReadAfter clock);
  [[nodiscard]] static constexpr Age none() { return Age(0); }
  [[nodiscard]] static constexpr Age unknown() { return Age(kUnknownMs); }
  [[nodiscard]] static constexpr Age from_wire_ms(std::uint32_t ms) { return Age(ms); }
  [[nodiscard]] constexpr std::uint32_t wire_ms() const { return ms_; }
  [[nodiscard]] constexpr bool is_known() const { return ms_ != kUnknownMs; }

  friend constexpr auto operator<=>(Age, Age) = default;

 private:
  explicit constexpr Age(std::uint32_t ms) : ms_(ms) {}

  std::uint32_t ms_;
};

// A lower bound of how long a question was held before the content of its answer was determined.
class Held {
 public:
  // `receipt` was read when the question was there, `before_answer` before anything that the answer
  // says was looked up.
  constexpr Held(ReadAfter receipt, Instant before_answer)
      : ms_(clamped(
            std::chrono::floor<std::chrono::milliseconds>(before_answer - receipt.instant()))) {}
  [[nodiscard]] static constexpr Held from_wire_ms(std::uint32_t ms) { return Held(ms); }
  [[nodiscard]] constexpr std::uint32_t wire_ms() const { return ms_; }

  friend constexpr auto operator<=>(Held, Held) = default;

 private:
  explicit constexpr Held(std::uint32_t ms) : ms_(ms) {}
  [[nodiscard]] static constexpr std::uint32_t clamped(std::chrono::milliseconds held) {
    constexpr std::int64_t kMax = std::numeric_limits<std::uint32_t>::max();
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(held.count(), 0, kMax));
  }

  std::uint32_t ms_;
};

// An instant of this machine's boot clock: nothing that happened before it is unknown here.
class AsOf {
 public:
  // Nothing is known.
  constexpr AsOf() = default;
  // What an answer says that was determined whenever the question had arrived.
  explicit constexpr AsOf(SentAt question) : at_(question.instant()) {}

  [[nodiscard]] constexpr bool is_known() const { return at_ != Instant::min(); }
  [[nodiscard]] constexpr Instant instant() const { return at_; }

  // The one who answers knew it as of so long ago.
  friend constexpr AsOf operator-(AsOf answer, Age age) {
    if (!answer.is_known() || !age.is_known()) return {};
    answer.at_ -= std::chrono::milliseconds(age.wire_ms());
    return answer;
  }
  // The answer was determined so long after the question had arrived, but not later than `now`,
  // when it is here.
  [[nodiscard]] constexpr AsOf after(Held held, Instant now) const {
    AsOf later = *this;
    if (!is_known()) return later;
    later.at_ = std::max(at_, std::min(at_ + std::chrono::milliseconds(held.wire_ms()), now));
    return later;
  }

  friend constexpr auto operator<=>(AsOf, AsOf) = default;

 private:
  Instant at_ = Instant::min();
};

constexpr Age::Age(AsOf what, ReadAfter clock) : ms_(kUnknownMs) {
  if (!what.is_known()) return;
  const auto age = std::chrono::ceil<std::chrono::milliseconds>(clock.instant() - what.instant());
  if (age.count() < kUnknownMs) {
    ms_ = static_cast<std::uint32_t>(std::max<std::int64_t>(age.count(), 0));
  }
}

// What somebody may rely on, or do alone, for so long. Held by whoever asked for it.
class Lease {
 public:
  // None: it never holds.
  constexpr Lease() = default;
  constexpr Lease(AsOf from, Duration length) {
    if (from.is_known() && length > Duration::zero()) until_ = from.instant() + length;
  }

  [[nodiscard]] constexpr bool holds(Instant now) const { return now < until_; }
  [[nodiscard]] constexpr Instant until() const { return until_; }
  [[nodiscard]] constexpr Duration left(Instant now) const {
    return holds(now) ? until_ - now : Duration::zero();
  }

  friend constexpr auto operator<=>(Lease, Lease) = default;

 private:
  Instant until_ = Instant::min();
};

// When no lease holds any more that was granted before `granted` was read: the other side of Lease.
class Fence {
 public:
  // None: it is passed.
  constexpr Fence() = default;
  constexpr Fence(ReadAfter granted, Duration length) : until_(granted.instant() + length) {}

  [[nodiscard]] constexpr bool is_passed(Instant now) const { return now >= until_; }
  [[nodiscard]] constexpr Instant until() const { return until_; }

  friend constexpr auto operator<=>(Fence, Fence) = default;

 private:
  Instant until_ = Instant::min();
};

}  // namespace mpreg
