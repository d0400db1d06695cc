#pragma once
// The times on which "never silently stale" stands. A near cache serves what is marked coherent
// only while both hold, by CLOCK_BOOTTIME:
//
//   - its broker answered a probe that was sent at most kNearCacheLease ago, and had then nothing
//     left to send to it;
//   - each cluster that may write was vouched for as of at most kOriginSilenceMax ago.
//
// So whoever has stamped something knows that, kOriginSilenceMax later, every near cache that has
// not applied it has stopped; and a broker knows the same of its own after kNearCacheLease.

#include <chrono>

namespace mpreg {

inline constexpr std::chrono::milliseconds kNearCacheLease{3000};
inline constexpr std::chrono::milliseconds kOriginSilenceMax{5000};
// For clocks that do not run at one rate: 1 % of the longest lease.
inline constexpr std::chrono::milliseconds kLeaseMargin{50};
static_assert(kOriginSilenceMax > kNearCacheLease, "word of an origin passes through brokers");
static_assert(kLeaseMargin * 100 >= kOriginSilenceMax);

}  // namespace mpreg
