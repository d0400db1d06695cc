#include "store_check.h"

#include <algorithm>

#include "topic/match.h"

namespace mpreg::sim {

void StoreCheck::on_invalidation(const CacheInvalidation& fact, const std::string& origin,
                                 HybridTime version, MessageIndex message) {
  const bool is_for_us =
      fact.targets.empty() || origin == cluster_ ||
      std::find(fact.targets.begin(), fact.targets.end(), cluster_) != fact.targets.end();
  if (!is_for_us) return;
  const CacheAddress& address = fact.address;
  if (fact.type == InvalidationType::pattern) {
    cuts_.push_back({address.namespace_name, address.key, {version, message}});
  } else if (fact.type == InvalidationType::namespace_all) {
    cuts_.push_back({address.namespace_name, "#", {version, message}});
  } else {
    Fact& newest = newest_[{address.namespace_name, address.key}];
    if (version > newest.version) newest = {version, message};
  }
}

void StoreCheck::on_replication(const CacheReplication& fact, HybridTime version,
                                MessageIndex message) {
  Fact& newest = newest_[{fact.address.namespace_name, fact.address.key}];
  if (version > newest.version) newest = {version, message};
}

void StoreCheck::check(const CacheAddress& address, std::string_view value, HybridTime version,
                       const PublishedValues& published) const {
  const auto known = published.find(value);
  if (known == published.end() || known->second.key != address.key ||
      known->second.namespace_name != address.namespace_name) {
    return fail(address, "holds a value that was never published under it");
  }
  const auto newest = newest_.find({address.namespace_name, address.key});
  // Without a fact that this life of the broker has applied, another store gave it.
  const bool is_older = newest != newest_.end() && version < newest->second.version;
  if (is_older && has_one_version(newest->second)) {
    return fail(address, "is of " + std::to_string(version) + ", and a fact of " +
                             std::to_string(newest->second.version) + " was applied");
  }
  for (const Cut& cut : cuts_) {
    if (cut.namespace_name != address.namespace_name || version > cut.fact.version) continue;
    if (!matches(cut.pattern, address.key) || !has_one_version(cut.fact)) continue;
    return fail(address, "is of " + std::to_string(version) + ", and '" + cut.pattern +
                             "' was invalidated at " + std::to_string(cut.fact.version));
  }
}

void StoreCheck::fail(const CacheAddress& address, const std::string& what) const {
  verdict_.fail("broker " + cluster_ + ": in its store " + address.namespace_name + ":" +
                address.key + " " + what);
}

}  // namespace mpreg::sim
