#include "wire/packet_families.h"

namespace mpreg {
namespace {

flatbuffers::Offset<wire::RefillMark> write(Builder& out, const RefillMark& from) {
  const auto cluster = put_text(out, from.cluster);
  const auto route = put_texts(out, from.route);
  return wire::CreateRefillMark(out, cluster, from.generation, from.tag, from.is_lost, route);
}

void read(PacketReader& in, const wire::RefillMark& from, RefillMark& to) {
  in.cluster({"refill_mark", "cluster"}, from.cluster(), to.cluster);
  to.generation = from.generation();
  to.tag = from.tag();
  to.is_lost = from.is_lost();
  in.clusters({"refill_mark", "route"}, from.route(), kRouteMax, to.route);
}

wire::SeenPosition pack_seen(const SeenPosition& from) { return {from.stream, from.number}; }

}  // namespace

flatbuffers::Offset<wire::BatchHeader> write(Builder& out, const BatchHeader& from) {
  const auto origin = put_text(out, from.stream.origin);
  const auto declarations =
      put_all(out, from.declarations, [](Builder& to, const Declaration& declaration) {
        return wire::CreateDeclaration(to, declaration.alias, put_text(to, declaration.topic));
      });
  const auto left_out = put_texts(out, from.left_out);
  const auto complete_for =
      put_all(out, from.complete_for, [](Builder& to, const ClusterGeneration& one) {
        return wire::CreateClusterGeneration(to, put_text(to, one.cluster), one.generation);
      });
  flatbuffers::Offset<wire::RefillMark> refill;
  if (from.refill) refill = write(out, *from.refill);
  const auto unusable = from.unusable.empty() ? 0 : out.CreateVector(from.unusable);
  const auto seen = from.seen.empty() ? 0
                                      : out.CreateVectorOfNativeStructs<wire::SeenPosition>(
                                            from.seen.data(), from.seen.size(), pack_seen);
  return wire::CreateBatchHeader(
      out, origin, from.stream.incarnation.counter, from.stream.incarnation.instance,
      static_cast<wire::Lane>(from.stream.lane), from.after, from.through, from.interest_generation,
      from.hops, from.only_subscription, declarations, left_out,
      static_cast<wire::Completeness>(from.completeness), complete_for, refill,
      from.may_answer_later, from.is_share, unusable, from.applied, seen);
}

void read(PacketReader& in, const wire::BatchHeader& from, BatchHeader& to) {
  in.stream("batch_header", from, to.stream);
  to.after = from.after();
  to.through = from.through();
  in.require_at_most({"batch_header", "after"}, to.after, "through", to.through);
  to.interest_generation = from.interest_generation();
  to.hops = from.hops();
  to.only_subscription = from.only_subscription();
  in.tables({"batch_header", "declarations"}, from.declarations(), kDeclarationsMax,
            to.declarations, [&](const wire::Declaration& one, Declaration& into) {
              into.alias = one.alias();
              in.line({"declaration", "topic"}, one.topic(), kTopicTextBytesMax, into.topic);
            });
  in.clusters({"batch_header", "left_out"}, from.left_out(), kClustersMax, to.left_out);
  in.choice({"batch_header", "completeness"}, from.completeness(), Completeness::told_here,
            to.completeness);
  in.tables({"batch_header", "complete_for"}, from.complete_for(), kClustersMax, to.complete_for,
            [&](const wire::ClusterGeneration& one, ClusterGeneration& into) {
              in.cluster({"cluster_generation", "cluster"}, one.cluster(), into.cluster);
              into.generation = one.generation();
            });
  if (from.refill() != nullptr) read(in, *from.refill(), to.refill.emplace());
  to.may_answer_later = from.may_answer_later();
  to.is_share = from.is_share();
  in.numbers({"batch_header", "unusable"}, from.unusable(), kUnusableMax, to.unusable);
  to.applied = from.applied();
  in.elements({"batch_header", "seen"}, from.seen(), kPositionsMax, to.seen,
              [](const wire::SeenPosition* one) {
                return SeenPosition{one->stream(), one->number()};
              });
}

flatbuffers::Offset<wire::Gap> write(Builder& out, const Gap& from) {
  const auto origin = put_text(out, from.stream.origin);
  const auto names = put_texts(out, from.scope.names);
  const auto reason = put_text(out, from.reason);
  return wire::CreateGap(out, origin, from.stream.incarnation.counter,
                         from.stream.incarnation.instance,
                         static_cast<wire::Lane>(from.stream.lane), from.after, from.through,
                         static_cast<wire::ScopeKind>(from.scope.kind), names, reason);
}

void read(PacketReader& in, const wire::Gap& from, Gap& to) {
  in.stream("gap", from, to.stream);
  to.after = from.after();
  to.through = from.through();
  in.require_at_most({"gap", "after"}, to.after, "through", to.through);
  in.choice({"gap", "scope"}, from.scope(), ScopeKind::patterns, to.scope.kind);
  in.lines({"gap", "scope_names"}, from.scope_names(), kScopeNamesMax, kTopicTextBytesMax,
           to.scope.names);
  in.text({"gap", "reason"}, from.reason(), kReasonBytesMax, to.reason);
}

flatbuffers::Offset<wire::Subscribe> write(Builder& out, const Subscribe& from) {
  const auto subscription = write(out, from.subscription);
  return wire::CreateSubscribe(out, from.request, subscription);
}

void read(PacketReader& in, const wire::Subscribe& from, Subscribe& to) {
  to.request = from.request();
  if (from.subscription() == nullptr) return in.refuse({"subscribe", "subscription"}, "is missing");
  read(in, *from.subscription(), to.subscription);
}

flatbuffers::Offset<wire::Subscribed> write(Builder& out, const Subscribed& from) {
  const auto positions =
      put_all(out, from.positions,
              [](Builder& to, const StreamPosition& position) { return write(to, position); });
  return wire::CreateSubscribed(out, from.request, from.subscription, positions, from.applied);
}

void read(PacketReader& in, const wire::Subscribed& from, Subscribed& to) {
  to.request = from.request();
  to.subscription = from.subscription();
  in.tables({"subscribed", "positions"}, from.positions(), kPositionsMax, to.positions,
            [&](const wire::StreamPosition& one, StreamPosition& into) { read(in, one, into); });
  to.applied = from.applied();
}

flatbuffers::Offset<wire::Unsubscribe> write(Builder& out, const Unsubscribe& from) {
  return wire::CreateUnsubscribe(out, from.request, from.subscription);
}

void read(PacketReader& /*in*/, const wire::Unsubscribe& from, Unsubscribe& to) {
  to.request = from.request();
  to.subscription = from.subscription();
}

flatbuffers::Offset<wire::Barrier> write(Builder& out, const Barrier& from) {
  return wire::CreateBarrier(out, from.request, from.timeout_ms);
}

void read(PacketReader& /*in*/, const wire::Barrier& from, Barrier& to) {
  to.request = from.request();
  to.timeout_ms = from.timeout_ms();
}

flatbuffers::Offset<wire::Accepted> write(Builder& out, const Accepted& from) {
  const auto applied = put_positions(out, from.applied);
  return wire::CreateAccepted(out, from.through_operation, from.consumed_bytes,
                              from.incarnation.counter, from.incarnation.instance,
                              from.cache_number, applied);
}

void read(PacketReader& in, const wire::Accepted& from, Accepted& to) {
  to.through_operation = from.through_operation();
  to.consumed_bytes = from.consumed_bytes();
  to.incarnation = {from.counter(), from.instance()};
  to.cache_number = from.cache_number();
  take_positions(in, {"accepted", "applied"}, from.applied(), to.applied);
}

flatbuffers::Offset<wire::OperationRefused> write(Builder& out, const OperationRefused& from) {
  const auto text = put_text(out, from.text);
  return wire::CreateOperationRefused(out, from.operation, static_cast<wire::ErrorCode>(from.code),
                                      text);
}

void read(PacketReader& in, const wire::OperationRefused& from, OperationRefused& to) {
  to.operation = from.operation();
  in.choice({"operation_refused", "code"}, from.code(), ErrorCode::internal, to.code);
  in.text({"operation_refused", "text"}, from.text(), kReasonBytesMax, to.text);
}

}  // namespace mpreg
