#include <algorithm>
#include <utility>

#include "message/cache_key.h"
#include "node/node_impl.h"

namespace mpreg {
namespace {

constexpr std::chrono::milliseconds kGetWaitMax{60'000};

}  // namespace

bool Node::Impl::has_reached(const std::vector<StreamPosition>& positions) const {
  return std::all_of(positions.begin(), positions.end(), [&](const StreamPosition& position) {
    const auto index = stream_ids_.find(position.stream);
    return index && streams_[*index].started && streams_[*index].frontier >= position.number;
  });
}

void Node::Impl::on_cache_get(Turn& turn, const Session& session, const CacheGet& request) {
  const Address to{Door::session, session.peer};
  const CacheAddress& address = request.address;
  for (const Result<void>& checked :
       {check_namespace(address.namespace_name), check_key(address.key),
        check_subkey(address.subkey), check_key_version(address.version)}) {
    if (checked) continue;
    return send(turn, to,
                Answer{request.request, false, checked.error().code, checked.error().text});
  }
  if (!request.cluster.empty() && request.cluster != options_.cluster) {
    return ask_elsewhere(turn, session, request);
  }
  if (has_reached(request.positions)) return send(turn, to, got_here(turn.now, request));
  if (waiting_gets_.size() >= kWaitingGetsMax) {
    return send(turn, to,
                Answer{request.request, false, ErrorCode::overloaded,
                       std::to_string(kWaitingGetsMax) +
                           " requests wait for what has not been applied, which is the limit"});
  }
  const auto wait = std::min(std::chrono::milliseconds(request.wait_ms), kGetWaitMax);
  waiting_gets_.push_back({session.id, session.slot, request, turn.now.instant + wait});
  requests_waiting_ = true;
}

CacheGot Node::Impl::got_here(const Now& now, const CacheGet& request) {
  if (request.with_value) return cache_.get(now.instant, request);
  CacheGot got = cache_.look(now.instant, request.address);
  got.value.clear();
  got.request = request.request;
  return got;
}

bool Node::Impl::settle_gets(Turn& turn) {
  std::erase_if(waiting_gets_, [&](const WaitingGet& waiting) {
    const auto peer = sessions_.peer_of(waiting.session, waiting.slot);
    if (!peer) return true;
    const Address to{Door::session, *peer};
    if (has_reached(waiting.request.positions)) {
      send(turn, to, got_here(turn.now, waiting.request));
      return true;
    }
    if (turn.now.instant < waiting.deadline) return false;
    send(turn, to,
         Answer{waiting.request.request, false, ErrorCode::timed_out,
                options_.cluster + " has not applied what the token names"});
    return true;
  });
  settle_elsewhere(turn);
  return !waiting_gets_.empty() || !remote_reads_.empty();
}

void Node::Impl::on_load_ask(Turn& turn, const Session& session, const LoadAsk& ask) {
  Result<void> checked = check_namespace(ask.address.namespace_name);
  if (checked) checked = check_key(ask.address.key);
  if (!checked) {
    const Answer refused{ask.request, false, checked.error().code, checked.error().text};
    return send(turn, {Door::session, session.peer}, refused);
  }
  LoadGranted granted{ask.request, true, 0};
  if (ask.lease_ms == 0) {
    const auto seen = loads_.done(turn.now.instant, ask.address, session.client);
    if (seen && ask.loaded) cache_.fill(turn.now.instant, ask, *seen);
  } else {
    const Duration wait = loads_.ask(turn.now.instant, ask.address, session.client,
                                     std::chrono::milliseconds(ask.lease_ms), clock_.last());
    granted.granted = wait == Duration::zero();
    granted.wait_ms =
        static_cast<std::uint32_t>(std::chrono::ceil<std::chrono::milliseconds>(wait).count());
  }
  send(turn, {Door::session, session.peer}, granted);
}

// What is being loaded may be older than this.
void Node::Impl::void_loads(const CacheAddress& address, bool is_one_key) {
  if (loads_.size() == 0) return;
  if (is_one_key) {
    loads_.note(address);
  } else {
    loads_.note_space(address.namespace_name);
  }
}

}  // namespace mpreg
