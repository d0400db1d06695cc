#include <algorithm>

#include "node/node_impl.h"
#include "wire/cache_codec.h"

namespace mpreg {

// Sorted, one list a record. A value that cannot be read here is sent to nobody.
std::shared_ptr<const Node::Impl::Targets> Node::Impl::targets_of(const Body& body) const {
  auto targets = std::make_shared<Targets>(body.records.size());
  for (std::size_t i = 0; i < body.records.size(); ++i) {
    if (body.records[i].kind != RecordKind::value) continue;
    Result<CacheValue> value = decode_value(body.payload_of(body.records[i]));
    if (!value) continue;
    std::sort(value->targets.begin(), value->targets.end());
    (*targets)[i] = std::move(value->targets);
  }
  return targets;
}

// Whether some value in the entry may be for a cluster that is reached through the link: left out
// only where each target is known to be reached by another way. A target whose way is lost may come
// back by this one.
bool Node::Impl::is_for(const LogEntry& entry, const Link& link) const {
  if (!entry.targets) return true;
  for (const auto& targets : *entry.targets) {
    for (const std::string& target : targets) {
      if (target == options_.cluster) continue;
      const Members::Known* known = members_.find(target);
      if (known == nullptr || known->next_hop == kNoLink || known->next_hop == link.id) return true;
    }
  }
  return false;
}

// Whether the link leads to a cluster whose values were left out of what this one was sent.
bool Node::Impl::is_missing_for(const LogEntry& entry, const Link& link) const {
  if (!entry.targets || !entry.body.frame.empty()) return false;
  const std::vector<std::string>& targets = entry.targets->front();
  return std::any_of(targets.begin(), targets.end(), [&](const std::string& target) {
    const Members::Known* known = members_.find(target);
    return target == link.peer.cluster || (known != nullptr && known->next_hop == link.id);
  });
}

// All the targets of an entry, once each.
std::vector<std::string> Node::Impl::all_targets(const LogEntry& entry) {
  std::vector<std::string> all;
  if (!entry.targets) return all;
  for (const auto& targets : *entry.targets) all.insert(all.end(), targets.begin(), targets.end());
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

bool Node::Impl::is_value_for_us(StreamIndex stream, const LogEntry& entry,
                                 std::size_t record) const {
  if (stream_ids_.id_of(stream).origin == options_.cluster) return true;
  const auto& targets = (*entry.targets)[record];
  return std::binary_search(targets.begin(), targets.end(), options_.cluster);
}

}  // namespace mpreg
