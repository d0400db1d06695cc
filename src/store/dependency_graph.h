#pragma once
// DependencyGraph: which keys were made from which, so that a cascade finds what depends on a key,
// transitively; cycles are allowed. Known from what writers and loaders declare. Entries carry a
// tag for each key that they were made from, so a cascade is as many invalidations of tags as keys
// depend on it. Bounded; beyond it every cascade drops its whole namespace.
//
// No graph knows every declaration: a near cache that gets a page from another cluster has not seen
// from which row its widget was made, if a loader elsewhere said so. Therefore an entry also
// carries the tags of its ancestors, as whoever made it knew them: what was read through a near
// cache came with its own tags. A cascade then finds the entry by itself, wherever it is held.
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
  // Of an entry with more ancestors than it can carry: every cascade of its namespace drops it.
  [[nodiscard]] static Tag of_many(std::string_view namespace_name);

  // An entry of the key has these tags: of keys that it was made from, and any others.
  void note(std::string_view namespace_name, std::string_view key, std::span<const Tag> tags);

  // The tags of what was made from the key, and from that, and so on. Nothing: it is not known any
  // more.
  [[nodiscard]] std::optional<std::vector<Tag>> dependents_of(std::string_view namespace_name,
                                                              std::string_view key) const;
  // The tags of what keys with these tags were made from, and so on, without these; at most
  // kAncestorsMax. When there are more, or they are not known any more: of_many().
  [[nodiscard]] std::vector<Tag> ancestors_of(std::string_view namespace_name,
                                              std::span<const Tag> tags) const;

 private:
  using Edges = std::unordered_map<Tag, std::unordered_set<Tag>>;

  mutable std::mutex mutex_;
  Edges made_from_;  // Guarded, as the next.
  Edges made_of_;    // The same, the other way.
  std::size_t edges_ = 0;
};

}  // namespace mpreg
