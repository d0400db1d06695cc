#pragma once
// DependencyGraph: which keys were made from which, so that a cascade finds what depends on a key,
// transitively; cycles are allowed. Known from what writers and loaders declare. Entries carry a
// tag for each key that they were made from, so a cascade is as many invalidations of tags as keys
// depend on it. Bounded; beyond it every cascade drops its whole namespace.
//
// Thread-safe.

#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace mpreg {

class DependencyGraph {
 public:
  static constexpr std::size_t kEdgesMax = 500'000;
  using Tag = std::uint32_t;

  // The tag of what was made from the key, by hash: what collides is dropped together.
  [[nodiscard]] static Tag tag_of(std::string_view namespace_name, std::string_view key);

  // An entry of the key has these tags: of keys that it was made from, and any others.
  void note(std::string_view namespace_name, std::string_view key, std::span<const Tag> tags);

  // The tags of what was made from the key, and from that, and so on. Nothing: it is not known any
  // more.
  [[nodiscard]] std::optional<std::vector<Tag>> dependents_of(std::string_view namespace_name,
                                                              std::string_view key) const;

 private:
  mutable std::mutex mutex_;
  std::unordered_map<Tag, std::unordered_set<Tag>> made_from_;  // Guarded, as the next.
  std::size_t edges_ = 0;
};

}  // namespace mpreg
