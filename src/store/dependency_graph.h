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
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace mpreg {

class DependencyGraph {
 public:
  static constexpr std::size_t kEdgesMax = 500'000;

  // The tag of what was made from the key.
  [[nodiscard]] static std::uint32_t tag_of(std::string_view namespace_name, std::string_view key);

  // The key was made from these, of its namespace.
  void add(std::string_view namespace_name, std::string_view key,
           const std::vector<std::string>& depends_on);

  // The tags of all that was made from the key, and from that, and so on. Nothing: it is not known
  // any more.
  [[nodiscard]] std::optional<std::vector<std::uint32_t>> dependents_of(
      std::string_view namespace_name, std::string_view key) const;

 private:
  using Node = std::uint64_t;  // A key, by hash: two that collide are dropped together.
  [[nodiscard]] static Node node_of(std::string_view namespace_name, std::string_view key);
  [[nodiscard]] static std::uint32_t tag_of(Node node) { return static_cast<std::uint32_t>(node); }

  mutable std::mutex mutex_;
  std::unordered_map<Node, std::unordered_set<Node>> made_from_;  // Guarded, as the next.
  std::size_t edges_ = 0;
};

}  // namespace mpreg
