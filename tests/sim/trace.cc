#include "trace.h"

#include <cstring>

namespace mpreg::sim {

std::uint64_t hash_of(Bytes bytes, std::uint64_t seed) {
  std::uint64_t hash = seed ^ (bytes.size() * 0x9E3779B97F4A7C15ULL);
  std::size_t at = 0;
  for (; at + 8 <= bytes.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at, 8);
    hash = (hash ^ word) * 0xBF58476D1CE4E5B9ULL;
    hash ^= hash >> 29U;
  }
  std::uint64_t rest = 0;
  for (; at < bytes.size(); ++at) {
    rest = (rest << 8U) | std::to_integer<std::uint64_t>(bytes[at]);
  }
  return Random::mixed(hash ^ rest);
}

void Trace::add_line(const std::string& text) {
  const auto since = queue_.now() - EventQueue::kBeginning;
  const auto us = std::chrono::duration_cast<std::chrono::microseconds>(since).count();
  std::string stamp = std::to_string(us / 1000);
  const std::string fraction = std::to_string(us % 1000);
  stamp += '.' + std::string(3 - fraction.size(), '0') + fraction + " ms ";
  if (stamp.size() < 14) stamp.insert(0, 14 - stamp.size(), ' ');
  lines_.push_back(stamp + text);
}

}  // namespace mpreg::sim
