#include "wire/cache_codec.h"

#include <gtest/gtest.h>

#include <limits>

#include "message/cache_key.h"
#include "unit/wire/sample_packets.h"

namespace mpreg {
namespace {

// Only what is required.
template <typename Fact>
Fact plain() {
  Fact fact;
  fact.address.namespace_name = "n";
  fact.address.key = "k";
  return fact;
}
CacheInvalidation plain_invalidation() { return plain<CacheInvalidation>(); }
CacheReplication plain_replication() {
  auto fact = plain<CacheReplication>();
  fact.targets = {"east"};
  return fact;
}
CacheValue plain_value() {
  auto value = plain<CacheValue>();
  value.targets = {"east"};
  return value;
}

// What is sent is held against the same rules as what is received, with the same words.
std::string refusal_of(const CacheInvalidation& fact) {
  const auto back = decode_invalidation(encode_invalidation(fact).bytes());
  const auto checked = check_invalidation(fact);
  EXPECT_EQ(checked ? "" : checked.error().text, back ? "" : back.error().text);
  return back ? "" : back.error().text;
}
std::string refusal_of(const CacheReplication& fact) {
  const auto back = decode_replication(encode_replication(fact).bytes());
  const auto checked = check_replication(fact);
  EXPECT_EQ(checked ? "" : checked.error().text, back ? "" : back.error().text);
  return back ? "" : back.error().text;
}
std::string refusal_of(const CacheValue& value) {
  const auto back = decode_value(encode_value(value).bytes());
  return back ? "" : back.error().text;
}

// The value of a function that changes a plain fact.
template <typename Change>
CacheInvalidation invalidation(Change change) {
  CacheInvalidation fact = plain_invalidation();
  change(fact);
  return fact;
}

TEST(CacheCodec, facts_come_back_as_they_went) {
  EXPECT_EQ(decode_invalidation(encode_invalidation(full_invalidation()).bytes()),
            full_invalidation());
  EXPECT_EQ(decode_replication(encode_replication(full_replication()).bytes()), full_replication());
  EXPECT_EQ(decode_value(encode_value(full_value()).bytes()), full_value());
  EXPECT_EQ(decode_invalidation(encode_invalidation(plain_invalidation()).bytes()),
            plain_invalidation());
  EXPECT_EQ(decode_replication(encode_replication(plain_replication()).bytes()),
            plain_replication());
  EXPECT_EQ(decode_value(encode_value(plain_value()).bytes()), plain_value());
}

TEST(CacheCodec, facts_may_lie_at_any_alignment) {
  const Frame frame = encode_invalidation(full_invalidation());
  for (std::size_t shift = 0; shift < 8; ++shift) {
    std::vector<std::byte> buffer(frame.size() + shift);
    std::copy(frame.bytes().begin(), frame.bytes().end(),
              buffer.begin() + static_cast<std::ptrdiff_t>(shift));
    EXPECT_EQ(decode_invalidation(Bytes(buffer).subspan(shift)), full_invalidation()) << shift;
  }
}

TEST(CacheCodec, large_keys_and_values_come_back_as_they_went) {
  CacheValue value = full_value();
  value.address.key.assign(65'535, 'k');
  value.value.assign(1U << 20U, 'v');
  EXPECT_EQ(decode_value(encode_value(value).bytes()), value);
}

TEST(CacheCodec, every_type_and_the_names_that_it_needs) {
  for (const auto type :
       {InvalidationType::single_key, InvalidationType::pattern, InvalidationType::namespace_all,
        InvalidationType::region, InvalidationType::cluster_sync, InvalidationType::cascade}) {
    CacheInvalidation fact = plain_invalidation();
    fact.type = type;
    EXPECT_EQ(refusal_of(fact), "");

    fact.address.key.clear();
    const bool is_about_keys = type == InvalidationType::single_key ||
                               type == InvalidationType::pattern ||
                               type == InvalidationType::cascade;
    EXPECT_EQ(refusal_of(fact).empty(), !is_about_keys) << static_cast<int>(type);

    fact = plain_invalidation();
    fact.type = type;
    fact.address.namespace_name.clear();
    const bool may_lack_namespace =
        type == InvalidationType::region || type == InvalidationType::cluster_sync;
    EXPECT_EQ(refusal_of(fact).empty(), may_lack_namespace) << static_cast<int>(type);
  }
}

TEST(CacheCodec, names_that_break_a_rule_are_refused) {
  const auto named = [](std::string_view start, const std::string& text) {
    return text.starts_with(start) ? "" : "got: " + text;
  };
  for (const char* name : {"", "a.b", "a:b", "*", "_", "--", "\xC3\xA4", "a b"}) {
    EXPECT_EQ(named("cache_invalidation: namespace ",
                    refusal_of(invalidation([&](auto& f) { f.address.namespace_name = name; }))),
              "")
        << name;
  }
  EXPECT_EQ(refusal_of(invalidation([](auto& f) { f.address.namespace_name.assign(65, 'n'); })),
            "cache_invalidation.namespace_name has 65 bytes, at most 64 are allowed");
  EXPECT_EQ(refusal_of(invalidation([](auto& f) { f.address.key.assign(65'536, 'k'); })),
            "cache_invalidation.key has 65536 bytes, at most 65535 are allowed");
  EXPECT_EQ(refusal_of(invalidation([](auto& f) { f.address.key = "\x80"; })),
            "cache_invalidation.key is '\\x80', not valid UTF-8 at byte 0");
  EXPECT_EQ(named("cache_invalidation: subkey ",
                  refusal_of(invalidation([](auto& f) { f.address.subkey = "a:b"; }))),
            "");
  EXPECT_EQ(named("cache_invalidation: version is 0",
                  refusal_of(invalidation([](auto& f) { f.address.version = 0; }))),
            "");
  for (const char* region : {"", "a.b", "a b", "#", "a:b"}) {
    EXPECT_EQ(named("cache_invalidation: region ",
                    refusal_of(invalidation([&](auto& f) { f.address.region = region; }))),
              "")
        << region;
  }
  EXPECT_EQ(refusal_of(invalidation([](auto& f) {
              f.type = InvalidationType::pattern;
              f.address.key.assign(256, 'k');
            })),
            "cache_invalidation.key is a pattern of 256 bytes, at most 255 are allowed");
}

TEST(CacheCodec, targets_that_break_a_rule_are_refused) {
  const auto refusal = [](std::vector<std::string> targets) {
    return refusal_of(invalidation([&](auto& f) { f.targets = std::move(targets); }));
  };
  std::vector<std::string> many;
  for (int i = 0; i < 256; ++i) many.push_back("c" + std::to_string(i));
  EXPECT_EQ(refusal(many), "");
  many.emplace_back("one-more");
  EXPECT_EQ(refusal(many), "cache_invalidation.targets has 257 elements, at most 256 are allowed");
  EXPECT_EQ(refusal({"b", "a", "b"}), "cache_invalidation.targets name 'b' twice");
  EXPECT_EQ(refusal({"a", ""}),
            "cache_invalidation.targets hold an empty cluster id, at least 1 byte is required");
  EXPECT_EQ(refusal({"a:b"}), "cache_invalidation.targets is 'a:b', with a ':'");
  EXPECT_EQ(refusal({"a\n"}),
            "cache_invalidation.targets is 'a\\x0a', with a control character at byte 1");
  EXPECT_EQ(refusal({std::string(kClusterIdBytesMax + 1, 'c')}),
            "cache_invalidation.targets has " + std::to_string(kClusterIdBytesMax + 1) +
                " bytes, at most " + std::to_string(kClusterIdBytesMax) + " are allowed");
}

TEST(CacheCodec, numbers_that_break_a_rule_are_refused) {
  const auto with_priority = [](double priority) {
    return refusal_of(invalidation([&](auto& f) { f.priority = priority; }));
  };
  EXPECT_EQ(with_priority(0.0), "");
  EXPECT_EQ(with_priority(10.0), "");
  EXPECT_EQ(with_priority(10.5), "cache_invalidation.priority is 10.500000, allowed are 0 to 10");
  EXPECT_EQ(with_priority(-0.5), "cache_invalidation.priority is -0.500000, allowed are 0 to 10");
  EXPECT_NE(with_priority(std::numeric_limits<double>::quiet_NaN()), "");
  EXPECT_NE(with_priority(std::numeric_limits<double>::infinity()), "");

  const std::uint64_t year_ms = 365ULL * 24 * 60 * 60 * 1000;
  EXPECT_EQ(refusal_of(invalidation([&](auto& f) { f.ttl_ms = year_ms; })), "");
  EXPECT_EQ(refusal_of(invalidation([&](auto& f) { f.ttl_ms = year_ms + 1; })),
            "cache_invalidation.ttl_ms is 31536000001, at most 31536000000 (365 days) are allowed");
  EXPECT_EQ(refusal_of(invalidation([](auto& f) { f.reason.assign(256, 'r'); })), "");
  EXPECT_EQ(refusal_of(invalidation([](auto& f) { f.reason.assign(257, 'r'); })),
            "cache_invalidation.reason has 257 bytes, at most 256 are allowed");
  EXPECT_EQ(refusal_of(invalidation([](auto& f) { f.type = static_cast<InvalidationType>(7); })),
            "cache_invalidation.type is 7, at most 6 is known");
  EXPECT_EQ(refusal_of(invalidation([](auto& f) { f.tracking.wait = static_cast<WaitLevel>(3); })),
            "cache_invalidation.wait is 3, at most 2 is known");
}

TEST(CacheCodec, replications_and_values_need_targets_and_keep_the_same_rules) {
  CacheReplication fact = plain_replication();
  fact.targets.clear();
  EXPECT_EQ(refusal_of(fact), "cache_replication.targets are empty, 1 to 256 are required");
  fact = plain_replication();
  fact.strategy = static_cast<ReplicationStrategy>(7);
  EXPECT_EQ(refusal_of(fact), "cache_replication.strategy is 7, at most 6 is known");
  fact = plain_replication();
  fact.address.key.clear();
  EXPECT_NE(refusal_of(fact), "");
  fact = plain_replication();
  fact.priority = 11;
  EXPECT_NE(refusal_of(fact), "");
  fact = plain_replication();
  fact.ttl_ms = 365ULL * 24 * 60 * 60 * 1000 + 1;
  EXPECT_NE(refusal_of(fact), "");

  CacheValue value = plain_value();
  value.targets.clear();
  EXPECT_EQ(refusal_of(value), "cache_value.targets are empty, 1 to 256 are required");
  value = plain_value();
  value.targets = {"a", "a"};
  EXPECT_EQ(refusal_of(value), "cache_value.targets name 'a' twice");
  value = plain_value();
  value.address.namespace_name.clear();
  EXPECT_NE(refusal_of(value), "");
  value = plain_value();
  value.ttl_ms = 365ULL * 24 * 60 * 60 * 1000 + 1;
  EXPECT_NE(refusal_of(value), "");
}

TEST(CacheCodec, bytes_that_are_no_fact_are_refused) {
  EXPECT_EQ(decode_invalidation({}).error().text,
            "cache_invalidation of 0 bytes is not a verifiable FlatBuffer");
  EXPECT_EQ(decode_replication(as_bytes("0123456789abcdef")).error().code, ErrorCode::malformed);
  const Frame frame = encode_value(full_value());
  for (std::size_t size = 0; size + 8 < frame.size(); ++size) {
    EXPECT_FALSE(decode_value(frame.bytes().first(size)).has_value()) << size;
  }
}

TEST(CacheCodec, claims_come_back_as_they_went) {
  CacheInvalidation claim = plain_invalidation();
  claim.fence = 1;
  claim.written = true;
  claim.claim = ClaimGrant{"east", 2, 3, 4, 5};
  const Frame claim_bytes = encode_invalidation(claim);
  EXPECT_EQ(decode_invalidation(claim_bytes.bytes()), claim);
  claim.type = InvalidationType::pattern;
  EXPECT_NE(refusal_of(claim), "");

  ClaimRecord record;
  record.address = plain_invalidation().address;
  record.step = ClaimStep::renew;
  record.claim = {6, "hub"};
  record.home = "west";
  record.holder = "east";
  record.client = 7;
  record.request = 8;
  record.lease_ms = 9;
  record.wait_ms = 10;
  record.limit = 11;
  record.reason = "because";
  const Frame bytes = encode_claim(record);
  EXPECT_EQ(decode_claim(bytes.bytes()), record);
  EXPECT_FALSE(decode_claim(bytes.bytes().first(bytes.size() / 2)));
}

}  // namespace
}  // namespace mpreg
