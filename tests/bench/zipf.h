#pragma once
// Draws of keys by Zipf's law, or uniformly, for measuring programs.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

namespace mpreg {

// `count` of the keys 0 .. keys - 1, by the inverse of the cumulated distribution; the ranks are
// spread over the keys. Skew 0: uniformly.
inline std::vector<std::uint32_t> draw_zipf(std::uint32_t keys, double skew, std::uint64_t seed,
                                            std::size_t count) {
  std::vector<double> cumulated(keys);
  double sum = 0;
  for (std::uint32_t i = 0; i < keys; ++i) {
    sum += skew == 0 ? 1.0 : std::pow(i + 1, -skew);
    cumulated[i] = sum;
  }
  std::vector<std::uint32_t> spread(keys);
  for (std::uint32_t i = 0; i < keys; ++i) spread[i] = i;
  std::mt19937_64 random(seed);
  std::shuffle(spread.begin(), spread.end(), random);
  std::uniform_real_distribution<double> uniform(0, sum);
  std::vector<std::uint32_t> draws(count);
  for (std::uint32_t& one : draws) {
    const auto rank = std::lower_bound(cumulated.begin(), cumulated.end(), uniform(random));
    one = spread[static_cast<std::size_t>(rank - cumulated.begin())];
  }
  return draws;
}

}  // namespace mpreg
