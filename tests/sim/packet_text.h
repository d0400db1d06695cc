#pragma once
// Packets as text, for the lines of a trace.

#include <string>

#include "message/packet.h"

namespace mpreg::sim {

// The first and last number of a body, and how many records it has; empty for an empty frame.
[[nodiscard]] std::string text_of(const Packet& packet, const Frame& body);
[[nodiscard]] std::string text_of_frames(const Frame& header, const Frame& body);

}  // namespace mpreg::sim
