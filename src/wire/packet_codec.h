#pragma once
// The header frame: Packet <-> FlatBuffers bytes (schema/packet.fbs). Every buffer from outside is verified
// once, with limits on depth and tables, and then checked for meaning.

#include <string>

#include "base/error.h"
#include "base/frame.h"
#include "message/packet.h"

namespace mpreg {

// Encodes into one buffer of its own, aligned for any transport. Allocates once.
[[nodiscard]] Frame encode_packet(const Packet& packet);

// A header frame holds at most this; links may announce many streams.
inline constexpr std::size_t kPacketBytesMax = 4U << 20U;

// Errors are `malformed` (the bytes) or `unsupported` (a kind of packet of a later protocol).
[[nodiscard]] Result<Packet> decode_packet(Bytes bytes);

}  // namespace mpreg
