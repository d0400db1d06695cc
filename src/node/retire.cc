#include <algorithm>

#include "node/node_impl.h"

namespace mpreg {
namespace {

// For what the last ones still have under way.
constexpr std::chrono::milliseconds kAfterRetirement{2000};

}  // namespace

void Node::Impl::retire(Turn& turn, std::chrono::milliseconds time) {
  if (leaving_ || retirement_) return;
  retirement_ = turn.now.instant + time;
  log(turn, LogLevel::info,
      "retiring: " + std::to_string(sessions_.open_sessions()) +
          " sessions are sent elsewhere over " + std::to_string(time.count()) + " ms");
  send_away(turn);
}

bool Node::Impl::retired(const Now& now) const {
  if (!retirement_) return false;
  return sessions_.empty() || now.instant >= *retirement_ + kAfterRetirement;
}

// As many as is their share of the time that is left. Nothing is final: the client takes up its
// streams at the next broker where it is, and sends there what was not accepted here.
void Node::Impl::send_away(Turn& turn) {
  std::size_t left = 0;
  for (const auto& session : sessions_) left += session && !session->is_sent_away ? 1 : 0;
  const Duration time = std::max<Duration>(*retirement_ - turn.now.instant, Duration::zero());
  const auto turns = static_cast<std::size_t>(time / (kHeartbeat / 5)) + 1;
  std::size_t due = (left + turns - 1) / turns;
  for (const auto& session : sessions_) {
    if (due == 0) break;
    if (!session || session->is_sent_away) continue;
    session->is_sent_away = true;
    --due;
    send(turn, {Door::session, session->peer}, Goodbye{"the broker is retiring", {}});
  }
}

void Node::Impl::take_on(const NodeOptions& options) {
  const NodeOptions before = std::move(options_);
  options_ = options;
  options_.stream_endpoint = before.stream_endpoint;
  options_.dials = before.dials;
  retention_.set_bytes_max(options_.retained_bytes_max);
  pending_.set_operations_max(options_.pending_operations_max);
}

// As soon as the promise is saved, if there can be one.
void Node::Impl::say_goodbye(Turn& turn) {
  if (!membership_.take_goodbye()) return;
  Goodbye goodbye{"the broker is stopping", {}};
  for (const StreamIndex own : own_) {
    goodbye.final_positions.push_back({stream_ids_.id_of(own), streams_[own].frontier});
  }
  for (const auto& session : sessions_) {
    if (session) send(turn, {Door::session, session->peer}, goodbye);
  }
  for (auto& [id, link] : links_) {
    if (!link.is_known()) continue;
    // That this one has left, and everybody whom it knows: whoever relies on its silence from now
    // on has to know whom it let rejoin.
    send_link_state(turn, link);
    send(turn, link.address, goodbye);
  }
  log(turn, LogLevel::info,
      "leaving: " + std::to_string(sessions_.open_sessions()) + " sessions and " +
          std::to_string(links_.joined_links()) + " links are told");
}

void Node::Impl::on_saved(Turn& turn, MemoryTicket ticket) {
  turn_time_ = turn.now.instant;
  membership_.on_saved(ticket);
  states_due_ = true;  // Welcomes are given now.
  if (leaving_) say_goodbye(turn);
}

}  // namespace mpreg
