#include "topic/change_ring.h"

#include <algorithm>

#include "topic/match.h"
#include "topic/text_store.h"

namespace mpreg {
namespace {

// Two bits of 64 for a word.
std::uint64_t bits_of(std::string_view word) {
  const std::uint32_t hash = hash_of(word);
  return std::uint64_t{1} << (hash >> 26U) | std::uint64_t{1} << (hash >> 20U & 63U);
}

std::uint64_t signature_of_pattern(std::string_view pattern) {
  std::uint64_t signature = 0;
  for (WordCursor word(pattern); !word.done(); word.next()) {
    if (!word.is('*') && !word.is('#')) signature |= bits_of(word.word());
  }
  return signature;
}

}  // namespace

ChangeRing::ChangeRing() : changes_(std::make_unique<Changes>()) {}

void ChangeRing::record(std::string_view pattern) {
  ++revision_;
  const std::size_t place = revision_ % kChanges;
  changes_->signatures[place] = signature_of_pattern(pattern);
  Kept& kept = changes_->patterns[place];
  kept.length = static_cast<std::uint8_t>(std::min(pattern.size(), kKeptBytes + 1));
  std::copy_n(pattern.data(), std::min(pattern.size(), kKeptBytes), kept.text.data());
}

std::uint64_t ChangeRing::signature_of_topic(std::string_view topic) {
  std::uint64_t signature = 0;
  for (WordCursor word(topic); !word.done(); word.next()) signature |= bits_of(word.word());
  return signature;
}

bool ChangeRing::is_unchanged(std::string_view topic, std::uint64_t signature,
                              std::uint64_t since) const {
  if (since == 0 || revision_ - since > kChanges) return false;
  std::size_t compared = 0;
  for (std::uint64_t change = since + 1; change <= revision_; ++change) {
    const std::size_t place = change % kChanges;
    if ((changes_->signatures[place] & ~signature) != 0) continue;
    const Kept& kept = changes_->patterns[place];
    if (kept.length > kKeptBytes || ++compared > kComparedMax) return false;
    if (matches_for_clients({kept.text.data(), kept.length}, topic)) return false;
  }
  return true;
}

}  // namespace mpreg
