#include "federation/stream_state.h"

namespace mpreg {

StreamState::Verdict StreamState::judge(const Arrival& arrival) const {
  if (arrival.through <= frontier) return Verdict::duplicate;
  if (!started || arrival.after > frontier) return Verdict::early;
  // The range may begin earlier than needed, but a body is taken whole or not at all.
  if (!arrival.body.frame.empty() && arrival.body.first() <= frontier) return Verdict::overlap;
  return Verdict::apply;
}

void StreamState::keep(Arrival arrival, std::uint64_t bytes_max) {
  if (kept_bytes_ + arrival.bytes() > bytes_max) return;
  const std::size_t bytes = arrival.bytes();
  const auto [it, added] = kept_.try_emplace(arrival.after, std::move(arrival));
  if (added) kept_bytes_ += bytes;
}

std::optional<Arrival> StreamState::next_kept() {
  while (!kept_.empty()) {
    const auto it = kept_.begin();
    const Verdict verdict = judge(it->second);
    if (verdict == Verdict::early) return std::nullopt;
    Arrival arrival = std::move(it->second);
    kept_bytes_ -= arrival.bytes();
    kept_.erase(it);
    if (verdict == Verdict::apply) return arrival;
  }
  return std::nullopt;
}

void StreamState::drop_kept() {
  kept_.clear();
  kept_bytes_ = 0;
}

}  // namespace mpreg
