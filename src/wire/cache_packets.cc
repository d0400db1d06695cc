#include "wire/packet_families.h"

namespace mpreg {

flatbuffers::Offset<wire::OperationOutcome> write(Builder& out, const OperationOutcome& from) {
  const auto confirmed = put_texts(out, from.confirmed);
  const auto missing = put_texts(out, from.missing);
  return wire::CreateOperationOutcome(out, from.operation, static_cast<wire::Outcome>(from.outcome),
                                      confirmed, missing, from.latency_us);
}

void read(PacketReader& in, const wire::OperationOutcome& from, OperationOutcome& to) {
  to.operation = from.operation();
  in.choice({"operation_outcome", "outcome"}, from.outcome(), Outcome::failed, to.outcome);
  in.clusters({"operation_outcome", "confirmed"}, from.confirmed(), kClustersMax, to.confirmed);
  in.clusters({"operation_outcome", "missing"}, from.missing(), kClustersMax, to.missing);
  to.latency_us = from.latency_us();
}

flatbuffers::Offset<wire::CompleteOperation> write(Builder& out, const CompleteOperation& from) {
  return wire::CreateCompleteOperation(out, from.request, from.operation, from.success);
}

void read(PacketReader& /*in*/, const wire::CompleteOperation& from, CompleteOperation& to) {
  to.request = from.request();
  to.operation = from.operation();
  to.success = from.success();
}

}  // namespace mpreg
