#pragma once
// Turn: what every handler of a node gets: when it is, and where to put what it wants done. The
// time is that of the event being handled; it does not move while the handler runs.

#include <string>

#include "base/frame.h"
#include "base/time.h"
#include "message/packet.h"
#include "node/outbox.h"

namespace mpreg {

struct Turn {
  Now now;
  Outbox& outbox;
};

// Both leave with the turn, in the order in which they were asked for.
void send(Turn& turn, Address to, const Packet& packet, Frame body = {});
void log(Turn& turn, LogLevel level, std::string text);

}  // namespace mpreg
