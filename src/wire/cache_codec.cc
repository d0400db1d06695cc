#include "wire/cache_codec.h"

#include "cache_generated.h"
#include "wire/cache_address.h"
#include "wire/cache_rules.h"
#include "wire/packet_writer.h"
#include "wire/payload_reader.h"

namespace mpreg {
namespace {

constexpr std::string_view kInvalidation = "cache_invalidation";
constexpr std::string_view kReplication = "cache_replication";

template <typename Table>
void take_tracking(PacketReader& in, std::string_view table, const Table& from, Tracking& to) {
  in.choice({table, "wait"}, from.wait(), WaitLevel::observed, to.wait);
  to.timeout_ms = from.timeout_ms();
}

template <typename Table>
void take_targets(PacketReader& in, std::string_view table, const Table& from,
                  std::vector<std::string>& to) {
  in.clusters({table, "targets"}, from.targets(), kTargetsMax, to);
  check_targets(in, table, to);
}

// What a fact that is to be sent must be so that it would be taken.
template <typename Fact>
void accept_common(PacketReader& in, std::string_view table, const Fact& fact, std::size_t tags) {
  const CacheAddress& address = fact.address;
  in.accept_text({table, "namespace_name"}, address.namespace_name, kNamespaceBytesMax);
  in.accept_text({table, "key"}, address.key, kKeyBytesMax);
  in.accept_text({table, "subkey"}, address.subkey, kKeyBytesMax);
  in.accept_text({table, "region"}, address.region, kRegionBytesMax);
  if (in.accept_count({table, "targets"}, fact.targets.size(), kTargetsMax)) {
    for (const std::string& target : fact.targets) in.accept_cluster({table, "targets"}, target);
  }
  check_targets(in, table, fact.targets);
  WaitLevel wait{};
  in.choice({table, "wait"}, fact.tracking.wait, WaitLevel::observed, wait);
  const auto& seen = fact.seen.entries();
  if (in.accept_count({table, "seen"}, seen.size(), kClustersMax)) {
    for (const auto& [cluster, time] : seen) in.accept_cluster({"writer_time", "cluster"}, cluster);
  }
  if (!in.accept_count({table, "depends_on"}, fact.depends_on.size(), kTagsPerEntryMax - tags)) {
    return;
  }
  for (const std::string& key : fact.depends_on) {
    if (in.accept_text({table, "depends_on"}, key, kKeyBytesMax)) in.require(table, check_key(key));
  }
  (void)in.accept_count({table, "ancestors"}, fact.ancestors.size(), kAncestorsMax);
}

void check_meaning(PacketReader& in, const CacheInvalidation& fact) {
  const bool is_of_one_key = fact.type == InvalidationType::single_key;
  check_address(in, kInvalidation, fact.address, address_rules_of(fact.type));
  if (fact.type == InvalidationType::pattern) {
    check_key_pattern(in, kInvalidation, fact.address.key);
  }
  if (fact.type == InvalidationType::tag && fact.address.key.size() > kTagBytesMax) {
    in.refuse({kInvalidation, "key"}, "is a tag of " + std::to_string(fact.address.key.size()) +
                                          " bytes, at most 255 are allowed");
  }
  if (fact.erased && !is_of_one_key) {
    in.refuse({kInvalidation, "erased"}, "is of one key: the type must be single_key");
  }
  if (fact.claim && !is_of_one_key) {
    in.refuse({kInvalidation, "claim"}, "is of one key: the type must be single_key");
  }
  check_priority(in, kInvalidation, fact.priority);
  check_ttl(in, kInvalidation, fact.ttl_ms);
}

void require_targets(PacketReader& in, std::string_view table,
                     const std::vector<std::string>& targets) {
  if (targets.empty()) in.refuse({table, "targets"}, "are empty, 1 to 256 are required");
}

void check_meaning(PacketReader& in, const CacheReplication& fact) {
  check_address(in, kReplication, fact.address, {});
  require_targets(in, kReplication, fact.targets);
  check_priority(in, kReplication, fact.priority);
  check_ttl(in, kReplication, fact.ttl_ms);
}

Result<void> verdict(const PacketReader& in) {
  if (in.ok()) return {};
  return tl::unexpected<Error>(in.error());
}

template <typename Table>
void take_tags(PacketReader& in, std::string_view table, const Table& from,
               std::vector<std::string>& to) {
  in.lines({table, "tags"}, from.tags(), kTagsPerEntryMax, kTagBytesMax, to);
}

// Keys: of them the entry holds a hash each, as of its tags.
template <typename Table>
void take_dependencies(PacketReader& in, std::string_view table, const Table& from,
                       std::size_t tags, std::vector<std::string>& to) {
  if (from.depends_on() == nullptr) return;
  if (!in.accept_count({table, "depends_on"}, from.depends_on()->size(), kTagsPerEntryMax - tags)) {
    return;
  }
  for (const auto* key : *from.depends_on()) {
    in.text({table, "depends_on"}, key, kKeyBytesMax, to.emplace_back());
    if (in.ok()) in.require(table, check_key(to.back()));
  }
}

template <typename Table>
void take_ancestors(PacketReader& in, std::string_view table, const Table& from,
                    std::vector<std::uint32_t>& to) {
  in.numbers({table, "ancestors"}, from.ancestors(), kAncestorsMax, to);
}

flatbuffers::Offset<flatbuffers::Vector<std::uint32_t>> put_ancestors(
    Builder& out, const std::vector<std::uint32_t>& ancestors) {
  if (ancestors.empty()) return 0;
  return out.CreateVector(ancestors);
}

void take_grant(PacketReader& in, const wire::ClaimGrant& from, ClaimGrant& to) {
  in.cluster({"claim_grant", "holder"}, from.holder(), to.holder);
  to.client = from.client();
  to.request = from.request();
  to.lease_ms = from.lease_ms();
  to.limit = from.limit();
}

flatbuffers::Offset<wire::CacheInvalidation> put(Builder& out, const CacheInvalidation& fact) {
  const AddressOffsets address = put_address(out, fact.address);
  const auto targets = put_texts(out, fact.targets);
  const auto reason = put_text(out, fact.reason);
  const auto seen = put_seen(out, fact.seen);
  const auto depends_on = put_texts(out, fact.depends_on);
  const auto ancestors = put_ancestors(out, fact.ancestors);
  flatbuffers::Offset<wire::ClaimGrant> claim;
  if (fact.claim) {
    claim = wire::CreateClaimGrant(out, put_text(out, fact.claim->holder), fact.claim->client,
                                   fact.claim->request, fact.claim->lease_ms, fact.claim->limit);
  }
  return wire::CreateCacheInvalidation(
      out, address.namespace_name, address.key, address.subkey, fact.address.version,
      address.region, static_cast<wire::InvalidationType>(fact.type), targets, fact.priority,
      fact.ttl_ms, reason, static_cast<wire::WaitLevel>(fact.tracking.wait),
      fact.tracking.timeout_ms, fact.erased, seen, depends_on, fact.resolved, fact.fence, claim,
      fact.written, ancestors);
}

}  // namespace

Frame encode_invalidation(const CacheInvalidation& fact) {
  return encode_root(nullptr, [&](Builder& out) { return put(out, fact); });
}

void encode_into(const CacheInvalidation& fact, std::vector<std::byte>& to) {
  build_root(
      nullptr, [&](Builder& out) { return put(out, fact); },
      [&](Bytes bytes) { to.assign(bytes.begin(), bytes.end()); });
}

Result<void> check_invalidation(const CacheInvalidation& fact) {
  PacketReader in;
  InvalidationType type{};
  in.choice({kInvalidation, "type"}, fact.type, InvalidationType::tag, type);
  accept_common(in, kInvalidation, fact, 0);
  in.accept_text({kInvalidation, "reason"}, fact.reason, kCacheReasonBytesMax);
  if (fact.claim) in.accept_cluster({"claim_grant", "holder"}, fact.claim->holder);
  if (in.ok()) check_meaning(in, fact);
  return verdict(in);
}

Result<CacheInvalidation> decode_invalidation(Bytes payload) {
  static constexpr std::string_view kTable = kInvalidation;
  return decode_payload<wire::CacheInvalidation, CacheInvalidation>(
      kTable, payload,
      [](PacketReader& in, const wire::CacheInvalidation& from, CacheInvalidation& to) {
        take_address(in, kTable, from, to.address);
        in.choice({kTable, "type"}, from.type(), InvalidationType::tag, to.type);
        take_targets(in, kTable, from, to.targets);
        to.priority = from.priority();
        to.ttl_ms = from.ttl_ms();
        in.text({kTable, "reason"}, from.reason(), kCacheReasonBytesMax, to.reason);
        take_tracking(in, kTable, from, to.tracking);
        to.erased = from.erased();
        to.resolved = from.resolved();
        take_seen(in, kTable, from, to.seen);
        take_dependencies(in, kTable, from, 0, to.depends_on);
        take_ancestors(in, kTable, from, to.ancestors);
        to.fence = from.fence();
        to.written = from.written();
        if (from.claim() != nullptr) take_grant(in, *from.claim(), to.claim.emplace());
        check_meaning(in, to);
      });
}

Frame encode_replication(const CacheReplication& fact) {
  return encode_root(nullptr, [&](Builder& out) {
    const AddressOffsets address = put_address(out, fact.address);
    const auto targets = put_texts(out, fact.targets);
    const auto tags = put_texts(out, fact.tags);
    const auto seen = put_seen(out, fact.seen);
    const auto depends_on = put_texts(out, fact.depends_on);
    const auto ancestors = put_ancestors(out, fact.ancestors);
    return wire::CreateCacheReplication(
        out, address.namespace_name, address.key, address.subkey, fact.address.version,
        address.region, static_cast<wire::ReplicationStrategy>(fact.strategy), targets,
        fact.priority, fact.ttl_ms, fact.value_bytes,
        static_cast<wire::WaitLevel>(fact.tracking.wait), fact.tracking.timeout_ms, tags,
        fact.tracking.tells_each, seen, depends_on, fact.resolved, fact.fence, ancestors);
  });
}

Result<void> check_replication(const CacheReplication& fact) {
  PacketReader in;
  ReplicationStrategy strategy{};
  in.choice({kReplication, "strategy"}, fact.strategy, ReplicationStrategy::custom, strategy);
  if (in.accept_count({kReplication, "tags"}, fact.tags.size(), kTagsPerEntryMax)) {
    for (const std::string& tag : fact.tags) {
      in.accept_line({kReplication, "tags"}, tag, kTagBytesMax);
    }
    accept_common(in, kReplication, fact, fact.tags.size());
  }
  if (in.ok()) check_meaning(in, fact);
  return verdict(in);
}

Result<CacheReplication> decode_replication(Bytes payload) {
  static constexpr std::string_view kTable = kReplication;
  return decode_payload<wire::CacheReplication, CacheReplication>(
      kTable, payload,
      [](PacketReader& in, const wire::CacheReplication& from, CacheReplication& to) {
        take_address(in, kTable, from, to.address);
        in.choice({kTable, "strategy"}, from.strategy(), ReplicationStrategy::custom, to.strategy);
        take_targets(in, kTable, from, to.targets);
        to.priority = from.priority();
        to.ttl_ms = from.ttl_ms();
        to.value_bytes = from.value_bytes();
        take_tags(in, kTable, from, to.tags);
        take_tracking(in, kTable, from, to.tracking);
        to.tracking.tells_each = from.tells_each();
        to.resolved = from.resolved();
        take_seen(in, kTable, from, to.seen);
        take_dependencies(in, kTable, from, to.tags.size(), to.depends_on);
        take_ancestors(in, kTable, from, to.ancestors);
        to.fence = from.fence();
        check_meaning(in, to);
      });
}

Frame encode_value(const CacheValue& value) {
  return encode_root(nullptr, [&](Builder& out) {
    // The value first: a builder fills its buffer from the back, and small things then share a
    // cache line at the front.
    flatbuffers::Offset<flatbuffers::Vector<std::uint8_t>> bytes;
    if (!value.value.empty()) {
      bytes = out.CreateVector(reinterpret_cast<const std::uint8_t*>(value.value.data()),
                               value.value.size());
    }
    const AddressOffsets address = put_address(out, value.address);
    const auto targets = put_texts(out, value.targets);
    const auto tags = put_texts(out, value.tags);
    const auto depends_on = put_texts(out, value.depends_on);
    const auto ancestors = put_ancestors(out, value.ancestors);
    return wire::CreateCacheValue(out, address.namespace_name, address.key, address.subkey,
                                  value.address.version, address.region, targets, value.ttl_ms,
                                  value.fact_operation, bytes, tags, value.timeout_ms, depends_on,
                                  ancestors);
  });
}

Result<CacheValue> decode_value(Bytes payload) {
  static constexpr std::string_view kTable = "cache_value";
  return decode_payload<wire::CacheValue, CacheValue>(
      kTable, payload, [](PacketReader& in, const wire::CacheValue& from, CacheValue& to) {
        take_address(in, kTable, from, to.address);
        take_targets(in, kTable, from, to.targets);
        to.ttl_ms = from.ttl_ms();
        to.fact_operation = from.fact_operation();
        take_tags(in, kTable, from, to.tags);
        take_dependencies(in, kTable, from, to.tags.size(), to.depends_on);
        take_ancestors(in, kTable, from, to.ancestors);
        to.timeout_ms = from.timeout_ms();
        check_address(in, kTable, to.address, {});
        require_targets(in, kTable, to.targets);
        check_ttl(in, kTable, to.ttl_ms);
        if (!in.ok() || from.value() == nullptr) return;
        to.value = as_text(std::as_bytes(std::span(from.value()->Data(), from.value()->size())));
      });
}

Frame encode_claim(const ClaimRecord& claim) {
  return encode_root(nullptr, [&](Builder& out) {
    const AddressOffsets address = put_address(out, claim.address);
    const auto claim_home = put_text(out, claim.claim.home);
    const auto home = put_text(out, claim.home);
    const auto holder = put_text(out, claim.holder);
    const auto reason = put_text(out, claim.reason);
    return wire::CreateClaimRecord(out, address.namespace_name, address.key, address.subkey,
                                   claim.address.version, address.region,
                                   static_cast<wire::ClaimStep>(claim.step), claim.claim.token,
                                   claim_home, home, holder, claim.client, claim.request,
                                   claim.lease_ms, claim.wait_ms, claim.limit, reason);
  });
}

Result<ClaimRecord> decode_claim(Bytes payload) {
  static constexpr std::string_view kTable = "claim_record";
  return decode_payload<wire::ClaimRecord, ClaimRecord>(
      kTable, payload, [](PacketReader& in, const wire::ClaimRecord& from, ClaimRecord& to) {
        take_address(in, kTable, from, to.address);
        in.choice({kTable, "step"}, from.step(), ClaimStep::refuse, to.step);
        to.claim.token = from.token();
        in.text({kTable, "claim_home"}, from.claim_home(), kClusterIdBytesMax, to.claim.home);
        in.text({kTable, "home"}, from.home(), kClusterIdBytesMax, to.home);
        in.text({kTable, "holder"}, from.holder(), kClusterIdBytesMax, to.holder);
        to.client = from.client();
        to.request = from.request();
        to.lease_ms = from.lease_ms();
        to.wait_ms = from.wait_ms();
        to.limit = from.limit();
        in.text({kTable, "reason"}, from.reason(), kCacheReasonBytesMax, to.reason);
        check_address(in, kTable, to.address, {});
      });
}

}  // namespace mpreg
