// ClientSession: what the broker answers to what the application has asked.

#include <algorithm>

#include "session/session_impl.h"

namespace mpreg {

void ClientSession::Impl::answer(std::uint64_t number, ErrorCode code, std::string text) {
  notify(Answer{number, false, code, std::move(text)});
}

void ClientSession::Impl::answer_all(ErrorCode code, std::string_view text) {
  // What was unsubscribed is not named by the next Hello: it is done.
  for (const auto& [number, subscription] : unsubscribes_after_welcome_) {
    requests_.take(number);
    notify(Answer{number, true, ErrorCode::internal, {}});
  }
  unsubscribes_after_welcome_.clear();
  for (const std::uint64_t number : requests_.take_all()) answer(number, code, std::string(text));
}

void ClientSession::Impl::handle(const Now&, Answer&& packet) {
  const bool waited = packet.ok ? requests_.take(packet.request)
                                : requests_.take(packet.request) || interest.refuse(packet.request);
  if (!waited) {
    ++counters.packets_refused;
    return;
  }
  notify(std::move(packet));
}

void ClientSession::Impl::handle(const Now&, Subscribed&& packet) {
  // A replacement keeps its seam. The old patterns have been served up to here: what the new ones
  // match before must not come, even if the connection breaks now.
  if (interest.is_active(packet.subscription)) inbox.on_served(packet.positions);
  // The broker may not know what an earlier answer said to have been served: nothing of that comes.
  inbox.raise(packet.positions);
  // One that was replaced or removed meanwhile is nobody's.
  if (!interest.confirm(packet.request, inbox.starts_of(packet.positions))) {
    return interest.void_backlog(packet.subscription);
  }
  notify(std::move(packet));
}

void ClientSession::Impl::handle(const Now&, Accepted&& packet) {
  const std::uint64_t before = queue.accepted_through();
  if (state != SessionState::ready || !queue.on_accepted(packet)) {
    ++counters.packets_refused;
    return;
  }
  if (queue.accepted_through() != before && packet.cache_number != 0) {
    // Of each cluster the last life that accepted something.
    std::erase_if(written, [&](const auto& one) {
      return one.first.origin == welcome->cluster && one.first.incarnation < packet.incarnation;
    });
    written[{welcome->cluster, packet.incarnation, Lane::cache}] = packet.cache_number;
  }
  note_written(packet.applied);
  note_accepted();
  queue.pump(output);
}

// What was accepted without our having heard lies in a stream of a broker that it was sent to.
void ClientSession::Impl::note_written(const std::vector<StreamPosition>& applied) {
  for (const StreamPosition& position : applied) {
    if (position.number == 0 || sent_to_.count(position.stream.origin) == 0) continue;
    Number& number = written[position.stream];
    number = std::max(number, position.number);
  }
}

// What the broker knew before this connection was accepted, but for what these notices refuse.
void ClientSession::Impl::end_notices() {
  notices_due_ = false;
  queue.confirm_known();
  note_accepted();
}

void ClientSession::Impl::note_accepted() {
  if (queue.accepted_through() == told_accepted_) return;
  told_accepted_ = queue.accepted_through();
  refused_.erase(refused_.begin(), refused_.upper_bound(told_accepted_));
  notify(AcceptedThrough{told_accepted_});
}

void ClientSession::Impl::handle(const Now&, OperationRefused&& packet) {
  if (packet.operation <= told_accepted_ || packet.operation > queue.last_operation() ||
      !refused_.insert(packet.operation).second) {
    return;
  }
  ++counters.operations_refused;
  tracked.take(packet.operation);
  notify(std::move(packet));
}

void ClientSession::Impl::handle(const Now& now, OperationOutcome&& packet) {
  if (packet.accepted) handle(now, std::move(*packet.accepted));
  packet.accepted.reset();
  const bool is_end = packet.outcome != Outcome::acknowledged;
  const std::size_t told = packet.operations.size();
  std::erase_if(packet.operations, [&](const EndedOperation& one) {
    return !(is_end ? tracked.take(one.operation) : tracked.contains(one.operation));
  });
  if (is_end) counters.outcomes_repeated += told - packet.operations.size();
  if (!packet.operations.empty()) notify(std::move(packet));
}

}  // namespace mpreg
