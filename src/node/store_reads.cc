#include "node/store_reads.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "message/cache_key.h"

namespace mpreg {
namespace {

constexpr std::chrono::milliseconds kGetWaitMax{60'000};

}  // namespace

// ---- The own store.

// Nothing here may wait for a number of an incarnation that is over, once what can still come of it
// has come: it is reached, or lost.
bool StoreReads::has_reached(const std::vector<StreamPosition>& positions) const {
  return std::all_of(positions.begin(), positions.end(), [&](const StreamPosition& position) {
    const StreamId& id = position.stream;
    const auto index = around_.ids.find(id);
    const Lineage* lineage = around_.lineages.find(id.origin);
    const bool is_over = lineage != nullptr && lineage->is_over(id.incarnation);
    if (!index || !around_.streams[*index].started) return position.number == 0 || is_over;
    const StreamState& state = around_.streams[*index];
    return state.frontier >= position.number || (is_over && state.complete());
  });
}

void StoreReads::on_get(Turn& turn, const Session& session, const CacheGet& request) {
  const Address to{Door::session, session.peer};
  const CacheAddress& address = request.address;
  for (const Result<void>& checked :
       {check_namespace(address.namespace_name), check_key(address.key),
        check_subkey(address.subkey), check_key_version(address.version)}) {
    if (checked) continue;
    return send(turn, to,
                Answer{request.request, false, checked.error().code, checked.error().text});
  }
  if (!request.cluster.empty() && request.cluster != around_.options.cluster) {
    return ask_elsewhere(turn, session, request);
  }
  if (has_reached(request.positions)) return send(turn, to, got_here(turn.now, request));
  if (waiting_.size() >= kWaitingMax) {
    return send(turn, to,
                Answer{request.request, false, ErrorCode::overloaded,
                       std::to_string(kWaitingMax) +
                           " requests wait for what has not been applied, which is the limit"});
  }
  const auto wait = std::min(std::chrono::milliseconds(request.wait_ms), kGetWaitMax);
  waiting_.push_back({session.id, session.slot, request, turn.now.instant + wait});
}

CacheGot StoreReads::got_here(const Now& now, const CacheGet& request) {
  if (request.with_value) return around_.cache.get(now.instant, request);
  CacheGot got = around_.cache.look(now.instant, request.address);
  got.value.clear();
  got.request = request.request;
  return got;
}

void StoreReads::settle(Turn& turn) {
  std::erase_if(waiting_, [&](const Waiting& waiting) {
    const auto peer = around_.sessions.peer_of(waiting.session, waiting.slot);
    if (!peer) return true;
    const Address to{Door::session, *peer};
    if (has_reached(waiting.request.positions)) {
      send(turn, to, got_here(turn.now, waiting.request));
      return true;
    }
    if (turn.now.instant < waiting.deadline) return false;
    send(turn, to,
         Answer{waiting.request.request, false, ErrorCode::timed_out,
                around_.options.cluster + " has not applied what the token names"});
    return true;
  });
  settle_elsewhere(turn);
}

void StoreReads::on_load(Turn& turn, const Session& session, const LoadAsk& ask) {
  Result<void> checked = check_namespace(ask.address.namespace_name);
  if (checked) checked = check_key(ask.address.key);
  if (!checked) {
    const Answer refused{ask.request, false, checked.error().code, checked.error().text};
    return send(turn, {Door::session, session.peer}, refused);
  }
  LoadGranted granted{ask.request, true, 0};
  if (ask.lease_ms == 0) {
    const auto seen = loads_.done(turn.now.instant, ask.address, {session.client, ask.grant});
    if (seen && ask.loaded) around_.cache.fill(turn.now.instant, ask, *seen);
  } else {
    const Duration wait =
        loads_.ask(turn.now.instant, ask.address, {session.client, ask.request},
                   std::chrono::milliseconds(ask.lease_ms), apply_order(turn.outbox.told));
    granted.granted = wait == Duration::zero();
    granted.wait_ms =
        static_cast<std::uint32_t>(std::chrono::ceil<std::chrono::milliseconds>(wait).count());
  }
  send(turn, {Door::session, session.peer}, granted);
}

// What is being loaded may be older than this.
void StoreReads::void_loads(const CacheAddress& address, bool is_one_key) {
  if (loads_.size() == 0) return;
  if (is_one_key) {
    loads_.note(address);
  } else {
    loads_.note_space(address.namespace_name);
  }
}

// ---- The stores of other clusters.

// False when there is no way.
template <typename AnyPacket>
bool StoreReads::pass_towards(Turn& turn, const std::string& cluster, AnyPacket& packet) {
  const Members::Known* member = around_.members.find(cluster);
  if (member == nullptr || ++packet.hops > kHopsMax) return false;
  const auto link = around_.links.find(member->next_hop);
  if (link == around_.links.end() || !link->second.is_joined()) return false;
  send(turn, link->second.address, packet);
  return true;
}

void StoreReads::ask_elsewhere(Turn& turn, const Session& session, const CacheGet& request) {
  const auto refuse = [&](ErrorCode code, const std::string& text) {
    send(turn, {Door::session, session.peer}, Answer{request.request, false, code, text});
  };
  if (!request.positions.empty()) {
    return refuse(ErrorCode::malformed, "positions are waited for in the own cluster alone");
  }
  const std::string named = "cluster " + in_quotes(request.cluster);
  if (around_.members.find(request.cluster) == nullptr) {
    return refuse(ErrorCode::refused, named + " is no member that is known");
  }
  if (elsewhere_.is_full()) {
    return refuse(
        ErrorCode::overloaded,
        std::to_string(kWaitingMax) + " requests wait for other clusters, which is the limit");
  }
  const std::uint64_t tag =
      elsewhere_.begin({session.id, session.slot, request.request, request.cluster,
                        turn.now.instant + RemoteReads::kPatience});
  CacheGet further = request;
  further.request = tag;
  further.asker = around_.options.cluster;
  further.hops = 0;
  if (!pass_towards(turn, request.cluster, further)) {
    elsewhere_.cancel(tag);
    return refuse(ErrorCode::disconnected, named + " is not reached");
  }
}

void StoreReads::on_link_get(Turn& turn, CacheGet& request) {
  if (request.asker.empty() || request.cluster.empty())
    return around_.metrics.packets_unexpected.add();
  if (request.cluster != around_.options.cluster) {
    // Whoever asks gives up in time where there is no way.
    static_cast<void>(pass_towards(turn, request.cluster, request));
    return;
  }
  CacheGot got = got_here(turn.now, request);
  got.asker = std::move(request.asker);
  static_cast<void>(pass_towards(turn, got.asker, got));
}

void StoreReads::on_link_got(Turn& turn, CacheGot& got) {
  if (got.asker.empty()) return around_.metrics.packets_unexpected.add();
  if (got.asker != around_.options.cluster) {
    static_cast<void>(pass_towards(turn, got.asker, got));
    return;
  }
  const auto asker = elsewhere_.take(got.request);
  if (!asker) return;  // It was given up.
  const auto peer = around_.sessions.peer_of(asker->session, asker->slot);
  got.request = asker->request;
  got.asker.clear();
  got.hops = 0;
  if (peer) send(turn, {Door::session, *peer}, got);
}

void StoreReads::settle_elsewhere(Turn& turn) {
  const auto is_gone = [&](const RemoteReads::Asker& asker) {
    return !around_.sessions.peer_of(asker.session, asker.slot);
  };
  for (const RemoteReads::Asker& asker : elsewhere_.expire(turn.now.instant, is_gone)) {
    send(turn, {Door::session, *around_.sessions.peer_of(asker.session, asker.slot)},
         Answer{asker.request, false, ErrorCode::timed_out,
                "cluster " + in_quotes(asker.cluster) + " has not answered within " +
                    std::to_string(RemoteReads::kPatience.count()) + " ms"});
  }
}

}  // namespace mpreg
