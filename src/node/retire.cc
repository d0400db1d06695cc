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

}  // namespace mpreg
