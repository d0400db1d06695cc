#include "store/dependency_graph.h"

#include "store/digest_tree.h"

namespace mpreg {

DependencyGraph::Tag DependencyGraph::tag_of(std::string_view namespace_name,
                                             std::string_view key) {
  return static_cast<Tag>(identity_hash(namespace_seed(namespace_name), key, {}, 0));
}

void DependencyGraph::note(std::string_view namespace_name, std::string_view key,
                           std::span<const Tag> tags) {
  if (tags.empty()) return;
  const Tag made = tag_of(namespace_name, key);
  const std::lock_guard lock(mutex_);
  for (const Tag from : tags) {
    if (edges_ >= kEdgesMax) return;
    if (made_from_[from].insert(made).second) ++edges_;
  }
}

std::optional<std::vector<DependencyGraph::Tag>> DependencyGraph::dependents_of(
    std::string_view namespace_name, std::string_view key) const {
  const std::lock_guard lock(mutex_);
  if (edges_ >= kEdgesMax) return std::nullopt;
  std::vector<Tag> tags{tag_of(namespace_name, key)};
  std::unordered_set<Tag> known{tags.front()};
  for (std::size_t i = 0; i < tags.size(); ++i) {
    const auto made = made_from_.find(tags[i]);
    if (made == made_from_.end()) continue;
    for (const Tag next : made->second) {
      if (made_from_.contains(next) && known.insert(next).second) tags.push_back(next);
    }
  }
  return tags;
}

}  // namespace mpreg
