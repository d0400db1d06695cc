#include "wire/cache_codec.h"

#include "cache_generated.h"
#include "wire/cache_address.h"
#include "wire/cache_rules.h"
#include "wire/packet_writer.h"
#include "wire/payload_reader.h"

namespace mpreg {
namespace {

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

void require_targets(PacketReader& in, std::string_view table,
                     const std::vector<std::string>& targets) {
  if (targets.empty()) in.refuse({table, "targets"}, "are empty, 1 to 256 are required");
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

void take_grant(PacketReader& in, const wire::ClaimGrant& from, ClaimGrant& to) {
  in.cluster({"claim_grant", "holder"}, from.holder(), to.holder);
  to.client = from.client();
  to.request = from.request();
  to.lease_ms = from.lease_ms();
  to.limit = from.limit();
}

}  // namespace

Frame encode_invalidation(const CacheInvalidation& fact) {
  return encode_root(nullptr, [&](Builder& out) {
    const AddressOffsets address = put_address(out, fact.address);
    const auto targets = put_texts(out, fact.targets);
    const auto reason = put_text(out, fact.reason);
    const auto seen = put_seen(out, fact.seen);
    const auto depends_on = put_texts(out, fact.depends_on);
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
        fact.written);
  });
}

Result<CacheInvalidation> decode_invalidation(Bytes payload) {
  static constexpr std::string_view kTable = "cache_invalidation";
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
        to.fence = from.fence();
        to.written = from.written();
        if (from.claim() != nullptr) take_grant(in, *from.claim(), to.claim.emplace());
        check_address(in, kTable, to.address, address_rules_of(to.type));
        if (to.type == InvalidationType::pattern) check_key_pattern(in, kTable, to.address.key);
        if (to.type == InvalidationType::tag && to.address.key.size() > kTagBytesMax) {
          in.refuse({kTable, "key"}, "is a tag of " + std::to_string(to.address.key.size()) +
                                         " bytes, at most 255 are allowed");
        }
        if (to.erased && to.type != InvalidationType::single_key) {
          in.refuse({kTable, "erased"}, "is of one key: the type must be single_key");
        }
        if (to.claim && to.type != InvalidationType::single_key) {
          in.refuse({kTable, "claim"}, "is of one key: the type must be single_key");
        }
        check_priority(in, kTable, to.priority);
        check_ttl(in, kTable, to.ttl_ms);
      });
}

Frame encode_replication(const CacheReplication& fact) {
  return encode_root(nullptr, [&](Builder& out) {
    const AddressOffsets address = put_address(out, fact.address);
    const auto targets = put_texts(out, fact.targets);
    const auto tags = put_texts(out, fact.tags);
    const auto seen = put_seen(out, fact.seen);
    const auto depends_on = put_texts(out, fact.depends_on);
    return wire::CreateCacheReplication(
        out, address.namespace_name, address.key, address.subkey, fact.address.version,
        address.region, static_cast<wire::ReplicationStrategy>(fact.strategy), targets,
        fact.priority, fact.ttl_ms, fact.value_bytes,
        static_cast<wire::WaitLevel>(fact.tracking.wait), fact.tracking.timeout_ms, tags,
        fact.tracking.tells_each, seen, depends_on, fact.resolved, fact.fence);
  });
}

Result<CacheReplication> decode_replication(Bytes payload) {
  static constexpr std::string_view kTable = "cache_replication";
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
        to.fence = from.fence();
        check_address(in, kTable, to.address, {});
        require_targets(in, kTable, to.targets);
        check_priority(in, kTable, to.priority);
        check_ttl(in, kTable, to.ttl_ms);
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
    return wire::CreateCacheValue(out, address.namespace_name, address.key, address.subkey,
                                  value.address.version, address.region, targets, value.ttl_ms,
                                  value.fact_operation, bytes, tags, value.timeout_ms, depends_on);
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
