// What decode_packet refuses, and the sentence with which it does.
#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <set>

#include "packet_generated.h"
#include "unit/wire/sample_packets.h"
#include "wire/aligned_bytes.h"
#include "wire/packet_codec.h"

namespace mpreg {
namespace {

Bytes bytes_of(const flatbuffers::FlatBufferBuilder& builder) {
  return std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize()));
}

std::string refusal_of(Bytes bytes) {
  const auto back = decode_packet(bytes);
  if (back.has_value()) return "nothing was refused";
  EXPECT_EQ(back.error().code, ErrorCode::malformed);
  return back.error().text;
}

std::string refusal_of(const Packet& packet) { return refusal_of(encode_packet(packet).bytes()); }

template <typename Value>
std::string refusal_of(const std::function<void(Value&)>& change) {
  for (const Packet& packet : full_packets()) {
    if (const auto* value = std::get_if<Value>(&packet)) {
      Value changed = *value;
      change(changed);
      return refusal_of(Packet(changed));
    }
  }
  return "there is no such sample";
}

TEST(PacketRefusals, bytes_that_are_no_flatbuffer) {
  EXPECT_EQ(refusal_of(Bytes{}),
            "packet of 0 bytes is not a verifiable FlatBuffer with the identifier MPK1");
  const std::string zeros(64, '\0');
  EXPECT_EQ(refusal_of(as_bytes(zeros)),
            "packet of 64 bytes is not a verifiable FlatBuffer with the identifier MPK1");
  const std::string large(kPacketBytesMax + 1, '\0');
  EXPECT_EQ(refusal_of(as_bytes(large)), "packet has 8388609 bytes, at most 8388608 are allowed");
}

TEST(PacketRefusals, a_packet_that_was_cut_off_anywhere) {
  for (const Packet& packet : full_packets()) {
    const Frame frame = encode_packet(packet);
    for (std::size_t size = 0; size + 8 < frame.size(); ++size) {
      ASSERT_NE(refusal_of(frame.bytes().first(size)), "nothing was refused")
          << packet.index() << " cut to " << size;
    }
  }
}

TEST(PacketRefusals, another_identifier) {
  const Frame frame = encode_packet(Probe{1});
  std::string text(as_text(frame.bytes()));
  text[7] = '2';
  EXPECT_EQ(refusal_of(as_bytes(text)), "packet of " + std::to_string(text.size()) +
                                            " bytes is not a verifiable FlatBuffer with the "
                                            "identifier MPK1");
}

TEST(PacketRefusals, no_kind_and_no_message) {
  flatbuffers::FlatBufferBuilder none;
  none.Finish(wire::CreatePacket(none), wire::PacketIdentifier());
  EXPECT_EQ(refusal_of(bytes_of(none)), "packet.message has no kind");

  flatbuffers::FlatBufferBuilder empty;
  empty.Finish(wire::CreatePacket(empty, wire::Message::Take), wire::PacketIdentifier());
  EXPECT_EQ(refusal_of(bytes_of(empty)), "packet.message is missing");

  flatbuffers::FlatBufferBuilder subscribe;
  const auto message = wire::CreateSubscribe(subscribe, 7).Union();
  subscribe.Finish(wire::CreatePacket(subscribe, wire::Message::Subscribe, message),
                   wire::PacketIdentifier());
  EXPECT_EQ(refusal_of(bytes_of(subscribe)), "subscribe.subscription is missing");
}

