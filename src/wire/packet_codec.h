#pragma once
// The header frame: Packet <-> FlatBuffers bytes (schema/packet.fbs). Every buffer from outside is
// verified once, with limits on depth and tables, and then checked for meaning: text is UTF-8, and
// everything is within the limits of packet_limits.h.

#include "base/error.h"
#include "base/frame.h"
#include "message/packet.h"
#include "wire/packet_limits.h"

namespace mpreg {

// Encodes into one buffer of its own, aligned for any transport. Allocates once when the packet
// takes less than about a kilobyte. Limits are not checked here: the receiver refuses.
// `told`: to a client, as Packet.told of the schema.
[[nodiscard]] Frame encode_packet(const Packet& packet, std::uint64_t told = 0);

// The bytes may lie at any alignment. Errors are `malformed` (the bytes, or a field beyond its
// limit) or `unsupported` (a kind of packet of a later protocol).
// `told`, unless it is null, becomes what the packet says.
[[nodiscard]] Result<Packet> decode_packet(Bytes bytes, std::uint64_t* told = nullptr);

}  // namespace mpreg
