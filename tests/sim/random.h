#pragma once
// Random: the only chance in a simulation, all of it from one seed. The generator is xoshiro256**
// (Blackman, Vigna, 2018), seeded by splitmix64, and the distributions are our own, so that a seed
// means the same schedule whatever the standard library.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace mpreg::sim {

class Random {
 public:
  explicit Random(std::uint64_t seed) {
    for (std::uint64_t& word : state_) {
      seed += 0x9E3779B97F4A7C15ULL;
      word = mixed(seed);
    }
  }

  [[nodiscard]] static constexpr std::uint64_t mixed(std::uint64_t value) {
    value = (value ^ (value >> 30U)) * 0xBF58476D1CE4E5B9ULL;
    value = (value ^ (value >> 27U)) * 0x94D049BB133111EBULL;
    return value ^ (value >> 31U);
  }

  std::uint64_t next() {
    const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
    const std::uint64_t shifted = state_[1] << 17U;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return result;
  }

  // 0 .. n - 1; n is small against 2^64, so that the bias does not matter.
  std::uint64_t below(std::uint64_t n) { return next() % n; }
  std::uint64_t between(std::uint64_t least, std::uint64_t most) {
    return least + below(most - least + 1);
  }
  bool chance(std::uint32_t percent) { return below(100) < percent; }

  Duration duration(Duration least, Duration most) {
    return Duration(static_cast<Duration::rep>(between(static_cast<std::uint64_t>(least.count()),
                                                       static_cast<std::uint64_t>(most.count()))));
  }

  template <typename Container>
  [[nodiscard]] const auto& pick(const Container& container) {
    return container[static_cast<std::size_t>(below(container.size()))];
  }

 private:
  std::array<std::uint64_t, 4> state_{};
};

}  // namespace mpreg::sim
