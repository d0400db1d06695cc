#pragma once
// LoopMetrics: what the loop of a broker does with its time and what its sockets carry, as metrics.

#include <array>

#include "broker/doors.h"
#include "metrics/registry.h"

namespace mpreg {

class LoopMetrics {
 public:
  explicit LoopMetrics(MetricsRegistry& registry);

  Counter& turns;
  Counter& turns_empty;  // The loop woke and there was nothing to do.
  Counter& spins;
  Counter& spins_won;  // Ended by work, not by the limit.
  Counter& spun_us;
  Counter& sends_lost;        // On dialled links without a connection: the protocol sends again.
  Counter& connections_shut;  // Too many for the descriptors that there are.
  Gauge& open_descriptors_now;
  Gauge& open_descriptors_max;

  // Adds what the sockets counted since the last time.
  void take(const Doors& doors);

 private:
  struct DoorMetrics {
    DoorMetrics(MetricsRegistry& registry, const std::string& door);
    void take(const SocketCounters& now);

    Counter& messages_received;
    Counter& bytes_received;
    Counter& messages_sent;
    Counter& bytes_sent;
    Counter& messages_dropped;
    Counter& sends_full;
    Counter& sends_gone;
    SocketCounters last;
  };

  DoorMetrics session_;
  DoorMetrics link_in_;
  DoorMetrics link_out_;
  DoorMetrics stream_in_;
  DoorMetrics stream_out_;
};

}  // namespace mpreg
