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

// The first change from this one on whose signature has none of the bits, or one behind the last.
// Four at a time: hardly any is a candidate, and a branch for each would cost more than the rest.
std::uint64_t ChangeRing::next_candidate(std::uint64_t change, std::uint64_t bits) const {
  const auto& signatures = changes_->signatures;
  for (; change <= revision_; ++change) {
    std::size_t place = change % kChanges;
    while (revision_ - change >= 4 && place + 4 <= kChanges &&
           (((signatures[place] & bits) != 0) & ((signatures[place + 1] & bits) != 0) &
            ((signatures[place + 2] & bits) != 0) & ((signatures[place + 3] & bits) != 0))) {
      change += 4;
      place = change % kChanges;
    }
    if ((signatures[place] & bits) == 0) return change;
  }
  return change;
}

bool ChangeRing::is_unchanged(std::string_view topic, std::uint64_t signature,
                              std::uint64_t since) const {
  if (since == 0 || revision_ - since > kChanges) return false;
  std::size_t compared = 0;
  std::uint64_t change = since + 1;
  while ((change = next_candidate(change, ~signature)) <= revision_) {
    const Kept& kept = changes_->patterns[change % kChanges];
    if (kept.length > kKeptBytes || ++compared > kComparedMax) return false;
    if (matches_for_clients({kept.text.data(), kept.length}, topic)) return false;
    ++change;
  }
  return true;
}

}  // namespace mpreg
