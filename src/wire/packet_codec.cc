#include "wire/packet_codec.h"

#include <utility>

#include "wire/aligned_bytes.h"
#include "wire/packet_families.h"

namespace mpreg {
namespace {

// The alternatives of Packet and the members of the union are the same list in the same order,
// but for the union's NONE.
constexpr auto kKindsKnown = static_cast<std::size_t>(wire::Message::MAX);
static_assert(std::variant_size_v<Packet> == kKindsKnown);

template <typename Value, typename Table>
Result<Packet> decode_as(const Table* from) {
  if (from == nullptr) return fail(ErrorCode::malformed, "packet.message is missing");
  Result<Packet> result(Value{});
  PacketReader in;
  read(in, *from, std::get<Value>(*result));
  if (!in.ok()) return tl::unexpected<Error>(in.error());
  return result;
}

Result<Packet> decode_message(const wire::Packet& packet) {
  using wire::Message;
  switch (packet.message_type()) {
#define MPREG_DECODE(Type) \
  case Message::Type:      \
    return decode_as<Type>(packet.message_as_##Type())
    MPREG_DECODE(Hello);
    MPREG_DECODE(Welcome);
    MPREG_DECODE(Refused);
    MPREG_DECODE(Goodbye);
    MPREG_DECODE(Acknowledge);
    MPREG_DECODE(Probe);
    MPREG_DECODE(ProbeEcho);
    MPREG_DECODE(Query);
    MPREG_DECODE(Answer);
    MPREG_DECODE(BatchHeader);
    MPREG_DECODE(Gap);
    MPREG_DECODE(Subscribe);
    MPREG_DECODE(Subscribed);
    MPREG_DECODE(Unsubscribe);
    MPREG_DECODE(Barrier);
    MPREG_DECODE(Accepted);
    MPREG_DECODE(OperationRefused);
    MPREG_DECODE(OperationOutcome);
    MPREG_DECODE(CompleteOperation);
    MPREG_DECODE(LinkHello);
    MPREG_DECODE(LinkWelcome);
    MPREG_DECODE(LinkState);
    MPREG_DECODE(Take);
    MPREG_DECODE(Taken);
    MPREG_DECODE(Untake);
    MPREG_DECODE(Applied);
    MPREG_DECODE(InterestUpdate);
    MPREG_DECODE(InterestDigest);
    MPREG_DECODE(Refill);
    MPREG_DECODE(Trace);
    MPREG_DECODE(TraceReport);
    MPREG_DECODE(CacheGet);
    MPREG_DECODE(CacheGot);
    MPREG_DECODE(Observed);
    MPREG_DECODE(LoadAsk);
    MPREG_DECODE(LoadGranted);
    MPREG_DECODE(ClaimAsk);
    MPREG_DECODE(ClaimGranted);
    MPREG_DECODE(StoreAsk);
    MPREG_DECODE(StoreTell);
    MPREG_DECODE(FailuresKnown);
#undef MPREG_DECODE
    case Message::NONE:
      return fail(ErrorCode::malformed, "packet.message has no kind");
  }
  return fail(ErrorCode::unsupported,
              "packet.message has the kind " +
                  std::to_string(static_cast<unsigned>(packet.message_type())) + ", at most " +
                  std::to_string(kKindsKnown) + " is known");
}

}  // namespace

Frame encode_packet(const Packet& packet, std::uint64_t told) {
  return encode_root(wire::PacketIdentifier(), [&](Builder& builder) {
    const auto kind = static_cast<wire::Message>(packet.index() + 1);
    const auto message = std::visit(
        [&](const auto& value) -> flatbuffers::Offset<void> {
          const auto offset = write(builder, value);
          return offset.Union();
        },
        packet);
    return wire::CreatePacket(builder, kind, message, told);
  });
}

Result<Packet> decode_packet(Bytes bytes, std::uint64_t* told) {
  if (bytes.size() > kPacketBytesMax) {
    return fail(ErrorCode::malformed, "packet has " + std::to_string(bytes.size()) +
                                          " bytes, at most " + std::to_string(kPacketBytesMax) +
                                          " are allowed");
  }
  const AlignedBytes aligned(bytes);
  const auto* packet =
      verified_root<wire::Packet>(aligned.data(), aligned.size(), wire::PacketIdentifier());
  if (packet == nullptr) {
    return fail(ErrorCode::malformed,
                "packet of " + std::to_string(bytes.size()) +
                    " bytes is not a verifiable FlatBuffer with the identifier " +
                    wire::PacketIdentifier());
  }
  if (told != nullptr) *told = packet->told();
  return decode_message(*packet);
}

}  // namespace mpreg
