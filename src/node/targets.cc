#include "node/targets.h"

#include <algorithm>

#include "message/target_names.h"
#include "wire/cache_codec.h"

namespace mpreg {

std::vector<std::string> named_by(std::vector<std::string> targets, const NodeOptions& own,
                                  const Members& members) {
  const std::size_t given = targets.size();
  for (std::size_t i = 0; i < given; ++i) {
    if (!is_target_selector(targets[i])) continue;
    const std::string selector = targets[i];
    if (selects(selector, own.cluster, own.region)) targets.push_back(own.cluster);
    for (const auto& [cluster, known] : members.all()) {
      if (selects(selector, cluster, known.member.region)) targets.push_back(cluster);
    }
  }
  std::sort(targets.begin(), targets.end());
  targets.erase(std::unique(targets.begin(), targets.end()), targets.end());
  return targets;
}

std::shared_ptr<const Targets> targets_of(const Body& body, const NodeOptions& own,
                                          const Members& members) {
  auto targets = std::make_shared<Targets>(body.records.size());
  for (std::size_t i = 0; i < body.records.size(); ++i) {
    if (body.records[i].kind != RecordKind::value) continue;
    Result<CacheValue> value = decode_value(body.payload_of(body.records[i]));
    if (!value) continue;
    (*targets)[i] = named_by(std::move(value->targets), own, members);
  }
  return targets;
}

std::vector<std::string> all_targets(const LogEntry& entry) {
  std::vector<std::string> all;
  if (!entry.targets) return all;
  for (const auto& targets : *entry.targets) all.insert(all.end(), targets.begin(), targets.end());
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

bool is_for(const LogEntry& entry, const Link& link, const LinkTable& links,
            const std::string& own) {
  if (!entry.targets) return true;
  const auto takes = [&](const Link& by, const std::string& cluster) {
    const auto serving = by.servings.find(entry.stream);
    return serving != by.servings.end() && serving->second.filter.clusters().count(cluster) > 0;
  };
  for (const auto& targets : *entry.targets) {
    for (const std::string& target : targets) {
      if (target == own) continue;
      if (target == kEveryMember) return true;
      if (is_target_selector(target)) continue;  // Its members stand beside it.
      const bool is_elsewhere = std::any_of(links.begin(), links.end(), [&](const auto& other) {
        return other.first != link.id && takes(other.second, target);
      });
      if (takes(link, target) || !is_elsewhere) return true;
    }
  }
  return false;
}

}  // namespace mpreg
