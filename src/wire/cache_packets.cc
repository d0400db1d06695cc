#include "wire/cache_address.h"
#include "wire/cache_rules.h"
#include "wire/packet_families.h"

namespace mpreg {

flatbuffers::Offset<wire::OperationOutcome> write(Builder& out, const OperationOutcome& from) {
  wire::EndedOperation* ended = nullptr;
  const auto operations = out.CreateUninitializedVectorOfStructs(from.operations.size(), &ended);
  for (const EndedOperation& one : from.operations) {
    *ended++ = wire::EndedOperation(one.operation, one.latency_us);
  }
  const auto confirmed = put_texts(out, from.confirmed);
  const auto missing = put_texts(out, from.missing);
  const auto fenced = put_texts(out, from.fenced);
  const auto failed = put_all(out, from.failed, [](Builder& to, const FailedAt& one) {
    return wire::CreateFailedAt(to, put_text(to, one.cluster),
                                static_cast<wire::ApplyFailure>(one.reason));
  });
  flatbuffers::Offset<wire::Accepted> accepted;
  if (from.accepted) accepted = write(out, *from.accepted);
  return wire::CreateOperationOutcome(out, operations, static_cast<wire::Outcome>(from.outcome),
                                      confirmed, missing, fenced, accepted, failed);
}

void read(PacketReader& in, const wire::OperationOutcome& from, OperationOutcome& to) {
  in.elements({"operation_outcome", "operations"}, from.operations(), kOutcomesMax, to.operations,
              [](const wire::EndedOperation* one) {
                return EndedOperation{one->operation(), one->latency_us()};
              });
  in.choice({"operation_outcome", "outcome"}, from.outcome(), Outcome::acknowledged, to.outcome);
  in.clusters({"operation_outcome", "confirmed"}, from.confirmed(), kClustersMax, to.confirmed);
  in.clusters({"operation_outcome", "missing"}, from.missing(), kClustersMax, to.missing);
  in.clusters({"operation_outcome", "fenced"}, from.fenced(), kClustersMax, to.fenced);
  in.tables(
      {"operation_outcome", "failed"}, from.failed(), kClustersMax, to.failed,
      [&](const wire::FailedAt& one, FailedAt& into) {
        in.cluster({"failed_at", "cluster"}, one.cluster(), into.cluster);
        in.choice({"failed_at", "reason"}, one.reason(), ApplyFailure::no_capacity, into.reason);
      });
  if (from.accepted() != nullptr) read(in, *from.accepted(), to.accepted.emplace());
}

flatbuffers::Offset<wire::CompleteOperation> write(Builder& out, const CompleteOperation& from) {
  return wire::CreateCompleteOperation(out, from.request, from.operation, from.success);
}

void read(PacketReader& /*in*/, const wire::CompleteOperation& from, CompleteOperation& to) {
  to.request = from.request();
  to.operation = from.operation();
  to.success = from.success();
}

flatbuffers::Offset<wire::CacheGet> write(Builder& out, const CacheGet& from) {
  const AddressOffsets address = put_address(out, from.address);
  const auto positions = put_positions(out, from.positions);
  const auto cluster = put_text(out, from.cluster);
  const auto asker = put_text(out, from.asker);
  return wire::CreateCacheGet(out, from.request, address.namespace_name, address.key,
                              address.subkey, from.address.version, address.region, positions,
                              from.wait_ms, cluster, from.with_value, asker, from.hops);
}

void read(PacketReader& in, const wire::CacheGet& from, CacheGet& to) {
  to.request = from.request();
  take_address(in, "cache_get", from, to.address);
  take_positions(in, {"cache_get", "positions"}, from.positions(), to.positions);
  to.wait_ms = from.wait_ms();
  in.cluster({"cache_get", "cluster"}, from.cluster(), to.cluster);
  to.with_value = from.with_value();
  in.cluster({"cache_get", "asker"}, from.asker(), to.asker);
  to.hops = from.hops();
}

flatbuffers::Offset<wire::CacheGot> write(Builder& out, const CacheGot& from) {
  const auto value =
      out.CreateVector(reinterpret_cast<const std::uint8_t*>(from.value.data()), from.value.size());
  const auto origin = put_text(out, from.origin);
  const auto tags = from.tags.empty() ? 0 : out.CreateVector(from.tags);
  const auto seen = put_seen(out, from.seen);
  const auto asker = put_text(out, from.asker);
  flatbuffers::Offset<wire::StreamPosition> position;
  if (from.position != StreamPosition{}) position = write(out, from.position);
  return wire::CreateCacheGot(out, from.request, static_cast<wire::EntryState>(from.state), value,
                              from.version, origin, from.ttl_ms, tags, from.region, seen,
                              from.resolved, from.filled, from.absent, asker, from.hops, position);
}

void read(PacketReader& in, const wire::CacheGot& from, CacheGot& to) {
  to.request = from.request();
  in.choice({"cache_got", "state"}, from.state(), EntryState::pending, to.state);
  if (from.value() != nullptr) {
    to.value.assign(reinterpret_cast<const char*>(from.value()->Data()), from.value()->size());
  }
  to.version = from.version();
  in.text({"cache_got", "origin"}, from.origin(), kClusterIdBytesMax, to.origin);
  to.ttl_ms = from.ttl_ms();
  to.region = from.region();
  take_seen(in, "cache_got", from, to.seen);
  to.resolved = from.resolved();
  to.filled = from.filled();
  to.absent = from.absent();
  in.cluster({"cache_got", "asker"}, from.asker(), to.asker);
  to.hops = from.hops();
  if (from.position() != nullptr) read(in, *from.position(), to.position);
  in.numbers({"cache_got", "tags"}, from.tags(), kTagsHeldMax, to.tags);
}

flatbuffers::Offset<wire::LoadAsk> write(Builder& out, const LoadAsk& from) {
  const auto value =
      out.CreateVector(reinterpret_cast<const std::uint8_t*>(from.value.data()), from.value.size());
  const AddressOffsets address = put_address(out, from.address);
  const auto tags = from.tags.empty() ? 0 : out.CreateVector(from.tags);
  return wire::CreateLoadAsk(out, from.request, address.namespace_name, address.key, address.subkey,
                             from.address.version, address.region, from.lease_ms, from.loaded,
                             value, from.absent, from.ttl_ms, tags, from.grant);
}

void read(PacketReader& in, const wire::LoadAsk& from, LoadAsk& to) {
  to.request = from.request();
  take_address(in, "load_ask", from, to.address);
  to.lease_ms = from.lease_ms();
  to.loaded = from.loaded();
  to.absent = from.absent();
  to.ttl_ms = from.ttl_ms();
  if (to.loaded) check_ttl(in, "load_ask", to.ttl_ms);
  if (from.value() != nullptr) {
    to.value.assign(reinterpret_cast<const char*>(from.value()->Data()), from.value()->size());
  }
  to.grant = from.grant();
  in.numbers({"load_ask", "tags"}, from.tags(), kTagsHeldMax, to.tags);
}

flatbuffers::Offset<wire::LoadGranted> write(Builder& out, const LoadGranted& from) {
  return wire::CreateLoadGranted(out, from.request, from.granted, from.wait_ms);
}

void read(PacketReader& /*in*/, const wire::LoadGranted& from, LoadGranted& to) {
  to.request = from.request();
  to.granted = from.granted();
  to.wait_ms = from.wait_ms();
}

flatbuffers::Offset<wire::ClaimAsk> write(Builder& out, const ClaimAsk& from) {
  const AddressOffsets address = put_address(out, from.address);
  return wire::CreateClaimAsk(out, from.request, address.namespace_name, address.key,
                              address.subkey, from.address.version, address.region, from.token,
                              from.lease_ms, from.wait_ms);
}

void read(PacketReader& in, const wire::ClaimAsk& from, ClaimAsk& to) {
  to.request = from.request();
  take_address(in, "claim_ask", from, to.address);
  to.token = from.token();
  to.lease_ms = from.lease_ms();
  to.wait_ms = from.wait_ms();
}

flatbuffers::Offset<wire::ClaimGranted> write(Builder& out, const ClaimGranted& from) {
  return wire::CreateClaimGranted(out, from.request, from.token, from.lease_ms,
                                  put_text(out, from.home));
}

void read(PacketReader& in, const wire::ClaimGranted& from, ClaimGranted& to) {
  to.request = from.request();
  to.token = from.token();
  to.lease_ms = from.lease_ms();
  in.text({"claim_granted", "home"}, from.home(), kClusterIdBytesMax, to.home);
}

}  // namespace mpreg