TEST(PacketRefusals, texts_that_are_too_long) {
  EXPECT_EQ(refusal_of<Hello>([](Hello& p) { p.name.assign(257, 'x'); }),
            "hello.name has 257 bytes, at most 256 are allowed");
  EXPECT_EQ(refusal_of<Hello>([](Hello& p) { p.subscriptions[0].patterns[1].assign(256, 'x'); }),
            "subscription.patterns has 256 bytes, at most 255 are allowed");
  EXPECT_EQ(refusal_of<Welcome>([](Welcome& p) { p.region.assign(65, 'x'); }),
            "welcome.region has 65 bytes, at most 64 are allowed");
  EXPECT_EQ(refusal_of<Refused>([](Refused& p) { p.text.assign(1025, 'x'); }),
            "refused.text has 1025 bytes, at most 1024 are allowed");
  EXPECT_EQ(refusal_of<Goodbye>([](Goodbye& p) { p.reason.assign(1025, 'x'); }),
            "goodbye.reason has 1025 bytes, at most 1024 are allowed");
  EXPECT_EQ(refusal_of<Query>([](Query& p) { p.question.assign(513, 'x'); }),
            "query.question has 513 bytes, at most 512 are allowed");
  EXPECT_EQ(refusal_of<Answer>([](Answer& p) { p.text.assign(3'145'729, 'x'); }),
            "answer.text has 3145729 bytes, at most 3145728 are allowed");
  EXPECT_EQ(
      refusal_of<BatchHeader>([](BatchHeader& p) { p.declarations[0].topic.assign(256, 'x'); }),
      "declaration.topic has 256 bytes, at most 255 are allowed");
  EXPECT_EQ(refusal_of<Gap>([](Gap& p) { p.reason.assign(1025, 'x'); }),
            "gap.reason has 1025 bytes, at most 1024 are allowed");
  EXPECT_EQ(refusal_of<Gap>([](Gap& p) { p.scope.names[1].assign(256, 'x'); }),
            "gap.scope_names has 256 bytes, at most 255 are allowed");
  EXPECT_EQ(refusal_of<OperationRefused>([](OperationRefused& p) { p.text.assign(1025, 'x'); }),
            "operation_refused.text has 1025 bytes, at most 1024 are allowed");
  EXPECT_EQ(refusal_of<LinkWelcome>([](LinkWelcome& p) { p.stream_endpoint.assign(257, 'x'); }),
            "link_welcome.stream_endpoint has 257 bytes, at most 256 are allowed");
}

TEST(PacketRefusals, cluster_ids_that_are_too_long) {
  const std::string id(kClusterIdBytesMax + 1, 'x');
  const std::string end = " has " + std::to_string(kClusterIdBytesMax + 1) + " bytes, at most " +
                          std::to_string(kClusterIdBytesMax) + " are allowed";
  EXPECT_EQ(refusal_of<Welcome>([&](Welcome& p) { p.cluster = id; }), "welcome.cluster" + end);
  EXPECT_EQ(refusal_of<ProbeEcho>([&](ProbeEcho& p) { p.vouches[1].origin = id + "x"; }),
            "vouch.origin has 257 bytes, at most 256 are allowed")
      << "it may be an endpoint";
  EXPECT_EQ(refusal_of<BatchHeader>([&](BatchHeader& p) { p.stream.origin = id; }),
            "batch_header.origin" + end);
  EXPECT_EQ(refusal_of<OperationOutcome>([&](OperationOutcome& p) { p.confirmed[0] = id; }),
            "operation_outcome.confirmed" + end);
  EXPECT_EQ(refusal_of<OperationOutcome>([&](OperationOutcome& p) { p.missing[1] = id; }),
            "operation_outcome.missing" + end);
  EXPECT_EQ(refusal_of<LinkHello>([&](LinkHello& p) { p.cluster = id; }),
            "link_hello.cluster" + end);
  EXPECT_EQ(refusal_of<LinkWelcome>([&](LinkWelcome& p) { p.cluster = id; }),
            "link_welcome.cluster" + end);
  EXPECT_EQ(refusal_of<LinkState>([&](LinkState& p) { p.members[0].cluster = id; }),
            "member.cluster" + end);
  EXPECT_EQ(refusal_of<LinkState>([&](LinkState& p) { p.offers[1].stream.origin = id; }),
            "offer.origin" + end);
  EXPECT_EQ(refusal_of<Applied>([&](Applied& p) { p.reports[1].cluster = id; }),
            "applied_by.cluster" + end);
}

