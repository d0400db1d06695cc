#pragma once
// Outbox: what a node wants done after it was handed a packet or a tick. The loop around it
// (src/net, or the simulator) carries everything out in order and empties the outbox.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/frame.h"
#include "base/time.h"
#include "federation/member_protocol.h"

namespace mpreg {

// The doors of a broker. `peer` is a handle that the loop chose: for session and link_in one per
// connection and never used again while the process lives; for link_out and stream_in the index of
// the dialled link.
enum class Door : std::uint8_t {
  session,    // ROUTER `listen`: a client.
  link_in,    // ROUTER `link`: a broker that dialled us.
  link_out,   // DEALER of a link that we dialled.
  stream_in,  // SUB of a link that we dialled: live streams only come in here.
};

struct Address {
  Door door = Door::session;
  std::uint32_t peer = 0;

  friend auto operator<=>(const Address&, const Address&) = default;
};

// One message: a header frame and, unless it is empty, a body frame.
struct Sending {
  Address to;
  Frame header;
  Frame body;
};

// One message on XPUB `stream`; the ZeroMQ topic names the stream and ends in a NUL.
struct Publication {
  std::string channel;
  Frame header;
  Frame body;
};

struct ChannelInterest {
  std::uint32_t link = 0;
  std::string channel;
  bool wanted = true;
};

// Point the SUB of a dialled link at the endpoint that the other side announced.
struct StreamDial {
  std::uint32_t link = 0;
  std::string endpoint;
};

enum class LogLevel : std::uint8_t { debug, info, warning, error };

struct LogLine {
  LogLevel level = LogLevel::info;
  std::string text;
};

struct Outbox {
  std::vector<Sending> sendings;
  std::vector<Publication> publications;
  std::vector<ChannelInterest> interests;
  std::vector<StreamDial> stream_dials;
  std::vector<LogLine> log;
  std::optional<MemorySave> save;  // To be told of by Node::on_saved when the disk has it.
  // The last application of this broker, which goes with each packet to a client.
  std::uint64_t told = 0;

  void clear() {
    sendings.clear();
    publications.clear();
    interests.clear();
    stream_dials.clear();
    log.clear();
    save.reset();
  }
};

}  // namespace mpreg
