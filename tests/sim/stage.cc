#include "stage.h"

#include "base/text.h"
#include "packet_text.h"
#include "wire/packet_codec.h"

namespace mpreg::sim {

Stage::Stage(const Plan& plan_drawn, NetworkUser& user, bool keeps_lines, Tamper tamper_with)
    : plan(plan_drawn),
      queue(Random::mixed(plan.seed + 1), !plan.is_fixed),
      trace(queue, keeps_lines),
      verdict(trace),
      truth(verdict),
      groups(plan, truth, verdict),
      near(plan, truth, verdict),
      exclusive(verdict),
      network(plan.network, Random::mixed(plan.seed + 2), plan.brokers.size() + plan.clients.size(),
              queue, trace, user),
      tamper(std::move(tamper_with)) {}

void Stage::record(Step step, Instant at) {
  if (recording == nullptr) return;
  step.at = at - EventQueue::kBeginning;
  step.last_round = in_last_round;
  recording->push_back(std::move(step));
}

std::string Stage::name_of(Host host) const {
  return is_broker(host) ? plan.brokers[host].options.cluster
                         : plan.clients[host - plan.brokers.size()].options.name;
}

bool Stage::send(ConnectionId id, Toward toward, Parcel parcel) {
  const ConnectionEnds& ends = network.ends(id);
  const bool is_control = ends.plug == Plug::stream && toward == Toward::listener;
  const bool goes_out = toward == Toward::listener;
  if (tamper && !is_control) {
    const Passing passing{ends.plug, toward, goes_out ? ends.dialler : ends.listener,
                          goes_out ? ends.listener : ends.dialler, truth};
    std::uint64_t told = 0;
    auto packet = decode_packet(parcel.header.bytes(), &told);
    if (packet) {
      const Fate fate = tamper(passing, *packet, parcel.body);
      if (fate == Fate::lost) return true;
      if (fate == Fate::changed) parcel.header = encode_packet(*packet, told);
    }
  }
  trace.line([&] {
    const std::string way = name_of(goes_out ? ends.dialler : ends.listener) + " -> " +
                            name_of(goes_out ? ends.listener : ends.dialler) +
                            (ends.plug == Plug::stream ? " (stream) " : " ");
    return way + "#" + std::to_string(id) + " " +
           (is_control ? in_quotes(as_text(parcel.header.bytes()))
                       : text_of_frames(parcel.header, parcel.body));
  });
  return network.send(id, toward, std::move(parcel));
}

}  // namespace mpreg::sim
