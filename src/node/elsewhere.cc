// What the stores of other clusters hold: a question goes from broker to broker by the nearest way,
// and so does the answer. Nobody keeps anything for it but the broker whose client asks.

#include <utility>

#include "base/text.h"
#include "node/node_impl.h"

namespace mpreg {

// False when there is no way.
template <typename AnyPacket>
bool Node::Impl::pass_towards(Turn& turn, const std::string& cluster, AnyPacket& packet) {
  const Members::Known* member = members_.find(cluster);
  if (member == nullptr || ++packet.hops > kHopsMax) return false;
  const auto link = links_.find(member->next_hop);
  if (link == links_.end() || !link->second.is_joined()) return false;
  send(turn, link->second.address, packet);
  return true;
}

void Node::Impl::ask_elsewhere(Turn& turn, const Session& session, const CacheGet& request) {
  const auto refuse = [&](ErrorCode code, const std::string& text) {
    send(turn, {Door::session, session.peer}, Answer{request.request, false, code, text});
  };
  if (!request.positions.empty()) {
    return refuse(ErrorCode::malformed, "positions are waited for in the own cluster alone");
  }
  const std::string named = "cluster " + in_quotes(request.cluster);
  if (members_.find(request.cluster) == nullptr) {
    return refuse(ErrorCode::refused, named + " is no member that is known");
  }
  if (remote_reads_.is_full()) {
    return refuse(
        ErrorCode::overloaded,
        std::to_string(kWaitingGetsMax) + " requests wait for other clusters, which is the limit");
  }
  const std::uint64_t tag =
      remote_reads_.begin({session.id, session.slot, request.request, request.cluster,
                           turn.now.instant + RemoteReads::kPatience});
  CacheGet further = request;
  further.request = tag;
  further.asker = options_.cluster;
  further.hops = 0;
  if (!pass_towards(turn, request.cluster, further)) {
    remote_reads_.cancel(tag);
    return refuse(ErrorCode::disconnected, named + " is not reached");
  }
  requests_waiting_ = true;
}

void Node::Impl::on_link_get(Turn& turn, CacheGet& request) {
  if (request.asker.empty() || request.cluster.empty()) return metrics_.packets_unexpected.add();
  if (request.cluster != options_.cluster) {
    // Whoever asks gives up in time where there is no way.
    static_cast<void>(pass_towards(turn, request.cluster, request));
    return;
  }
  CacheGot got = got_here(turn.now, request);
  got.asker = std::move(request.asker);
  static_cast<void>(pass_towards(turn, got.asker, got));
}

void Node::Impl::on_link_got(Turn& turn, CacheGot& got) {
  if (got.asker.empty()) return metrics_.packets_unexpected.add();
  if (got.asker != options_.cluster) {
    static_cast<void>(pass_towards(turn, got.asker, got));
    return;
  }
  const auto asker = remote_reads_.take(got.request);
  if (!asker) return;  // It was given up.
  const auto peer = sessions_.peer_of(asker->session, asker->slot);
  got.request = asker->request;
  got.asker.clear();
  got.hops = 0;
  if (peer) send(turn, {Door::session, *peer}, got);
}

void Node::Impl::settle_elsewhere(Turn& turn) {
  const auto is_gone = [&](const RemoteReads::Asker& asker) {
    return !sessions_.peer_of(asker.session, asker.slot);
  };
  for (const RemoteReads::Asker& asker : remote_reads_.expire(turn.now.instant, is_gone)) {
    send(turn, {Door::session, *sessions_.peer_of(asker.session, asker.slot)},
         Answer{asker.request, false, ErrorCode::timed_out,
                "cluster " + in_quotes(asker.cluster) + " has not answered within " +
                    std::to_string(RemoteReads::kPatience.count()) + " ms"});
  }
}

}  // namespace mpreg