TEST(PacketRefusals, texts_that_are_no_text) {
  EXPECT_EQ(refusal_of<Hello>([](Hello& p) { p.name = "ab\xC0"; }),
            "hello.name is 'ab\\xc0', not valid UTF-8 at byte 2");
  EXPECT_EQ(refusal_of<Answer>([](Answer& p) { p.text = "\xED\xA0\x80"; }),
            "answer.text is '\\xed\\xa0\\x80', not valid UTF-8 at byte 0");
  EXPECT_EQ(refusal_of<Hello>([](Hello& p) { p.name = "a\nb"; }),
            "hello.name is 'a\\x0ab', with a control character at byte 1");
  EXPECT_EQ(refusal_of<Take>([](Take& p) { p.stream.origin = "a:b"; }),
            "take.origin is 'a:b', with a ':'");
  EXPECT_EQ(refusal_of<LinkState>([](LinkState& p) { p.members[1].region = std::string(1, '\0'); }),
            "member.region is '\\x00', with a control character at byte 0");
}

TEST(PacketRefusals, enumerators_that_are_not_known) {
  EXPECT_EQ(refusal_of<Refused>([](Refused& p) { p.code = static_cast<ErrorCode>(7); }),
            "refused.code is 7, at most 6 is known");
  EXPECT_EQ(refusal_of<Answer>([](Answer& p) { p.code = static_cast<ErrorCode>(255); }),
            "answer.code is 255, at most 6 is known");
  EXPECT_EQ(
      refusal_of<OperationRefused>([](OperationRefused& p) { p.code = static_cast<ErrorCode>(7); }),
      "operation_refused.code is 7, at most 6 is known");
  EXPECT_EQ(refusal_of<Gap>([](Gap& p) { p.scope.kind = static_cast<ScopeKind>(3); }),
            "gap.scope is 3, at most 2 is known");
  EXPECT_EQ(refusal_of<OperationOutcome>(
                [](OperationOutcome& p) { p.outcome = static_cast<Outcome>(4); }),
            "operation_outcome.outcome is 4, at most 3 is known");
  EXPECT_EQ(refusal_of<LinkHello>([](LinkHello& p) { p.role = static_cast<LinkRole>(3); }),
            "link_hello.role is 3, at most 2 is known");
  const auto lane = static_cast<Lane>(3);
  EXPECT_EQ(refusal_of<Goodbye>([&](Goodbye& p) { p.final_positions[1].stream.lane = lane; }),
            "position.lane is 3, at most 2 is known");
  EXPECT_EQ(refusal_of<Untake>([&](Untake& p) { p.stream.lane = lane; }),
            "untake.lane is 3, at most 2 is known");
}

TEST(PacketRefusals, ranges_that_end_before_they_begin) {
  EXPECT_EQ(refusal_of<Hello>([](Hello& p) { p.protocol_min = 4; }),
            "hello.protocol_min is 4, above protocol_max, which is 3");
  EXPECT_EQ(refusal_of<LinkHello>([](LinkHello& p) { p.protocol_min = 3; }),
            "link_hello.protocol_min is 3, above protocol_max, which is 2");
  EXPECT_EQ(refusal_of<Welcome>([](Welcome& p) {
              p.accepted[1] = {9, 8};
            }),
            "welcome.accepted.first is 9, above last, which is 8");
  EXPECT_EQ(refusal_of<BatchHeader>([](BatchHeader& p) { p.after = 53; }),
            "batch_header.after is 53, above through, which is 52");
  EXPECT_EQ(refusal_of<Gap>([](Gap& p) { p.through = 60; }),
            "gap.after is 61, above through, which is 60");
}

