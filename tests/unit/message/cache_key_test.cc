#include "message/cache_key.h"

#include <gtest/gtest.h>

#include <string>
#include <unordered_set>
#include <vector>

namespace mpreg {
namespace {

FederatedCacheKey plain() {
  FederatedCacheKey key;
  key.namespace_name = "users";
  key.key = "profile:12345";
  key.cluster_id = "cluster-west";
  return key;
}

// Each field in turn set to something else that is valid.
std::vector<FederatedCacheKey> one_field_changed() {
  std::vector<FederatedCacheKey> keys(7, plain());
  keys[0].namespace_name = "Users";
  keys[1].key = "profile:1234";
  keys[2].subkey = "photo";
  keys[3].version = 2;
  keys[4].cluster_id = "cluster-east";
  keys[5].region = "us-west-2";
  keys[6].partition_id = "1";
  return keys;
}

TEST(FederatedCacheKey, every_field_counts_in_equality_and_hash) {
  std::unordered_set<FederatedCacheKey> seen{plain()};
  for (const FederatedCacheKey& key : one_field_changed()) {
    EXPECT_FALSE(key == plain());
    EXPECT_NE(std::hash<FederatedCacheKey>()(key), std::hash<FederatedCacheKey>()(plain()));
    EXPECT_TRUE(seen.insert(key).second);
    EXPECT_TRUE(check_cache_key(key)) << check_cache_key(key).error().text;
  }
  EXPECT_FALSE(seen.insert(plain()).second);
}

TEST(FederatedCacheKey, the_hash_knows_where_a_field_ends) {
  FederatedCacheKey one = plain();
  FederatedCacheKey other = plain();
  one.key = "ab";
  one.subkey = "c";
  other.key = "a";
  other.subkey = "bc";
  EXPECT_NE(std::hash<FederatedCacheKey>()(one), std::hash<FederatedCacheKey>()(other));
}

TEST(FederatedCacheKey, subkey_and_version_are_joined_in_order) {
  FederatedCacheKey key = plain();
  key.subkey = "photo";
  key.version = 12;
  EXPECT_EQ(key.local_key(), "users:profile:12345:photo:v12");
  EXPECT_EQ(key.global_key(), "cluster-west:default:0:users:profile:12345:photo:v12");
}

TEST(FederatedCacheKey, two_keys_with_one_joined_text_are_two_keys) {
  FederatedCacheKey in_key = plain();
  FederatedCacheKey in_version = plain();
  in_key.key += ":v2";
  in_version.version = 2;
  EXPECT_EQ(in_key.local_key(), in_version.local_key());
  EXPECT_FALSE(in_key == in_version);
}

TEST(FederatedCacheKey, a_copy_with_another_place_is_checked) {
  const FederatedCacheKey key = plain();
  EXPECT_EQ(key.with_cluster("east")->global_key(), "east:default:0:users:profile:12345");
  EXPECT_EQ(key.with_region("eu")->global_key(), "cluster-west:eu:0:users:profile:12345");
  EXPECT_EQ(key.with_partition("9")->global_key(), "cluster-west:default:9:users:profile:12345");
  EXPECT_EQ(key.with_cluster("").error().text, "cluster_id is empty, at least 1 byte is required");
  EXPECT_EQ(key.with_region("a.b").error().code, ErrorCode::malformed);
  EXPECT_FALSE(key.with_partition("0:1"));
  FederatedCacheKey broken = key;
  broken.version = 0;
  EXPECT_FALSE(broken.with_cluster("east"));
}

TEST(FederatedCacheKey, its_address_is_what_identifies_it_and_its_region) {
  FederatedCacheKey key = plain();
  key.subkey = "photo";
  key.version = 3;
  key.region = "eu";
  EXPECT_EQ(key.address(), (CacheAddress{"users", "profile:12345", "photo", 3, "eu"}));
}

TEST(KeyRules, sentences_name_the_field_the_value_and_the_limit) {
  EXPECT_EQ(check_namespace("a.b").error().text,
            "namespace 'a.b' has '.' at byte 1, only ASCII letters, digits, _ and - are allowed");
  EXPECT_EQ(check_namespace("_-").error().text,
            "namespace '_-' has no letter or digit, at least one is required");
  EXPECT_EQ(check_namespace(std::string(65, 'n')).error().text,
            "namespace has 65 bytes, at most 64 are allowed");
  EXPECT_EQ(check_key(std::string(65'536, 'k')).error().text,
            "key has 65536 bytes, at most 65535 are allowed");
  EXPECT_EQ(check_subkey("a:b").error().text,
            "subkey 'a:b' has ':' at byte 1, which separates the parts of a key");
  EXPECT_EQ(check_key_version(0).error().text, "version is 0, 1 to 4294967295 is allowed");
  EXPECT_EQ(check_cluster_id("a\n").error().text,
            "cluster_id 'a\\x0a' has a control character at byte 1");
  EXPECT_EQ(check_region("a.b").error().text,
            "region 'a.b' has '.' at byte 1, and a region is one word of a topic");
  EXPECT_EQ(check_partition(std::string(256, 'p')).error().text,
            "partition_id has 256 bytes, at most 255 are allowed");
}

TEST(KeyRules, limits_themselves_are_allowed) {
  EXPECT_TRUE(check_namespace(std::string(kNamespaceBytesMax, 'n')));
  EXPECT_TRUE(check_key(std::string(kKeyBytesMax, 'k')));
  EXPECT_TRUE(check_subkey(""));
  EXPECT_TRUE(check_subkey(std::string(kKeyBytesMax, 's')));
  EXPECT_TRUE(check_key_version(1));
  EXPECT_TRUE(check_key_version(4'294'967'295));
  EXPECT_TRUE(check_cluster_id(std::string(kClusterIdBytesMax, 'c')));
  EXPECT_TRUE(check_region(std::string(kRegionBytesMax, 'r')));
  EXPECT_TRUE(check_partition(std::string(kPartitionBytesMax, 'p')));
  EXPECT_TRUE(check_topic_prefix(kDefaultTopicPrefix));
  EXPECT_TRUE(check_topic_prefix(std::string(kTopicPrefixBytesMax, 't')));
}

TEST(KeyRules, what_is_not_text_is_refused_everywhere) {
  const std::string not_utf8 = "a\xC3";
  for (const auto& check : {check_namespace, check_key, check_subkey, check_cluster_id,
                            check_region, check_partition, check_topic_prefix}) {
    EXPECT_FALSE(check(not_utf8));
  }
  EXPECT_FALSE(check_namespace(std::string_view("a\0", 2)));
  EXPECT_TRUE(check_key(std::string_view("\0\n", 2)));  // A key may hold anything that is UTF-8.
  EXPECT_FALSE(check_cluster_id(std::string_view("a\0b", 3)));
}

TEST(KeyRules, a_region_is_one_clean_word_of_a_topic) {
  for (const char* region : {"eu", "us-west-2", "\xE6\x97\xA5\xE6\x9C\xAC", "_"}) {
    EXPECT_TRUE(check_region(region)) << region;
  }
  for (const char* region :
       {"", "a b", "a.b", ".", "*", "#", "a*", "a#", "{a}", "a:b", "a\tb", "\xC2\xA0"}) {
    EXPECT_FALSE(check_region(region)) << region;
  }
}

TEST(KeyRules, a_topic_prefix_leaves_room_for_what_follows_it) {
  for (const char* prefix : {"", ".a", "a.", "a..b", "a.*", "#", "a b", "a{b}", "$SYS.x"}) {
    EXPECT_FALSE(check_topic_prefix(prefix)) << prefix;
  }
  EXPECT_FALSE(check_topic_prefix(std::string(kTopicPrefixBytesMax + 1, 't')));
  std::string words = "w";
  while (words.size() < 57) words += ".w";
  EXPECT_TRUE(check_topic_prefix(words)) << "29 words leave room for three of 32";
  EXPECT_FALSE(check_topic_prefix(words + ".w"));
  const std::string longest(kTopicPrefixBytesMax, 't');
  const std::string name(kNamespaceBytesMax, 'n');
  EXPECT_LE(invalidation_topic(longest, name, name).size(), 255U);
}

TEST(KeyFault, each_is_found_in_the_order_of_the_fields_and_has_a_name) {
  FederatedCacheKey key = plain();
  EXPECT_EQ(find_fault(key), std::nullopt);
  const auto expect = [&](KeyFault fault, std::string_view name) {
    EXPECT_EQ(find_fault(key), fault) << name;
    EXPECT_EQ(name_of(fault), name);
    EXPECT_FALSE(check_cache_key(key));
  };
  key.partition_id = "0:1";
  expect(KeyFault::separator_in_partition, "separator_in_partition");
  key.region = "";
  expect(KeyFault::empty_region, "empty_region");
  key.region = "a b";
  expect(KeyFault::bad_region, "bad_region");
  key.cluster_id = "\x7F";
  expect(KeyFault::control_in_cluster, "control_in_cluster");
  key.version = 0;
  expect(KeyFault::bad_version, "bad_version");
  key.subkey = ":";
  expect(KeyFault::separator_in_subkey, "separator_in_subkey");
  key.key = "";
  expect(KeyFault::empty_key, "empty_key");
  key.namespace_name = "#";
  expect(KeyFault::bad_namespace, "bad_namespace");
}

TEST(FederationTopics, follow_the_prefix) {
  EXPECT_EQ(invalidation_topic("p.q", "eu", "users"), "p.q.invalidation.eu.users");
  EXPECT_EQ(pattern_invalidation_topic("p.q", "eu"), "p.q.invalidation.eu.$pattern");
  EXPECT_EQ(replication_topic("p.q", "eu", "users"), "p.q.replication.eu.users");
  EXPECT_EQ(coherence_topic("p.q", "east"), "p.q.coherence.east");
}

TEST(FederationTopics, a_cluster_that_cannot_be_in_a_topic_has_no_coherence_topic) {
  EXPECT_TRUE(check_cluster_id("a b"));
  EXPECT_EQ(coherence_topic("p", "a b").error().code, ErrorCode::malformed);
  EXPECT_FALSE(coherence_topic("p", "#"));
  EXPECT_FALSE(coherence_topic(std::string(100, 'p'), std::string(200, 'c')));
}

}  // namespace
}  // namespace mpreg
