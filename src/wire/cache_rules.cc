#include "wire/cache_rules.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"

namespace mpreg {
AddressRules address_rules_of(InvalidationType type) {
  switch (type) {
    case InvalidationType::single_key:
    case InvalidationType::pattern:
    case InvalidationType::cascade:
    case InvalidationType::tag:
      return {.needs_namespace = true, .needs_key = true};
    case InvalidationType::namespace_all:
      return {.needs_namespace = true, .needs_key = false};
    case InvalidationType::region:
    case InvalidationType::cluster_sync:
      return {.needs_namespace = false, .needs_key = false};
  }
  return {};
}

void check_address(PacketReader& in, std::string_view table, const CacheAddress& address,
                   AddressRules rules) {
  if (rules.needs_namespace || !address.namespace_name.empty()) {
    in.require(table, check_namespace(address.namespace_name));
  }
  if (rules.needs_key || !address.key.empty()) in.require(table, check_key(address.key));
  if (!address.subkey.empty()) in.require(table, check_subkey(address.subkey));
  in.require(table, check_key_version(address.version));
  in.require(table, check_region(address.region));
}

void check_key_pattern(PacketReader& in, std::string_view table, std::string_view pattern) {
  if (pattern.size() > kTopicTextBytesMax) {
    in.refuse({table, "key"}, "is a pattern of " + std::to_string(pattern.size()) +
                                  " bytes, at most " + std::to_string(kTopicTextBytesMax) +
                                  " are allowed");
  }
}

void check_targets(PacketReader& in, std::string_view table,
                   const std::vector<std::string>& targets) {
  std::vector<std::string_view> sorted(targets.begin(), targets.end());
  std::sort(sorted.begin(), sorted.end());
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
  if (twice != sorted.end()) in.refuse({table, "targets"}, "name " + in_quotes(*twice) + " twice");
  if (!sorted.empty() && sorted.front().empty()) {
    in.refuse({table, "targets"}, "hold an empty cluster id, at least 1 byte is required");
  }
}

void check_priority(PacketReader& in, std::string_view table, double priority) {
  if (std::isfinite(priority) && priority >= 0.0 && priority <= kPriorityMax) return;
  in.refuse({table, "priority"}, "is " + std::to_string(priority) + ", allowed are 0 to 10");
}

void check_ttl(PacketReader& in, std::string_view table, std::uint64_t ttl_ms) {
  if (ttl_ms <= kTtlMsMax) return;
  in.refuse({table, "ttl_ms"}, "is " + std::to_string(ttl_ms) + ", at most " +
                                   std::to_string(kTtlMsMax) + " (365 days) are allowed");
}

}  // namespace mpreg
