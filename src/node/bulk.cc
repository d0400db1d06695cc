#include <algorithm>

#include "message/target_names.h"
#include "node/node_impl.h"
#include "wire/cache_codec.h"

namespace mpreg {

// Sorted, one list a record: with what selects them, the members that are known here. A value that
// cannot be read here is sent to nobody.
std::shared_ptr<const Node::Impl::Targets> Node::Impl::targets_of(const Body& body) const {
  auto targets = std::make_shared<Targets>(body.records.size());
  for (std::size_t i = 0; i < body.records.size(); ++i) {
    if (body.records[i].kind != RecordKind::value) continue;
    Result<CacheValue> value = decode_value(body.payload_of(body.records[i]));
    if (!value) continue;
    (*targets)[i] = named_by(std::move(value->targets));
  }
  return targets;
}

// Whether some value in the entry may be for a cluster that takes the stream by the link: left out
// only where each target is known to take it by another one.
bool Node::Impl::is_for(const LogEntry& entry, const Link& link) const {
  if (!entry.targets) return true;
  const auto takes = [&](const Link& by, const std::string& cluster) {
    const auto serving = by.servings.find(entry.stream);
    return serving != by.servings.end() && serving->second.filter.clusters().count(cluster) > 0;
  };
  for (const auto& targets : *entry.targets) {
    for (const std::string& target : targets) {
      if (target == options_.cluster) continue;
      if (target == kEveryMember) return true;
      if (is_target_selector(target)) continue;  // Its members stand beside it.
      const bool is_elsewhere = std::any_of(links_.begin(), links_.end(), [&](const auto& other) {
        return other.first != link.id && takes(other.second, target);
      });
      if (takes(link, target) || !is_elsewhere) return true;
    }
  }
  return false;
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
  return selects(targets, options_.cluster, options_.region);
}

}  // namespace mpreg
