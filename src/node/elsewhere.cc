// What the stores of other clusters hold: a question goes from broker to broker by the nearest way,
// and so does the answer. Nobody keeps anything for it but the broker whose client asks.

#include <utility>

#include "base/text.h"
#include "node/node_impl.h"

namespace mpreg {
namespace {

constexpr std::chrono::milliseconds kPatience{2000};

}  // namespace

// False when there is no way.
template <typename AnyPacket>
bool Node::Impl::pass_towards(const std::string& cluster, AnyPacket& packet, Outbox& outbox) {
  const Members::Known* member = members_.find(cluster);
  if (member == nullptr || ++packet.hops > kHopsMax) return false;
  const auto link = links_.find(member->next_hop);
  if (link == links_.end() || !link->second.is_joined()) return false;
  send(outbox, link->second.address, packet);
  return true;
}

void Node::Impl::ask_elsewhere(const Now& now, const Session& session, const CacheGet& request,
                               Outbox& outbox) {
  const auto refuse = [&](ErrorCode code, const std::string& text) {
    send(outbox, {Door::session, session.peer}, Answer{request.request, false, code, text});
  };
  if (!request.positions.empty()) {
    return refuse(ErrorCode::malformed, "positions are waited for in the own cluster alone");
  }
  const std::string named = "cluster " + quoted(request.cluster);
  if (members_.find(request.cluster) == nullptr) {
    return refuse(ErrorCode::refused, named + " is no member that is known");
  }
  if (observe_.elsewhere.size() >= kWaitingGetsMax) {
    return refuse(
        ErrorCode::overloaded,
        std::to_string(kWaitingGetsMax) + " requests wait for other clusters, which is the limit");
  }
  const std::uint64_t tag = ++observe_.last_tag;
  CacheGet further = request;
  further.request = tag;
  further.asker = options_.cluster;
  further.hops = 0;
  if (!pass_towards(request.cluster, further, outbox)) {
    return refuse(ErrorCode::disconnected, named + " is not reached");
  }
  observe_.elsewhere.emplace(
      tag, ObserveDesk::WaitingGet{session.id, session.slot, request, now.instant + kPatience});
  requests_waiting_ = true;
}

void Node::Impl::on_link_get(const Now& now, CacheGet& request, Outbox& outbox) {
  if (request.asker.empty() || request.cluster.empty()) return metrics_.packets_unexpected.add();
  if (request.cluster != options_.cluster) {
    // Whoever asks gives up in time where there is no way.
    static_cast<void>(pass_towards(request.cluster, request, outbox));
    return;
  }
  CacheGot got = got_here(now, request);
  got.asker = std::move(request.asker);
  static_cast<void>(pass_towards(got.asker, got, outbox));
}

void Node::Impl::on_link_got(CacheGot& got, Outbox& outbox) {
  if (got.asker.empty()) return metrics_.packets_unexpected.add();
  if (got.asker != options_.cluster) {
    static_cast<void>(pass_towards(got.asker, got, outbox));
    return;
  }
  const auto asked = observe_.elsewhere.find(got.request);
  if (asked == observe_.elsewhere.end()) return;  // It was given up.
  const auto peer = peer_of(asked->second);
  got.request = asked->second.request.request;
  got.asker.clear();
  got.hops = 0;
  observe_.elsewhere.erase(asked);
  if (peer) send(outbox, {Door::session, *peer}, got);
}

void Node::Impl::settle_elsewhere(const Now& now, Outbox& outbox) {
  std::erase_if(observe_.elsewhere, [&](const auto& entry) {
    const ObserveDesk::WaitingGet& waiting = entry.second;
    const auto peer = peer_of(waiting);
    if (!peer) return true;
    if (now.instant < waiting.deadline) return false;
    send(outbox, {Door::session, *peer},
         Answer{waiting.request.request, false, ErrorCode::timed_out,
                "cluster " + quoted(waiting.request.cluster) + " has not answered within " +
                    std::to_string(kPatience.count()) + " ms"});
    return true;
  });
}

}  // namespace mpreg
