#include "wire/packet_families.h"

namespace mpreg {
namespace {

void take_code(PacketReader& in, FieldName name, wire::ErrorCode from, ErrorCode& to) {
  in.choice(name, from, ErrorCode::internal, to);
}

void take_ranges(PacketReader& in, FieldName name,
                 const flatbuffers::Vector<const wire::NumberRange*>* from,
                 std::vector<NumberRange>& to) {
  in.elements(name, from, kAcceptedRangesMax, to, [&](const wire::NumberRange* range) {
    in.require_at_most({name.table, "accepted.first"}, range->first(), "last", range->last());
    return NumberRange{range->first(), range->last()};
  });
}

}  // namespace

flatbuffers::Offset<wire::StreamPosition> write(Builder& out, const StreamPosition& from) {
  const auto origin = put_text(out, from.stream.origin);
  return wire::CreateStreamPosition(out, origin, from.stream.incarnation.counter,
                                    from.stream.incarnation.instance,
                                    static_cast<wire::Lane>(from.stream.lane), from.number);
}

void read(PacketReader& in, const wire::StreamPosition& from, StreamPosition& to) {
  in.stream("position", from, to.stream);
  to.number = from.number();
}

flatbuffers::Offset<wire::Subscription> write(Builder& out, const Subscription& from) {
  const auto patterns = put_all(out, from.patterns, [](Builder& to, const std::string& pattern) {
    return wire::CreatePattern(to, put_text(to, pattern));
  });
  const auto group = put_text(out, from.group);
  return wire::CreateSubscription(out, from.id, patterns, from.backlog_count, from.backlog_age_ms,
                                  group);
}

void read(PacketReader& in, const wire::Subscription& from, Subscription& to) {
  to.id = from.number();
  in.tables({"subscription", "patterns"}, from.patterns(), kPatternsMax, to.patterns,
            [&](const wire::Pattern& one, std::string& into) {
              in.line({"subscription", "patterns"}, one.text(), kTopicTextBytesMax, into);
            });
  to.backlog_count = from.backlog_count();
  to.backlog_age_ms = from.backlog_age_ms();
  in.line({"subscription", "group"}, from.group(), kTopicTextBytesMax, to.group);
}

flatbuffers::Offset<wire::Hello> write(Builder& out, const Hello& from) {
  const auto name = put_text(out, from.name);
  const auto positions = put_positions(out, from.positions);
  const auto subscriptions = put_all(
      out, from.subscriptions,
      [](Builder& to, const Subscription& subscription) { return write(to, subscription); });
  return wire::CreateHello(out, from.protocol_min, from.protocol_max, from.client, name,
                           from.receive_window_bytes, from.resume, positions, subscriptions,
                           from.observes, from.clock, from.open_through);
}

void read(PacketReader& in, const wire::Hello& from, Hello& to) {
  to.protocol_min = from.protocol_min();
  to.protocol_max = from.protocol_max();
  in.require_at_most({"hello", "protocol_min"}, to.protocol_min, "protocol_max", to.protocol_max);
  to.client = from.client();
  in.line({"hello", "name"}, from.name(), kClientNameBytesMax, to.name);
  to.receive_window_bytes = from.receive_window_bytes();
  to.resume = from.resume();
  take_positions(in, {"hello", "positions"}, from.positions(), to.positions);
  in.tables({"hello", "subscriptions"}, from.subscriptions(), kSubscriptionsMax, to.subscriptions,
            [&](const wire::Subscription& one, Subscription& into) { read(in, one, into); });
  to.observes = from.observes();
  to.clock = from.clock();
  to.open_through = from.open_through();
}

flatbuffers::Offset<wire::Welcome> write(Builder& out, const Welcome& from) {
  const auto cluster = put_text(out, from.cluster);
  const auto region = put_text(out, from.region);
  const SessionLimits& l = from.limits;
  const auto limits =
      wire::CreateSessionLimits(out, l.payload_bytes_max, l.publish_window_bytes, l.patterns_max,
                                l.aliases_max, l.heartbeat_ms, l.session_timeout_ms);
  std::vector<wire::NumberRange> ranges;
  ranges.reserve(from.accepted.size());
  for (const NumberRange& range : from.accepted) ranges.emplace_back(range.first, range.last);
  const auto accepted = ranges.empty() ? 0 : out.CreateVectorOfStructs(ranges);
  const auto positions = put_positions(out, from.positions);
  const auto applied = put_positions(out, from.applied);
  return wire::CreateWelcome(out, from.protocol, cluster, region, from.incarnation.counter,
                             from.incarnation.instance, from.session, limits, accepted, positions,
                             applied, from.applied_last);
}

void read(PacketReader& in, const wire::Welcome& from, Welcome& to) {
  to.protocol = from.protocol();
  in.cluster({"welcome", "cluster"}, from.cluster(), to.cluster);
  in.line({"welcome", "region"}, from.region(), kRegionBytesMax, to.region);
  to.incarnation = {from.counter(), from.instance()};
  to.session = from.session();
  if (const wire::SessionLimits* limits = from.limits()) {
    to.limits = {limits->payload_bytes_max(), limits->publish_window_bytes(),
                 limits->patterns_max(),      limits->aliases_max(),
                 limits->heartbeat_ms(),      limits->session_timeout_ms()};
  }
  take_ranges(in, {"welcome", "accepted"}, from.accepted(), to.accepted);
  take_positions(in, {"welcome", "positions"}, from.positions(), to.positions);
  take_positions(in, {"welcome", "applied"}, from.applied(), to.applied);
  to.applied_last = from.applied_last();
}

flatbuffers::Offset<wire::Refused> write(Builder& out, const Refused& from) {
  const auto text = put_text(out, from.text);
  return wire::CreateRefused(out, static_cast<wire::ErrorCode>(from.code), text,
                             from.retry_after_ms);
}

void read(PacketReader& in, const wire::Refused& from, Refused& to) {
  take_code(in, {"refused", "code"}, from.code(), to.code);
  in.text({"refused", "text"}, from.text(), kReasonBytesMax, to.text);
  to.retry_after_ms = from.retry_after_ms();
}

flatbuffers::Offset<wire::Goodbye> write(Builder& out, const Goodbye& from) {
  const auto reason = put_text(out, from.reason);
  return wire::CreateGoodbye(out, reason, put_positions(out, from.final_positions));
}

void read(PacketReader& in, const wire::Goodbye& from, Goodbye& to) {
  in.text({"goodbye", "reason"}, from.reason(), kReasonBytesMax, to.reason);
  take_positions(in, {"goodbye", "final_positions"}, from.final_positions(), to.final_positions);
}

flatbuffers::Offset<wire::Acknowledge> write(Builder& out, const Acknowledge& from) {
  return wire::CreateAcknowledge(out, from.consumed_bytes);
}

void read(PacketReader& /*in*/, const wire::Acknowledge& from, Acknowledge& to) {
  to.consumed_bytes = from.consumed_bytes();
}

flatbuffers::Offset<wire::Probe> write(Builder& out, const Probe& from) {
  return wire::CreateProbe(out, from.sent_at_ns);
}

void read(PacketReader& /*in*/, const wire::Probe& from, Probe& to) {
  to.sent_at_ns = from.sent_at_ns();
}

flatbuffers::Offset<wire::ProbeEcho> write(Builder& out, const ProbeEcho& from) {
  const auto positions = put_positions(out, from.positions);
  const auto vouches = put_all(out, from.vouches, [](Builder& to, const Vouch& vouch) {
    return wire::CreateVouch(to, put_text(to, vouch.origin), vouch.age_ms, vouch.unheard_counter,
                             vouch.is_endpoint);
  });
  return wire::CreateProbeEcho(out, from.sent_at_ns, positions, vouches, from.is_behind);
}

void read(PacketReader& in, const wire::ProbeEcho& from, ProbeEcho& to) {
  to.sent_at_ns = from.sent_at_ns();
  take_positions(in, {"probe_echo", "positions"}, from.positions(), to.positions);
  in.tables({"probe_echo", "vouches"}, from.vouches(), kVouchesMax, to.vouches,
            [&](const wire::Vouch& one, Vouch& into) {
              in.line({"vouch", "origin"}, one.origin(), kEndpointBytesMax, into.origin);
              into.age_ms = one.age_ms();
              into.unheard_counter = one.unheard_counter();
              into.is_endpoint = one.is_endpoint();
            });
  to.is_behind = from.is_behind();
}

flatbuffers::Offset<wire::Observed> write(Builder& out, const Observed& from) {
  return wire::CreateObserved(out, put_positions(out, from.positions));
}

void read(PacketReader& in, const wire::Observed& from, Observed& to) {
  take_positions(in, {"observed", "positions"}, from.positions(), to.positions);
}

flatbuffers::Offset<wire::Query> write(Builder& out, const Query& from) {
  const auto question = put_text(out, from.question);
  return wire::CreateQuery(out, from.request, question);
}

void read(PacketReader& in, const wire::Query& from, Query& to) {
  to.request = from.request();
  in.line({"query", "question"}, from.question(), kQuestionBytesMax, to.question);
}

flatbuffers::Offset<wire::Answer> write(Builder& out, const Answer& from) {
  const auto text = put_text(out, from.text);
  return wire::CreateAnswer(out, from.request, from.ok, static_cast<wire::ErrorCode>(from.code),
                            text);
}

void read(PacketReader& in, const wire::Answer& from, Answer& to) {
  to.request = from.request();
  to.ok = from.ok();
  take_code(in, {"answer", "code"}, from.code(), to.code);
  in.text({"answer", "text"}, from.text(), kAnswerBytesMax, to.text);
}

}  // namespace mpreg
