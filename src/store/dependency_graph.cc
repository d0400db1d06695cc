#include "store/dependency_graph.h"

#include "store/digest_tree.h"

namespace mpreg {

DependencyGraph::Node DependencyGraph::node_of(std::string_view namespace_name,
                                               std::string_view key) {
  return identity_hash(namespace_seed(namespace_name), key, {}, 0);
}

std::uint32_t DependencyGraph::tag_of(std::string_view namespace_name, std::string_view key) {
  return tag_of(node_of(namespace_name, key));
}

void DependencyGraph::add(std::string_view namespace_name, std::string_view key,
                          const std::vector<std::string>& depends_on) {
  if (depends_on.empty()) return;
  const Node made = node_of(namespace_name, key);
  const std::lock_guard lock(mutex_);
  for (const std::string& from : depends_on) {
    if (edges_ >= kEdgesMax) return;
    if (made_from_[node_of(namespace_name, from)].insert(made).second) ++edges_;
  }
}

std::optional<std::vector<std::uint32_t>> DependencyGraph::dependents_of(
    std::string_view namespace_name, std::string_view key) const {
  const std::lock_guard lock(mutex_);
  if (edges_ >= kEdgesMax) return std::nullopt;
  std::vector<Node> found{node_of(namespace_name, key)};
  std::unordered_set<Node> known{found.front()};
  std::vector<std::uint32_t> tags;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const auto made = made_from_.find(found[i]);
    if (made == made_from_.end()) continue;
    tags.push_back(tag_of(found[i]));
    for (const Node next : made->second) {
      if (known.insert(next).second) found.push_back(next);
    }
  }
  return tags;
}

}  // namespace mpreg