TEST(PacketRefusals, settings_and_failures_that_say_nothing_that_is_known) {
  EXPECT_EQ(refusal_of<LinkHello>([](LinkHello& p) { p.settings.namespaces[0].value = "a\nb"; }),
            "namespace_setting.value is 'a\\x0ab', with a control character at byte 1");
  EXPECT_EQ(refusal_of<LinkState>([](LinkState& p) { p.members[0].settings.resize(4097); }),
            "member.settings has 4097 elements, at most 4096 are allowed");
  const auto reason = static_cast<ApplyFailure>(5);
  EXPECT_EQ(refusal_of<Applied>([&](Applied& p) { p.reports[0].failures[1].reason = reason; }),
            "not_applied.reason is 5, at most 4 is known");
  EXPECT_EQ(refusal_of<Applied>([](Applied& p) { p.reports[0].failures[0].last = 137; }),
            "not_applied.first is 138, above last, which is 137");
  EXPECT_EQ(refusal_of<Applied>([](Applied& p) { p.reports[0].failures.resize(257); }),
            "applied_by.failures has 257 elements, at most 256 are allowed");
  EXPECT_EQ(refusal_of<OperationOutcome>([&](OperationOutcome& p) { p.failed[0].reason = reason; }),
            "failed_at.reason is 5, at most 4 is known");
  EXPECT_EQ(refusal_of<FailuresKnown>([](FailuresKnown& p) { p.clusters.resize(4097); }),
            "failures_known.clusters has 4097 elements, at most 4096 are allowed");
  EXPECT_EQ(refusal_of<BatchHeader>([](BatchHeader& p) { p.unusable.resize(65'537); }),
            "batch_header.unusable has 65537 elements, at most 65536 are allowed");
}

TEST(PacketRefusals, more_elements_than_are_allowed) {
  EXPECT_EQ(refusal_of<Welcome>([](Welcome& p) { p.accepted.resize(4097); }),
            "welcome.accepted has 4097 elements, at most 4096 are allowed");
  EXPECT_EQ(refusal_of<Hello>([](Hello& p) { p.positions.resize(16'385); }),
            "hello.positions has 16385 elements, at most 16384 are allowed");
  EXPECT_EQ(refusal_of<Hello>([](Hello& p) { p.subscriptions.resize(65'537); }),
            "hello.subscriptions has 65537 elements, at most 65536 are allowed");
  EXPECT_EQ(refusal_of<Subscribe>([](Subscribe& p) { p.subscription.patterns.resize(65'537); }),
            "subscription.patterns has 65537 elements, at most 65536 are allowed");
  EXPECT_EQ(refusal_of<ProbeEcho>([](ProbeEcho& p) { p.vouches.resize(4097); }),
            "probe_echo.vouches has 4097 elements, at most 4096 are allowed");
  EXPECT_EQ(refusal_of<Gap>([](Gap& p) { p.scope.names.resize(1025); }),
            "gap.scope_names has 1025 elements, at most 1024 are allowed");
  EXPECT_EQ(refusal_of<OperationOutcome>([](OperationOutcome& p) { p.missing.resize(4097); }),
            "operation_outcome.missing has 4097 elements, at most 4096 are allowed");
  EXPECT_EQ(refusal_of<OperationOutcome>([](OperationOutcome& p) { p.operations.resize(4097); }),
            "operation_outcome.operations has 4097 elements, at most 4096 are allowed");
  EXPECT_EQ(refusal_of<LinkState>([](LinkState& p) { p.members.resize(4097); }),
            "link_state.members has 4097 elements, at most 4096 are allowed");
  EXPECT_EQ(refusal_of<LinkState>([](LinkState& p) { p.offers.resize(16'385); }),
            "link_state.offers has 16385 elements, at most 16384 are allowed");
  EXPECT_EQ(refusal_of<Applied>([](Applied& p) { p.reports.resize(4097); }),
            "applied.reports has 4097 elements, at most 4096 are allowed");
}

// A small packet that names one large table very often would keep its reader busy for long.
TEST(PacketRefusals, one_table_that_is_named_too_often) {
  flatbuffers::FlatBufferBuilder builder;
  const auto pattern = wire::CreatePattern(builder, builder.CreateString("a"));
  const std::vector<flatbuffers::Offset<wire::Pattern>> patterns(2000, pattern);
  const auto subscription = wire::CreateSubscription(builder, 1, builder.CreateVector(patterns));
  const auto message = wire::CreateSubscribe(builder, 1, subscription).Union();
  builder.Finish(wire::CreatePacket(builder, wire::Message::Subscribe, message),
                 wire::PacketIdentifier());
  EXPECT_EQ(refusal_of(bytes_of(builder)),
            "packet of " + std::to_string(builder.GetSize()) +
                " bytes is not a verifiable FlatBuffer with the identifier MPK1");
}

TEST(PacketRefusals, a_count_that_reaches_beyond_the_packet) {
  const Frame frame = encode_packet(Goodbye{"0123456789", {}});
  std::string text(as_text(frame.bytes()));
  const std::size_t at = text.find("0123456789") - sizeof(std::uint32_t);
  for (const std::uint32_t count : {0x7FFFFFFFU, 0xFFFFFFFFU, 0x10000U, 20U}) {
    std::memcpy(text.data() + at, &count, sizeof(count));
    EXPECT_NE(refusal_of(as_bytes(text)), "nothing was refused") << count;
  }
}

// FlatBuffers 2 verifies the alignment of a vector's count, not of its elements.

template <typename Element>
using VectorOf = flatbuffers::Offset<flatbuffers::Vector<Element>>;

// The answers to the same packet with its vector of one element at each of two alignments.
template <typename Element, typename Stored, typename Finish>
std::set<std::string> answers_at_both_alignments(const Stored& element, Finish finish) {
  std::set<std::string> answers;
  for (const bool shifts : {false, true}) {
    flatbuffers::FlatBufferBuilder builder;
    builder.Align(kWireAlignment);  // The whole packet, as counted from its end.
    if (shifts) (void)builder.CreateVector(std::vector<std::uint8_t>());
    // Written as bytes, the elements are aligned for their count alone.
    builder.StartVector(sizeof(element), 1);
    builder.PushBytes(reinterpret_cast<const std::uint8_t*>(&element), sizeof(element));
    const VectorOf<Element> vector(builder.EndVector(1));
    finish(builder, vector);
    answers.insert(refusal_of(bytes_of(builder)));
  }
  return answers;
}

std::set<std::string> taken_or(std::string_view refusal) {
  return {"nothing was refused", std::string(refusal)};
}

TEST(PacketRefusals, ranges_that_are_not_aligned) {
  const auto finish = [](auto& builder, VectorOf<const wire::NumberRange*> accepted) {
    const auto message = wire::CreateWelcome(builder, 1, 0, 0, 7, 0, 0, 0, accepted).Union();
    builder.Finish(wire::CreatePacket(builder, wire::Message::Welcome, message),
                   wire::PacketIdentifier());
  };
  EXPECT_EQ(answers_at_both_alignments<const wire::NumberRange*>(wire::NumberRange(1, 2), finish),
            taken_or("welcome.accepted is not aligned to 8 bytes"));
}

TEST(PacketRefusals, ended_operations_that_are_not_aligned) {
  const auto finish = [](auto& builder, VectorOf<const wire::EndedOperation*> operations) {
    wire::OperationOutcomeBuilder outcome(builder);
    outcome.add_operations(operations);
    builder.Finish(
        wire::CreatePacket(builder, wire::Message::OperationOutcome, outcome.Finish().Union()),
        wire::PacketIdentifier());
  };
  EXPECT_EQ(
      answers_at_both_alignments<const wire::EndedOperation*>(wire::EndedOperation(1, 2), finish),
      taken_or("operation_outcome.operations is not aligned to 8 bytes"));
}

TEST(PacketRefusals, digests_that_are_not_aligned) {
  const auto tell = [](auto& builder, VectorOf<const wire::BucketDigest*> digests) {
    wire::StoreTellBuilder answer(builder);
    answer.add_digests(digests);
    builder.Finish(wire::CreatePacket(builder, wire::Message::StoreTell, answer.Finish().Union()),
                   wire::PacketIdentifier());
  };
  EXPECT_EQ(answers_at_both_alignments<const wire::BucketDigest*>(wire::BucketDigest(1, 2), tell),
            taken_or("store_tell.digests is not aligned to 8 bytes"));
  const auto ask = [](auto& builder, VectorOf<std::uint64_t> known) {
    wire::StoreAskBuilder question(builder);
    question.add_known(known);
    builder.Finish(wire::CreatePacket(builder, wire::Message::StoreAsk, question.Finish().Union()),
                   wire::PacketIdentifier());
  };
  EXPECT_EQ(answers_at_both_alignments<std::uint64_t>(std::uint64_t{7}, ask),
            taken_or("store_ask.known is not aligned to 8 bytes"));
}

}  // namespace
}  // namespace mpreg
