#include "wire/packet_codec.h"

#include <gtest/gtest.h>

#include <cstring>

#include "packet_generated.h"
#include "unit/wire/sample_packets.h"

namespace mpreg {
namespace {

Bytes bytes_of(const flatbuffers::FlatBufferBuilder& builder) {
  return std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize()));
}

// A copy that starts so many bytes after a multiple of 16.
struct Shifted {
  Shifted(Bytes from, std::size_t shift) : buffer(from.size() + 32) {
    const auto address = reinterpret_cast<std::uintptr_t>(buffer.data());
    const std::size_t start = (16 - address % 16) % 16 + shift;
    std::memcpy(buffer.data() + start, from.data(), from.size());
    bytes = Bytes(buffer.data() + start, from.size());
  }
  std::vector<std::byte> buffer;
  Bytes bytes;
};

TEST(PacketCodec, samples_hold_every_kind_once_and_nothing_is_left_at_its_default) {
  const auto full = full_packets();
  const auto plain = default_packets();
  ASSERT_EQ(full.size(), std::variant_size_v<Packet>);
  for (std::size_t i = 0; i < full.size(); ++i) {
    EXPECT_EQ(full[i].index(), i);
    EXPECT_NE(full[i], plain[i]) << i;
  }
}

TEST(PacketCodec, every_kind_comes_back_as_it_went_with_all_fields_set) {
  for (const Packet& packet : full_packets()) {
    const auto back = decode_packet(encode_packet(packet).bytes());
    ASSERT_TRUE(back.has_value()) << packet.index() << ": " << back.error().text;
    EXPECT_EQ(*back, packet) << packet.index();
  }
}

TEST(PacketCodec, every_kind_comes_back_as_it_went_with_defaults) {
  for (const Packet& packet : default_packets()) {
    const auto back = decode_packet(encode_packet(packet).bytes());
    ASSERT_TRUE(back.has_value()) << packet.index() << ": " << back.error().text;
    EXPECT_EQ(*back, packet) << packet.index();
  }
}

TEST(PacketCodec, bytes_may_lie_at_any_alignment) {
  for (const Packet& packet : full_packets()) {
    const Frame frame = encode_packet(packet);
    for (std::size_t shift = 0; shift < 16; ++shift) {
      const Shifted shifted(frame.bytes(), shift);
      const auto back = decode_packet(shifted.bytes);
      ASSERT_TRUE(back.has_value()) << packet.index() << ": " << back.error().text;
      EXPECT_EQ(*back, packet) << packet.index();
    }
  }
}

TEST(PacketCodec, encoded_packets_are_aligned_and_the_same_each_time) {
  for (const Packet& packet : full_packets()) {
    const Frame one = encode_packet(packet);
    const Frame two = encode_packet(packet);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(one.data()) % 16, 0U);
    EXPECT_EQ(as_text(one.bytes()), as_text(two.bytes())) << packet.index();
  }
}

TEST(PacketCodec, packets_larger_than_the_first_buffer_come_back_as_they_went) {
  LinkState state;
  for (std::uint32_t i = 0; i < kOffersMax; ++i) {
    state.offers.push_back(
        {{"cluster-" + std::to_string(i), {i + 1}, Lane::events}, i, 1, 0, 1, false});
  }
  for (std::uint32_t i = 0; i < kClustersMax; ++i) {
    state.members.push_back({"cluster-" + std::to_string(i), "eu", {{i, i}, {}, {}}, 1, i});
  }
  const Frame frame = encode_packet(state);
  ASSERT_LE(frame.size(), kPacketBytesMax);
  const Shifted shifted(frame.bytes(), 3);
  const auto back = decode_packet(shifted.bytes);
  ASSERT_TRUE(back.has_value()) << back.error().text;
  EXPECT_EQ(*back, Packet(state));
}

TEST(PacketCodec, as_many_declarations_as_a_body_has_numbers_come_back_as_they_went) {
  BatchHeader header;
  for (std::uint32_t i = 0; i < 60'000; ++i) {
    header.declarations.push_back({i, "prices." + std::to_string(i)});
  }
  const Frame frame = encode_packet(header);
  ASSERT_LE(frame.size(), kPacketBytesMax);
  const auto back = decode_packet(frame.bytes());
  ASSERT_TRUE(back.has_value()) << back.error().text;
  EXPECT_EQ(*back, Packet(header));
}

TEST(PacketCodec, as_many_subscriptions_as_a_session_holds_come_back_as_they_went) {
  Hello hello;
  for (std::uint32_t i = 0; i < kSubscriptionsMax; ++i) {
    hello.subscriptions.push_back({i, {"p." + std::to_string(i)}, 0, 0});
  }
  const Frame frame = encode_packet(hello);
  ASSERT_LE(frame.size(), kPacketBytesMax);
  const auto back = decode_packet(frame.bytes());
  ASSERT_TRUE(back.has_value()) << back.error().text;
  EXPECT_EQ(*back, Packet(hello));
}

TEST(PacketCodec, fields_of_a_later_protocol_are_ignored) {
  flatbuffers::FlatBufferBuilder builder;
  const auto later = builder.CreateString("something new");
  const flatbuffers::voffset_t last_known = wire::Probe::VT_SENT_AT_NS;
  const auto start = builder.StartTable();
  builder.AddElement<std::uint64_t>(last_known, 77, 0);
  builder.AddElement<std::uint32_t>(static_cast<flatbuffers::voffset_t>(last_known + 2), 5, 0);
  builder.AddOffset(static_cast<flatbuffers::voffset_t>(last_known + 4), later);
  const flatbuffers::Offset<void> probe(builder.EndTable(start));
  builder.Finish(wire::CreatePacket(builder, wire::Message::Probe, probe),
                 wire::PacketIdentifier());
  const auto back = decode_packet(bytes_of(builder));
  ASSERT_TRUE(back.has_value()) << back.error().text;
  EXPECT_EQ(*back, Packet(Probe{77}));
}

TEST(PacketCodec, a_kind_of_a_later_protocol_is_unsupported) {
  flatbuffers::FlatBufferBuilder builder;
  const auto later = wire::CreateProbe(builder, 1).Union();
  builder.Finish(wire::CreatePacket(builder, static_cast<wire::Message>(200), later),
                 wire::PacketIdentifier());
  const auto back = decode_packet(bytes_of(builder));
  ASSERT_FALSE(back.has_value());
  EXPECT_EQ(back.error().code, ErrorCode::unsupported);
  EXPECT_EQ(back.error().text, "packet.message has the kind 200, at most 41 is known");
}

}  // namespace
}  // namespace mpreg
