#pragma once
// What cache facts must mean, beyond being text of a bounded length: names by the rules of
// message/cache_key.h, and the rules of what is not a name. The first violation is left with the
// reader.

#include <string_view>

#include "message/cache_key.h"
#include "message/cache_messages.h"
#include "wire/packet_reader.h"

namespace mpreg {

inline constexpr std::size_t kTargetsMax = 256;
inline constexpr std::size_t kCacheReasonBytesMax = 256;
inline constexpr double kPriorityMax = 10.0;
inline constexpr std::uint64_t kTtlMsMax = 365ULL * 24 * 3600 * 1000;

// Which parts of an address a fact needs. A scope wider than a key needs no key.
struct AddressRules {
  bool needs_namespace = true;
  bool needs_key = true;
};
[[nodiscard]] AddressRules address_rules_of(InvalidationType type);

void check_address(PacketReader& in, std::string_view table, const CacheAddress& address,
                   AddressRules rules);
// Keys over which a pattern ranges are words like topics; the pattern is at most as long as one.
void check_key_pattern(PacketReader& in, std::string_view table, std::string_view pattern);
// No duplicates, no empty ones; bounds and characters were checked when they were read.
void check_targets(PacketReader& in, std::string_view table,
                   const std::vector<std::string>& targets);
void check_priority(PacketReader& in, std::string_view table, double priority);
void check_ttl(PacketReader& in, std::string_view table, std::uint64_t ttl_ms);

}  // namespace mpreg
