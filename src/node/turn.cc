#include "node/turn.h"

#include "wire/packet_codec.h"

namespace mpreg {

void send(Turn& turn, Address to, const Packet& packet, Frame body) {
  const std::uint64_t told = to.door == Door::session ? turn.outbox.told : 0;
  turn.outbox.sendings.push_back({to, encode_packet(packet, told), std::move(body)});
}

void log(Turn& turn, LogLevel level, std::string text) {
  turn.outbox.log.push_back({level, std::move(text)});
}

}  // namespace mpreg
