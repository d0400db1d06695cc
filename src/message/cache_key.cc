#include "message/cache_key.h"

#include <limits>
#include <utility>

#include "base/text.h"
#include "topic/topic.h"

namespace mpreg {
namespace {

struct Finding {
  KeyFault fault;
  std::string text;
};
using Found = std::optional<Finding>;

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

std::string too_long(std::string_view field, std::size_t bytes, std::size_t bytes_max) {
  return std::string(field) + " has " + std::to_string(bytes) + " bytes, at most " +
         std::to_string(bytes_max) + " are allowed";
}

std::string at_offset(std::string_view field, std::string_view value, std::string_view what,
                      std::size_t offset) {
  return std::string(field) + " " + in_quotes(value) + " has " + std::string(what) + " at byte " +
         std::to_string(offset);
}

Found find_in_namespace(std::string_view value) {
  const auto bad = [](std::string text) {
    return Finding{KeyFault::bad_namespace, std::move(text)};
  };
  if (value.empty()) return bad("namespace is empty, at least one letter or digit is required");
  if (value.size() > kNamespaceBytesMax) {
    return bad(too_long("namespace", value.size(), kNamespaceBytesMax));
  }
  bool has_letter_or_digit = false;
  for (std::size_t at = 0; at < value.size(); ++at) {
    const char c = value[at];
    if (!is_letter_or_digit(c) && c != '_' && c != '-') {
      return bad(at_offset("namespace", value, in_quotes(value.substr(at, 1)), at) +
                 ", only ASCII letters, digits, _ and - are allowed");
    }
    has_letter_or_digit = has_letter_or_digit || is_letter_or_digit(c);
  }
  if (!has_letter_or_digit) {
    return bad("namespace " + in_quotes(value) +
               " has no letter or digit, at least one is required");
  }
  return std::nullopt;
}

Found find_in_key(std::string_view value) {
  if (value.empty()) {
    return Finding{KeyFault::empty_key, "key is empty, at least 1 byte is required"};
  }
  if (value.size() > kKeyBytesMax) {
    return Finding{KeyFault::key_too_long, too_long("key", value.size(), kKeyBytesMax)};
  }
  if (const auto at = find_invalid_utf8(value)) {
    return Finding{KeyFault::bad_key, at_offset("key", value, "a byte that is not UTF-8", *at)};
  }
  return std::nullopt;
}

Found find_in_subkey(std::string_view value) {
  if (value.size() > kKeyBytesMax) {
    return Finding{KeyFault::bad_subkey, too_long("subkey", value.size(), kKeyBytesMax)};
  }
  if (const auto at = find_invalid_utf8(value)) {
    return Finding{KeyFault::bad_subkey,
                   at_offset("subkey", value, "a byte that is not UTF-8", *at)};
  }
  if (const auto at = value.find(':'); at != std::string_view::npos) {
    return Finding{KeyFault::separator_in_subkey,
                   at_offset("subkey", value, "':'", at) + ", which separates the parts of a key"};
  }
  return std::nullopt;
}

Found find_in_version(std::int64_t value) {
  constexpr std::int64_t kVersionMax = std::numeric_limits<std::uint32_t>::max();
  if (value >= 1 && value <= kVersionMax) return std::nullopt;
  return Finding{KeyFault::bad_version, "version is " + std::to_string(value) + ", 1 to " +
                                            std::to_string(kVersionMax) + " is allowed"};
}

// Cluster, region and partition: where a key lives.
struct PlaceRule {
  std::string_view field;
  std::size_t bytes_max;
  KeyFault empty;
  KeyFault separator;
  KeyFault control;
  KeyFault bad;
};

constexpr PlaceRule kClusterRule = {"cluster_id",
                                    kClusterIdBytesMax,
                                    KeyFault::empty_cluster,
                                    KeyFault::separator_in_cluster,
                                    KeyFault::control_in_cluster,
                                    KeyFault::bad_cluster};
constexpr PlaceRule kRegionRule = {"region",
                                   kRegionBytesMax,
                                   KeyFault::empty_region,
                                   KeyFault::separator_in_region,
                                   KeyFault::control_in_region,
                                   KeyFault::bad_region};
constexpr PlaceRule kPartitionRule = {"partition_id",
                                      kPartitionBytesMax,
                                      KeyFault::empty_partition,
                                      KeyFault::separator_in_partition,
                                      KeyFault::control_in_partition,
                                      KeyFault::bad_partition};

Found find_in_place(const PlaceRule& rule, std::string_view value) {
  if (value.empty()) {
    return Finding{rule.empty, std::string(rule.field) + " is empty, at least 1 byte is required"};
  }
  if (value.size() > rule.bytes_max) {
    return Finding{rule.bad, too_long(rule.field, value.size(), rule.bytes_max)};
  }
  if (const auto at = find_invalid_utf8(value)) {
    return Finding{rule.bad, at_offset(rule.field, value, "a byte that is not UTF-8", *at)};
  }
  if (const auto at = find_control_character(value)) {
    return Finding{rule.control, at_offset(rule.field, value, "a control character", *at)};
  }
  if (const auto at = value.find(':'); at != std::string_view::npos) {
    return Finding{rule.separator, at_offset(rule.field, value, "':'", at) +
                                       ", which separates the parts of a key"};
  }
  return std::nullopt;
}

Found find_in_region(std::string_view value) {
  if (value == kDefaultRegion) return std::nullopt;
  if (Found found = find_in_place(kRegionRule, value)) return found;
  if (const auto at = value.find('.'); at != std::string_view::npos) {
    return Finding{KeyFault::bad_region,
                   at_offset("region", value, "'.'", at) + ", and a region is one word of a topic"};
  }
  if (const auto topic = check_topic(value); !topic) {
    return Finding{KeyFault::bad_region,
                   "region cannot be a word of a topic: " + topic.error().text};
  }
  return std::nullopt;
}

Found find_in(const FederatedCacheKey& key) {
  if (Found found = find_in_namespace(key.namespace_name)) return found;
  if (Found found = find_in_key(key.key)) return found;
  if (Found found = find_in_subkey(key.subkey)) return found;
  if (Found found = find_in_version(key.version)) return found;
  if (Found found = find_in_place(kClusterRule, key.cluster_id)) return found;
  if (Found found = find_in_region(key.region)) return found;
  return find_in_place(kPartitionRule, key.partition_id);
}

Result<void> as_result(Found found) {
  if (!found) return {};
  return fail(ErrorCode::malformed, std::move(found->text));
}

Result<FederatedCacheKey> checked(FederatedCacheKey key) {
  if (Found found = find_in(key)) return fail(ErrorCode::malformed, std::move(found->text));
  return key;
}

std::string joined(std::string_view prefix, std::string_view kind, std::string_view first,
                   std::string_view second) {
  std::string topic;
  topic.reserve(prefix.size() + kind.size() + first.size() + second.size() + 1);
  topic.append(prefix).append(kind).append(first);
  if (!second.empty()) topic.append(".").append(second);
  return topic;
}

// FNV-1a of 64 bits.
class FieldHash {
 public:
  void add(std::string_view text) {
    add(static_cast<std::uint64_t>(text.size()));
    for (const char c : text) add_byte(static_cast<std::uint8_t>(c));
  }
  void add(std::uint64_t number) {
    for (unsigned shift = 0; shift < 64; shift += 8) {
      add_byte(static_cast<std::uint8_t>(number >> shift));
    }
  }
  [[nodiscard]] std::uint64_t value() const { return value_; }

