#pragma once
// FederatedCacheKey: the name of a cached thing across clusters, and the rules for each of its
// fields. Which entry is meant is decided by (namespace, key, subkey, version) alone; cluster,
// region and partition say where it lives. The joined forms are for people, logs and topics: two
// different keys may be joined to the same text, so keys are never compared by it.
//
// Also here: the topics under which the facts about keys are published.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "message/cache_messages.h"

namespace mpreg {

// Which edition of these rules this is: raised whenever one of them changes. Brokers that follow
// different ones do not link.
inline constexpr std::uint32_t kKeyRules = 1;
inline constexpr std::size_t kNamespaceBytesMax = 64;
inline constexpr std::size_t kRegionBytesMax = 64;
inline constexpr std::string_view kDefaultRegion = "default";
inline constexpr std::size_t kKeyBytesMax = 65'535;  // Of the key and of the subkey, each.
inline constexpr std::size_t kClusterIdBytesMax = 255;
inline constexpr std::size_t kPartitionBytesMax = 255;
inline constexpr std::size_t kTopicPrefixBytesMax = 100;
inline constexpr std::string_view kDefaultTopicPrefix = "mpreg.cache.federation";

struct FederatedCacheKey {
  std::string namespace_name;  // "namespace" in texts; the word is taken in C++.
  std::string key;
  std::string subkey;  // Empty: none.
  std::uint32_t version = 1;
  std::string cluster_id;
  std::string region = std::string(kDefaultRegion);
  std::string partition_id = "0";

  // namespace:key[:subkey][:vN], with :vN for versions above 1 only.
  [[nodiscard]] std::string local_key() const;
  // cluster:region:partition: and the local key.
  [[nodiscard]] std::string global_key() const;

  // Copies with one field changed; refused when the copy breaks a rule.
  [[nodiscard]] Result<FederatedCacheKey> with_cluster(std::string_view cluster) const;
  [[nodiscard]] Result<FederatedCacheKey> with_region(std::string_view name) const;
  [[nodiscard]] Result<FederatedCacheKey> with_partition(std::string_view partition) const;

  // What travels of it in a cache message.
  [[nodiscard]] CacheAddress address() const;

  friend bool operator==(const FederatedCacheKey&, const FederatedCacheKey&) = default;
};

// What is wrong with a key, as one word for programs.
enum class KeyFault : std::uint8_t {
  bad_namespace,
  empty_key,
  key_too_long,
  bad_key,
  separator_in_subkey,
  bad_subkey,
  bad_version,
  empty_cluster,
  separator_in_cluster,
  control_in_cluster,
  bad_cluster,
  empty_region,
  separator_in_region,
  control_in_region,
  bad_region,
  empty_partition,
  separator_in_partition,
  control_in_partition,
  bad_partition,
};
[[nodiscard]] std::string_view name_of(KeyFault fault);

// The first fault in the order of the fields, or nothing. check_cache_key is the same as a
// sentence.
[[nodiscard]] std::optional<KeyFault> find_fault(const FederatedCacheKey& key);
[[nodiscard]] Result<void> check_cache_key(const FederatedCacheKey& key);

// One field each. The errors are `malformed` and name the field, the value and the limit.
[[nodiscard]] Result<void> check_namespace(std::string_view value);
[[nodiscard]] Result<void> check_key(std::string_view value);
[[nodiscard]] Result<void> check_subkey(std::string_view value);
// Takes what a person or a file may say; valid versions fit FederatedCacheKey::version.
[[nodiscard]] Result<void> check_key_version(std::int64_t value);
[[nodiscard]] Result<void> check_cluster_id(std::string_view value);
[[nodiscard]] Result<void> check_region(std::string_view value);
[[nodiscard]] Result<void> check_partition(std::string_view value);
[[nodiscard]] Result<void> check_topic_prefix(std::string_view value);

// The arguments are checked before. The topics are admissible whatever the valid arguments.
// Whether a topic is one of the cache's, under the prefix: all of these, and nothing else.
[[nodiscard]] bool is_cache_topic(std::string_view topic, std::string_view prefix);
[[nodiscard]] std::string invalidation_topic(std::string_view prefix, std::string_view region,
                                             std::string_view namespace_name);
// Of an invalidation of more than one key.
[[nodiscard]] std::string pattern_invalidation_topic(std::string_view prefix,
                                                     std::string_view region);
[[nodiscard]] std::string replication_topic(std::string_view prefix, std::string_view region,
                                            std::string_view namespace_name);
// A cluster id may hold what a topic may not (blanks, wildcards): refused then.
[[nodiscard]] Result<std::string> coherence_topic(std::string_view prefix,
                                                  std::string_view cluster);

}  // namespace mpreg

template <>
struct std::hash<mpreg::FederatedCacheKey> {
  // Over the fields and their lengths; the same in every process.
  [[nodiscard]] std::size_t operator()(const mpreg::FederatedCacheKey& key) const noexcept;
};
