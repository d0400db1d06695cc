#pragma once
// Mutator: spoils the bytes of seeds, from one number, always in the same way.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <vector>

namespace mpreg {

class Mutator {
 public:
  Mutator(std::uint64_t seed, std::vector<std::string> seeds)
      : random_(seed), seeds_(std::move(seeds)) {}

  // One of the seeds after one to four mutations.
  [[nodiscard]] std::string next() {
    std::string bytes = seeds_[below(seeds_.size())];
    const std::size_t times = 1 + below(4);
    for (std::size_t i = 0; i < times; ++i) mutate(bytes);
    return bytes;
  }

  [[nodiscard]] std::size_t below(std::size_t limit) { return random_() % limit; }

 private:
  void mutate(std::string& bytes) {
    if (bytes.size() < 8) return;
    switch (below(8)) {
      case 0:  // One bit.
        flip(bytes);
        return;
      case 1:  // One byte.
        bytes[below(bytes.size())] = static_cast<char>(random_());
        return;
      case 2:  // A 32-bit word: offsets and counts, mostly near what is allowed.
      case 3:
        put_word(bytes, below(bytes.size() / 4) * 4, interesting(bytes.size()));
        return;
      case 4:  // Cut off.
        bytes.resize(below(bytes.size()));
        return;
      case 5:  // The front of this, the back of another.
        splice(bytes, seeds_[below(seeds_.size())]);
        return;
      case 6: {  // A piece of it over another place.
        const std::size_t size = 1 + below(bytes.size() / 2);
        std::memmove(bytes.data() + below(bytes.size() - size),
                     bytes.data() + below(bytes.size() - size), size);
        return;
      }
      default:  // A 16-bit number: places in a vtable.
        put_half(bytes, below(bytes.size() / 2) * 2);
        return;
    }
  }

  void flip(std::string& bytes) {
    char& byte = bytes[below(bytes.size())];
    byte = static_cast<char>(static_cast<unsigned char>(byte) ^ (1U << below(8)));
  }

  void splice(std::string& bytes, const std::string& other) {
    const std::size_t at = below(bytes.size());
    bytes = bytes.substr(0, at) + other.substr(std::min(at, other.size()));
  }

  static void put_word(std::string& bytes, std::size_t at, std::uint32_t word) {
    std::memcpy(bytes.data() + at, &word, sizeof(word));
  }

  void put_half(std::string& bytes, std::size_t at) {
    const auto half = static_cast<std::uint16_t>(below(64));
    std::memcpy(bytes.data() + at, &half, sizeof(half));
  }

  std::uint32_t interesting(std::size_t size) {
    switch (below(6)) {
      case 0:
        return 0xFFFFFFFFU - static_cast<std::uint32_t>(below(8));
      case 1:
        return 0x80000000U - static_cast<std::uint32_t>(below(8));
      case 2:
        return static_cast<std::uint32_t>(random_());
      case 3:
        return static_cast<std::uint32_t>(below(8));
      default:
        return static_cast<std::uint32_t>(below(size));
    }
  }

  std::mt19937_64 random_;
  std::vector<std::string> seeds_;
};

}  // namespace mpreg
