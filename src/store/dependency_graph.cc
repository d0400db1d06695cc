#include "store/dependency_graph.h"

#include <algorithm>

#include "message/cache_messages.h"
#include "store/digest_tree.h"

namespace mpreg {

DependencyGraph::Tag DependencyGraph::tag_of(std::string_view namespace_name,
                                             std::string_view key) {
  return static_cast<Tag>(identity_hash(namespace_seed(namespace_name), key, {}, 0));
}

// No key is empty.
DependencyGraph::Tag DependencyGraph::of_many(std::string_view namespace_name) {
  return tag_of(namespace_name, {});
}

void DependencyGraph::note(std::string_view namespace_name, std::string_view key,
                           std::span<const Tag> tags) {
  if (tags.empty()) return;
  const Tag made = tag_of(namespace_name, key);
  const std::lock_guard lock(mutex_);
  for (const Tag from : tags) {
    if (edges_ >= kEdgesMax) return;
    if (!made_from_[from].insert(made).second) continue;
    made_of_[made].insert(from);
    ++edges_;
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

std::vector<DependencyGraph::Tag> DependencyGraph::ancestors_of(std::string_view namespace_name,
                                                                std::span<const Tag> tags) const {
  if (tags.empty()) return {};
  const std::lock_guard lock(mutex_);
  if (edges_ >= kEdgesMax) return {of_many(namespace_name)};
  std::vector<Tag> all(tags.begin(), tags.end());
  std::unordered_set<Tag> known(tags.begin(), tags.end());
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto from = made_of_.find(all[i]);
    if (from == made_of_.end()) continue;
    for (const Tag next : from->second) {
      if (known.insert(next).second) all.push_back(next);
    }
    if (all.size() > tags.size() + kAncestorsMax) return {of_many(namespace_name)};
  }
  all.erase(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(tags.size()));
  std::sort(all.begin(), all.end());  // The order must not depend on a hash.
  return all;
}

}  // namespace mpreg
