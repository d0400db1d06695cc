// keys.json: joined forms, topics, refusals, equality, copies with another place.

#include <gtest/gtest.h>

#include "golden/vectors.h"
#include "message/cache_key.h"

namespace mpreg::golden {
namespace {

FederatedCacheKey key_of(const Json& input) {
  FederatedCacheKey key;
  for (const auto& [field, value] : input.items()) {
    if (field == "namespace") {
      key.namespace_name = value;
    } else if (field == "key") {
      key.key = value;
    } else if (field == "subkey") {
      key.subkey = value;
    } else if (field == "version") {
      // A version that does not fit is refused before it is narrowed; 0 stands for it here.
      const auto version = value.get<std::int64_t>();
      key.version = check_key_version(version) ? static_cast<std::uint32_t>(version) : 0;
    } else if (field == "cluster_id") {
      key.cluster_id = value;
    } else if (field == "region") {
      key.region = value;
    } else if (field == "partition_id") {
      key.partition_id = value;
    } else {
      ADD_FAILURE() << "unknown field " << field;
    }
  }
  return key;
}

void expect_error(const Json& expected, const FederatedCacheKey& key) {
  const auto fault = find_fault(key);
  ASSERT_TRUE(fault.has_value()) << "accepted, expected " << expected;
  EXPECT_EQ(name_of(*fault), expected.get<std::string>());
  EXPECT_EQ(check_cache_key(key).error().code, ErrorCode::malformed);
}

void expect_joined(const Json& expected, const FederatedCacheKey& key) {
  const auto checked = check_cache_key(key);
  ASSERT_TRUE(checked) << checked.error().text;
  for (const auto& [form, text] : expected.items()) {
    if (form == "global_key") {
      EXPECT_EQ(key.global_key(), text.get<std::string>());
    } else if (form == "local_key") {
      EXPECT_EQ(key.local_key(), text.get<std::string>());
    } else if (form == "invalidation_topic") {
      EXPECT_EQ(invalidation_topic(kDefaultTopicPrefix, key.region, key.namespace_name),
                text.get<std::string>());
    } else {
      ADD_FAILURE() << "unknown form " << form;
    }
  }
}

void run_key(const Json& one) {
  const Json& expected = one.at("expected");
  const FederatedCacheKey key = key_of(one.at("input"));
  if (expected.contains("error")) {
    expect_error(expected["error"], key);
  } else {
    expect_joined(expected, key);
  }
}

void run_equality(const Json& one) {
  const FederatedCacheKey a = key_of(one.at("a"));
  const FederatedCacheKey b = key_of(one.at("b"));
  EXPECT_EQ(a == b, one.at("equal").get<bool>());
  EXPECT_EQ(std::hash<FederatedCacheKey>()(a) == std::hash<FederatedCacheKey>()(b),
            one.at("equal").get<bool>());
}

void run_variant(const Json& one) {
  const FederatedCacheKey key = key_of(one.at("input"));
  const std::string op = one.at("op");
  const std::string argument = one.at("arg");
  FederatedCacheKey changed = key;
  Result<FederatedCacheKey> copy = fail(ErrorCode::unsupported, "unknown op " + op);
  if (op == "with_cluster") {
    copy = key.with_cluster(argument);
    changed.cluster_id = argument;
  } else if (op == "with_region") {
    copy = key.with_region(argument);
    changed.region = argument;
  } else if (op == "with_partition") {
    copy = key.with_partition(argument);
    changed.partition_id = argument;
  } else {
    FAIL() << copy.error().text;
  }
  const Json& expected = one.at("expected");
  if (expected.contains("error")) {
    EXPECT_FALSE(copy.has_value());
    expect_error(expected["error"], changed);
    return;
  }
  ASSERT_TRUE(copy.has_value()) << copy.error().text;
  EXPECT_EQ(*copy, changed);
  expect_joined(expected, *copy);
}

TEST(KeyVectors, every_case_of_the_file_holds) {
  Vectors vectors("keys.json");
  vectors.run("cases", run_key);
  vectors.run("equality", run_equality);
  vectors.run("variants", run_variant);
  vectors.expect_all_ran();
}

}  // namespace
}  // namespace mpreg::golden
