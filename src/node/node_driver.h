#pragma once
// NodeDriver: hands events to a Node and carries out what the node puts into its outbox. There is
// one such loop, and the broker, the simulator and the unit tests all run it: the guarantees rest
// on its order and on its rule about sends that fail.
//
// The rule: nothing is sent to a peer after a send to it that failed. What follows, an echo of its
// positions for instance, would tell the peer that nothing is missing.
//
// The clock is read anew for each event, after the event was received, and once more before the
// turn's end says what is held: a process may be suspended between any two instructions, and a time
// that was read before a receipt would make what the answer vouches for look fresher than it is.
//
// One thread owns a driver, and it never blocks unless its carrier does. The node and the carrier
// are borrowed for the driver's life.

#include <optional>
#include <vector>

#include "node/node.h"

namespace mpreg {

// Where a node's messages go. Every function is called by the driver alone, on its thread.
class Carrier {
 public:
  enum class Sent : std::uint8_t {
    sent,
    lost,  // On a dialled link. The carrier has ended its connection, which is an event of its own.
    gone,  // The peer is gone, or has not read for too long: the node is told.
  };

  Carrier() = default;
  Carrier(const Carrier&) = delete;
  Carrier& operator=(const Carrier&) = delete;
  virtual ~Carrier() = default;

  [[nodiscard]] virtual Now now() = 0;
  [[nodiscard]] virtual Sent send(const Sending& sending) = 0;
  virtual void publish(const Publication& publication) = 0;
  virtual void set_interest(const ChannelInterest& interest) = 0;
  virtual void dial_stream(const StreamDial& dial) = 0;
  virtual void log(const LogLine& line) = 0;
  // Begins to save it, for the next start of the broker. True: it is saved already, or never will
  // be, and nothing waits for it; otherwise on_saved() is called when it is.
  [[nodiscard]] virtual bool save(const MemorySave& save) = 0;
  // For observers of the whole: called before anything of an outbox leaves.
  virtual void begin(const Outbox& /*outbox*/) {}
};

class NodeDriver {
 public:
  NodeDriver(Node& node, Carrier& carrier) : node_(node), carrier_(carrier) {}
  NodeDriver(const NodeDriver&) = delete;
  NodeDriver& operator=(const NodeDriver&) = delete;

  // Events, as in node.h. What they cause leaves with end_turn().
  void on_packet(Address from, Frame header, Frame body);
  void on_link_up(std::uint32_t link);
  void on_link_down(std::uint32_t link);
  void on_peer_gone(Address peer);
  void on_saved(MemoryTicket ticket);
  void tick();
  void leave();
  void retire(std::chrono::milliseconds time);

  // Ends the node's turn and carries everything out, also what the node wants done because a peer
  // turned out to be gone. Returns whether any message left.
  bool end_turn();

 private:
  [[nodiscard]] Turn turn() { return {carrier_.now(), outbox_}; }
  void carry_out_once();
  void send_all();

  Node& node_;
  Carrier& carrier_;
  Outbox outbox_;
  Outbox carried_;  // What is being carried out, while the node fills the other one.
  std::optional<MemoryTicket> saved_;  // At once, while it was carried out.
  std::vector<Address> gone_;          // To whom something could not be sent.
};

}  // namespace mpreg
