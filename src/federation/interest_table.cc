#include "federation/interest_table.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace mpreg {
namespace {

std::uint64_t hash_of(std::string_view text, std::uint64_t seed) {
  return XXH3_64bits_withSeed(text.data(), text.size(), seed);
}

}  // namespace

std::uint64_t InterestTable::mixed(const std::string& cluster, const Known& known) {
  if (known.generation == 0) return 0;
  return hash_of(cluster, known.generation ^ (known.hash * 0x9E3779B97F4A7C15ULL));
}

ClusterIndex InterestTable::intern(const std::string& cluster) {
  const auto [it, is_new] = clusters_.try_emplace(cluster);
  if (!is_new) return it->second.index;
  if (free_.empty()) {
    it->second.index = next_++;
  } else {
    it->second.index = free_.back();
    free_.pop_back();
  }
  return it->second.index;
}

const InterestTable::Known* InterestTable::find(const std::string& cluster) const {
  const auto it = clusters_.find(cluster);
  return it == clusters_.end() ? nullptr : &it->second;
}

Generation InterestTable::generation_of(const std::string& cluster) const {
  const Known* known = find(cluster);
  return known == nullptr ? 0 : known->generation;
}

void InterestTable::add(Known& known, const std::string& pattern) {
  if (!known.patterns.insert(pattern).second) return;
  known.hash ^= hash_of(pattern, 0);
  (void)index_.add(pattern, known.index);  // It is admissible.
}

void InterestTable::remove(Known& known, const std::string& pattern) {
  if (known.patterns.erase(pattern) == 0) return;
  known.hash ^= hash_of(pattern, 0);
  index_.remove(pattern, known.index);
}

InterestTable::Verdict InterestTable::apply(const InterestUpdate& update, bool replaces) {
  intern(update.cluster);
  Known& known = clusters_.find(update.cluster)->second;
  const bool is_replacement =
      replaces && update.since == 0 && update.generation == known.generation;
  if (update.generation <= known.generation && !is_replacement) return Verdict::known;
  if (update.since != 0 && update.since != known.generation) return Verdict::behind;
  hash_ ^= mixed(update.cluster, known);
  if (update.since == 0) {
    const std::set<std::string> wanted(update.added.begin(), update.added.end());
    for (const std::string& pattern : wanted) add(known, pattern);
    const std::set<std::string> before = known.patterns;
    for (const std::string& pattern : before) {
      if (wanted.count(pattern) == 0) remove(known, pattern);
    }
  } else {
    for (const std::string& pattern : update.added) add(known, pattern);
    for (const std::string& pattern : update.removed) remove(known, pattern);
  }
  known.generation = update.generation;
  hash_ ^= mixed(update.cluster, known);
  ++revision_;
  return Verdict::accepted;
}

InterestUpdate InterestTable::tell_all(const std::string& cluster) const {
  const Known& known = clusters_.find(cluster)->second;
  return {cluster, known.generation, 0, {known.patterns.begin(), known.patterns.end()}, {}};
}

InterestDigest InterestTable::digest() const {
  InterestDigest digest;
  for (const auto& [cluster, known] : clusters_) {
    if (known.generation != 0) digest.known.push_back({cluster, known.generation, known.hash});
  }
  return digest;
}

void InterestTable::forget(const std::string& cluster) {
  const auto it = clusters_.find(cluster);
  if (it == clusters_.end()) return;
  hash_ ^= mixed(cluster, it->second);
  for (const std::string& pattern : it->second.patterns) {
    index_.remove(pattern, it->second.index);
  }
  free_.push_back(it->second.index);
  clusters_.erase(it);
  ++revision_;
}

}  // namespace mpreg
