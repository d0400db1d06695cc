#include "broker/loop_metrics.h"

namespace mpreg {

LoopMetrics::LoopMetrics(MetricsRegistry& r)
    : turns(r.counter("mpreg_loop_turns_total", "Turns of the reactor.")),
      turns_empty(r.counter("mpreg_loop_turns_empty_total", "Turns that found nothing to do.")),
      spins(r.counter("mpreg_loop_spins_total", "Times that the loop looked before it slept.")),
      spins_won(r.counter("mpreg_loop_spins_won_total", "Times that looking found work.")),
      spun_us(r.counter("mpreg_loop_spun_us_total", "Microseconds spent looking for work.")),
      sends_lost(r.counter("mpreg_loop_sends_lost_total",
                           "Messages for dialled links that had no connection.")),
      connections_shut(r.counter("mpreg_net_connections_shut_total",
                                 "Connections shut at once, to keep descriptors free.")),
      open_descriptors_now(r.gauge("mpreg_open_descriptors", "Files and connections open.")),
      open_descriptors_max(r.gauge("mpreg_open_descriptors_limit", "How many may be open.")),
      session_(r, "session"),
      link_in_(r, "link_in"),
      link_out_(r, "link_out"),
      stream_in_(r, "stream_in"),
      stream_out_(r, "stream_out") {}

LoopMetrics::DoorMetrics::DoorMetrics(MetricsRegistry& r, const std::string& door)
    : messages_received(r.counter("mpreg_net_messages_received_total",
                                  "Messages taken from a door.", {{"door", door}})),
      bytes_received(r.counter("mpreg_net_bytes_received_total", "Their bytes.", {{"door", door}})),
      messages_sent(r.counter("mpreg_net_messages_sent_total", "Messages given to a door.",
                              {{"door", door}})),
      bytes_sent(r.counter("mpreg_net_bytes_sent_total", "Their bytes.", {{"door", door}})),
      messages_dropped(r.counter("mpreg_net_messages_dropped_total",
                                 "Messages that came and were none of ours: too many frames, too "
                                 "long, or a peer that named itself.",
                                 {{"door", door}})),
      sends_full(r.counter("mpreg_net_sends_full_total",
                           "Messages not sent: the peer does not read, or is not connected.",
                           {{"door", door}})),
      sends_gone(r.counter("mpreg_net_sends_gone_total", "Messages not sent: no such peer.",
                           {{"door", door}})) {}

void LoopMetrics::DoorMetrics::take(const SocketCounters& now) {
  const auto dropped = [](const SocketCounters& c) {
    return c.dropped_frame_count + c.dropped_too_long + c.dropped_identity;
  };
  messages_received.add(now.messages_received - last.messages_received);
  bytes_received.add(now.bytes_received - last.bytes_received);
  messages_sent.add(now.messages_sent - last.messages_sent);
  bytes_sent.add(now.bytes_sent - last.bytes_sent);
  messages_dropped.add(dropped(now) - dropped(last));
  sends_full.add(now.sends_full - last.sends_full);
  sends_gone.add(now.sends_gone - last.sends_gone);
  last = now;
}

void LoopMetrics::take(const Doors& doors) {
  connections_shut.add(doors.connections_shut() - connections_shut.value());
  session_.take(doors.counters(Door::session));
  link_in_.take(doors.counters(Door::link_in));
  link_out_.take(doors.counters(Door::link_out));
  stream_in_.take(doors.counters(Door::stream_in));
  stream_out_.take(doors.stream_counters());
}

}  // namespace mpreg
