#include "store_check.h"

#include <algorithm>

#include "topic/match.h"

namespace mpreg::sim {

void StoreCheck::on_invalidation(const CacheInvalidation& fact, const std::string& origin,
                                 MessageIndex message) {
  const bool is_for_us =
      fact.targets.empty() || origin == cluster_ ||
      std::find(fact.targets.begin(), fact.targets.end(), cluster_) != fact.targets.end();
  if (!is_for_us) return;
  const CacheAddress& address = fact.address;
  if (fact.type == InvalidationType::pattern) {
    cuts_.push_back({address.namespace_name, address.key, message});
  } else if (fact.type == InvalidationType::namespace_all) {
    cuts_.push_back({address.namespace_name, "#", message});
  } else {
    MessageIndex& newest = newest_[{address.namespace_name, address.key}];
    newest = std::max(newest, message);
  }
}

void StoreCheck::on_replication(const CacheReplication& fact, MessageIndex message) {
  MessageIndex& newest = newest_[{fact.address.namespace_name, fact.address.key}];
  newest = std::max(newest, message);
}

void StoreCheck::check(const CacheAddress& address, std::string_view value,
                       const PublishedValues& published) const {
  if (value.empty()) return;  // There is no such thing, as of then.
  const auto known = published.find(value);
  if (known == published.end() || known->second.address.key != address.key ||
      known->second.address.namespace_name != address.namespace_name) {
    return fail(address, "holds a value that was never published under it");
  }
  if (known->second.is_loaded) return;
  const MessageIndex fact = known->second.fact;
  const auto newest = newest_.find({address.namespace_name, address.key});
  if (newest != newest_.end() && fact < newest->second) {
    return fail(address,
                "is of " + truth_.text(fact) +
                    ", and what was published later was applied: " + truth_.text(newest->second));
  }
  for (const Cut& cut : cuts_) {
    if (cut.namespace_name != address.namespace_name || fact > cut.message) continue;
    if (!matches(cut.pattern, address.key)) continue;
    return fail(address, "is of " + truth_.text(fact) + ", and '" + cut.pattern +
                             "' was invalidated later: " + truth_.text(cut.message));
  }
}

void StoreCheck::fail(const CacheAddress& address, const std::string& what) const {
  verdict_.fail("broker " + cluster_ + ": in its store " + address.namespace_name + ":" +
                address.key + " " + what);
}

}  // namespace mpreg::sim
