#pragma once
// ChangeRing: the patterns that came or went last, so that a cached match can be kept when none of
// them concerns its topic. Most are told apart by one AND: a signature has bits for every word, and
// a topic can only match a pattern whose bits are all among its own.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace mpreg {

class ChangeRing {
 public:
  static constexpr std::size_t kChanges = 256;

  ChangeRing();

  // A number that every change raises; never 0.
  [[nodiscard]] std::uint64_t revision() const { return revision_; }
  void record(std::string_view pattern);

  [[nodiscard]] static std::uint64_t signature_of_topic(std::string_view topic);

  // No change after the revision concerns the topic, whose signature is handed in. False in doubt:
  // too many changes, or too many that would have to be compared in full.
  [[nodiscard]] bool is_unchanged(std::string_view topic, std::uint64_t signature,
                                  std::uint64_t since) const;

  [[nodiscard]] static constexpr std::size_t bytes() { return sizeof(Changes); }

 private:
  static constexpr std::size_t kKeptBytes = 63;   // Of a pattern; for a longer one bits decide.
  static constexpr std::size_t kComparedMax = 8;  // Matching anew costs about as much.

  struct Kept {
    std::uint8_t length = 0;  // Above kKeptBytes: not kept.
    std::array<char, kKeptBytes> text;
  };
  struct Changes {
    std::array<std::uint64_t, kChanges> signatures;
    std::array<Kept, kChanges> patterns;
  };

  [[nodiscard]] std::uint64_t next_candidate(std::uint64_t change, std::uint64_t bits) const;

  std::uint64_t revision_ = 1;
  std::unique_ptr<Changes> changes_;  // That which led to revision r lies at r % kChanges.
};

}  // namespace mpreg