 private:
  void add_byte(std::uint8_t byte) { value_ = (value_ ^ byte) * 0x100000001B3ULL; }

  std::uint64_t value_ = 0xCBF29CE484222325ULL;
};

}  // namespace

std::string_view name_of(KeyFault fault) {
  static constexpr std::string_view kNames[] = {"bad_namespace",
                                                "empty_key",
                                                "key_too_long",
                                                "bad_key",
                                                "separator_in_subkey",
                                                "bad_subkey",
                                                "bad_version",
                                                "empty_cluster",
                                                "separator_in_cluster",
                                                "control_in_cluster",
                                                "bad_cluster",
                                                "empty_region",
                                                "separator_in_region",
                                                "control_in_region",
                                                "bad_region",
                                                "empty_partition",
                                                "separator_in_partition",
                                                "control_in_partition",
                                                "bad_partition"};
  static_assert(std::size(kNames) == static_cast<std::size_t>(KeyFault::bad_partition) + 1);
  return kNames[static_cast<std::size_t>(fault)];
}

std::string FederatedCacheKey::local_key() const {
  std::string text = namespace_name + ":" + key;
  if (!subkey.empty()) text.append(":").append(subkey);
  if (version > 1) text.append(":v").append(std::to_string(version));
  return text;
}

std::string FederatedCacheKey::global_key() const {
  return cluster_id + ":" + region + ":" + partition_id + ":" + local_key();
}

Result<FederatedCacheKey> FederatedCacheKey::with_cluster(std::string_view cluster) const {
  FederatedCacheKey copy = *this;
  copy.cluster_id = cluster;
  return checked(std::move(copy));
}

Result<FederatedCacheKey> FederatedCacheKey::with_region(std::string_view name) const {
  FederatedCacheKey copy = *this;
  copy.region = name;
  return checked(std::move(copy));
}

Result<FederatedCacheKey> FederatedCacheKey::with_partition(std::string_view partition) const {
  FederatedCacheKey copy = *this;
  copy.partition_id = partition;
  return checked(std::move(copy));
}

CacheAddress FederatedCacheKey::address() const {
  return {namespace_name, key, subkey, version, region};
}

std::optional<KeyFault> find_fault(const FederatedCacheKey& key) {
  const Found found = find_in(key);
  if (!found) return std::nullopt;
  return found->fault;
}

Result<void> check_cache_key(const FederatedCacheKey& key) { return as_result(find_in(key)); }

Result<void> check_namespace(std::string_view value) { return as_result(find_in_namespace(value)); }
Result<void> check_key(std::string_view value) { return as_result(find_in_key(value)); }
Result<void> check_subkey(std::string_view value) { return as_result(find_in_subkey(value)); }
Result<void> check_key_version(std::int64_t value) { return as_result(find_in_version(value)); }
Result<void> check_cluster_id(std::string_view value) {
  return as_result(find_in_place(kClusterRule, value));
}
Result<void> check_region(std::string_view value) { return as_result(find_in_region(value)); }
Result<void> check_partition(std::string_view value) {
  return as_result(find_in_place(kPartitionRule, value));
}

Result<void> check_topic_prefix(std::string_view value) {
  if (value.size() > kTopicPrefixBytesMax) {
    return fail(ErrorCode::malformed, too_long("topic_prefix", value.size(), kTopicPrefixBytesMax));
  }
  if (value.empty()) {
    return fail(ErrorCode::malformed, "topic_prefix is empty, at least 1 byte is required");
  }
  if (is_reserved(value)) {
    return fail(ErrorCode::malformed, "topic_prefix " + in_quotes(value) +
                                          " begins with '$', which is for the broker's own topics");
  }
  // As it will be used: with the least that follows it.
  if (const auto topic = check_topic(std::string(value) + ".invalidation.r.n"); !topic) {
    return fail(ErrorCode::malformed, "topic_prefix cannot begin topics: " + topic.error().text);
  }
  return {};
}

bool is_cache_topic(std::string_view topic, std::string_view prefix) {
  return topic.substr(0, prefix.size()) == prefix &&
         (topic.size() == prefix.size() || topic[prefix.size()] == '.');
}

std::string invalidation_topic(std::string_view prefix, std::string_view region,
                               std::string_view namespace_name) {
  return joined(prefix, ".invalidation.", region, namespace_name);
}

std::string pattern_invalidation_topic(std::string_view prefix, std::string_view region) {
  return joined(prefix, ".invalidation.", region, "$pattern");
}

std::string replication_topic(std::string_view prefix, std::string_view region,
                              std::string_view namespace_name) {
  return joined(prefix, ".replication.", region, namespace_name);
}

Result<std::string> coherence_topic(std::string_view prefix, std::string_view cluster) {
  std::string topic = joined(prefix, ".coherence.", cluster, "");
  if (const auto checked = check_topic(topic); !checked) {
    return fail(ErrorCode::malformed,
                "cluster_id cannot be part of a topic: " + checked.error().text);
  }
  return topic;
}

}  // namespace mpreg

std::size_t std::hash<mpreg::FederatedCacheKey>::operator()(
    const mpreg::FederatedCacheKey& key) const noexcept {
  mpreg::FieldHash fields;
  fields.add(key.namespace_name);
  fields.add(key.key);
  fields.add(key.subkey);
  fields.add(std::uint64_t{key.version});
  fields.add(key.cluster_id);
  fields.add(key.region);
  fields.add(key.partition_id);
  return static_cast<std::size_t>(fields.value());
}
