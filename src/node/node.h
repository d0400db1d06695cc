#pragma once
// Node: one broker without I/O: the conductor of wire, exchange, store and federation. The loop
// hands it packets and the time, and carries out what it puts into the outbox. Same input, same
// output, same order.
//
// One thread owns a node. A turn is: on_packet for everything that has come, then end_turn once;
// tick when next_tick has passed, then end_turn. Nothing here blocks, and nothing but limits of
// memory can fail: packets that are wrong are refused to their sender and counted.

#include <memory>
#include <string>

#include "base/time.h"
#include "message/body.h"
#include "message/cache_messages.h"
#include "metrics/registry.h"
#include "node/node_options.h"
#include "node/own_incarnation.h"
#include "node/turn.h"

namespace mpreg {

// Told of every cache fact that reaches this cluster, exactly once and in order per stream, before
// the origin hears that it was applied.
class CacheApplier {
 public:
  virtual ~CacheApplier() = default;
  virtual void apply(const StreamId& stream, Number number, HybridTime version, RecordKind kind,
                     Bytes payload) = 0;
  // For who keeps a record of it all: a stream of another cluster is followed from here on, its
  // numbers up to `after` being from before; every body, whatever it holds, after its facts.
  virtual void follow(const StreamId& /*stream*/, Number /*after*/) {}
  virtual void observe(const StreamId& /*stream*/, const Body& /*body*/) {}
};

class Node {
 public:
  // `instance` is random per process; `applier` may be null and is borrowed for the node's life.
  Node(NodeOptions options, Now now, std::uint64_t instance, CacheApplier* applier,
       MetricsRegistry& metrics);
  ~Node();
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  void on_packet(Turn& turn, Address from, Frame header, Frame body);

  // The DEALER of a dialled link is connected, or lost its connection.
  void on_link_up(Turn& turn, std::uint32_t link);
  void on_link_down(Turn& turn, std::uint32_t link);

  // A sending could not be delivered: the peer is gone, or has not read for too long.
  void on_peer_gone(Turn& turn, Address peer);

  // Everything that has come is handed in: send batches, acceptances and acknowledgements.
  void end_turn(Turn& turn);

  // What Outbox::save held is on the disk.
  void on_saved(Turn& turn, MemoryTicket ticket);

  void tick(Turn& turn);
  [[nodiscard]] Instant next_tick() const;

  // Numbers nothing any more, saves that, and then says goodbye to everyone; what is still in the
  // logs goes out in this and the following turns. drained() turns true when every session and link
  // has been told and has acknowledged, or is gone.
  void leave(Turn& turn);
  // Takes no new sessions, and tells those that there are to go elsewhere, spread over `time`;
  // links go on. retired() when none is left, or the time has passed and a little more: then
  // leave().
  void retire(Turn& turn, std::chrono::milliseconds time);
  [[nodiscard]] bool retired(const Now& now) const;
  // Takes on other limits and times. Who the node is, its dials and topics_max, session_aliases_max
  // and clients_remembered_max stay.
  void take_on(const NodeOptions& options);
  [[nodiscard]] bool drained() const;

  // As JSON text: "stats", "members", "links", "sessions", "streams". Empty for an unknown
  // question.
  [[nodiscard]] std::string report(const Now& now, std::string_view question) const;

  // Everything that the cluster's store holds and would give.
  using VisitCached =
      std::function<void(const CacheAddress& address, std::string_view value, HybridTime version)>;
  void for_each_cached(const Now& now, const VisitCached& visit);

  [[nodiscard]] const NodeOptions& options() const;
  [[nodiscard]] Incarnation incarnation() const;
  // What the data directory must hold before this broker numbers on.
  [[nodiscard]] const IncarnationMemory& memory() const;
  // The directory holds that revision. Until it holds the one in which an incarnation begins that
  // follows another one in the same process, nothing is numbered: clients are sent away and come
  // back.
  void on_remembered(std::uint64_t revision);
  // The greatest reading of the hybrid clock so far.
  [[nodiscard]] HybridTime clock() const;
  // Every dialled link is joined: the broker is part of its federation.
  [[nodiscard]] bool joined() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mpreg
