#include "session/client_session.h"

#include "session/session_impl.h"

namespace mpreg {

std::string_view name_of(SessionState state) {
  switch (state) {
    case SessionState::disconnected:
      return "disconnected";
    case SessionState::greeting:
      return "greeting";
    case SessionState::ready:
      return "ready";
    case SessionState::refused:
      return "refused";
    case SessionState::closed:
      return "closed";
  }
  return "unknown";
}

ClientSession::ClientSession(SessionOptions options)
    : impl_(std::make_unique<Impl>(std::move(options))) {}
ClientSession::~ClientSession() = default;

void ClientSession::on_connected(const Now& now) { impl_->on_connected(now); }
void ClientSession::on_disconnected(const Now& now, std::string_view reason) {
  impl_->on_disconnected(now, reason);
}
void ClientSession::on_message(const Now& now, Frame header, Frame body) {
  impl_->on_message(now, std::move(header), std::move(body));
}
void ClientSession::tick(const Now& now) { impl_->tick(now); }
Instant ClientSession::next_tick() const { return impl_->next_tick(); }

void ClientSession::take_output(std::vector<Outgoing>& out) {
  for (Outgoing& outgoing : impl_->output) out.push_back(std::move(outgoing));
  impl_->output.clear();
}

void ClientSession::take_events(SessionEvents& out) {
  if (out.empty() && out.frames.empty()) {
    std::swap(out, impl_->events);
    impl_->events.clear();
    return;
  }
  SessionEvents& events = impl_->events;
  const auto frames_before = static_cast<std::uint32_t>(out.frames.size());
  const std::size_t deliveries_before = out.deliveries.size();
  for (Delivery& delivery : events.deliveries) {
    delivery.frame += frames_before;
    out.deliveries.push_back(delivery);
  }
  for (Notice& notice : events.notices) {
    notice.deliveries_before += deliveries_before;
    out.notices.push_back(std::move(notice));
  }
  for (Frame& frame : events.frames) out.frames.push_back(std::move(frame));
  events.clear();
}

std::optional<Redial> ClientSession::take_redial() {
  return std::exchange(impl_->redial, std::nullopt);
}
bool ClientSession::has_output() const { return !impl_->output.empty(); }
bool ClientSession::has_events() const { return !impl_->events.empty(); }
std::size_t ClientSession::deliveries_waiting() const { return impl_->events.deliveries.size(); }

Result<std::uint64_t> ClientSession::publish(const Now& now, std::string_view topic, Bytes payload,
                                             const Headers* headers, Answering answering,
                                             Naming naming) {
  static_cast<void>(now);
  return impl_->publish(topic, payload, headers, answering, naming);
}
Result<std::uint64_t> ClientSession::invalidate(const Now& now,
                                                const CacheInvalidation& invalidation) {
  return impl_->invalidate(now, invalidation);
}
Result<std::uint64_t> ClientSession::replicate(const Now& now, const CacheReplication& replication,
                                               std::string_view value) {
  return impl_->replicate(now, replication, value, replication.targets);
}
Result<std::uint64_t> ClientSession::replicate(const Now& now, const CacheReplication& replication,
                                               std::string_view value,
                                               const std::vector<std::string>& value_targets) {
  return impl_->replicate(now, replication, value, value_targets);
}
Result<std::uint64_t> ClientSession::ask_load(const Now& now, LoadAsk ask) {
  return impl_->ask_load(now, std::move(ask));
}
Result<std::uint64_t> ClientSession::ask_claim(const Now& now, ClaimAsk ask) {
  return impl_->ask_claim(now, std::move(ask));
}
Result<std::uint64_t> ClientSession::send_value(const Now& now, const CacheValue& value) {
  return impl_->send_value(now, value);
}
bool ClientSession::has_room_for(std::size_t payload_bytes) const {
  return impl_->queue.has_room_for(payload_bytes);
}
void ClientSession::flush(const Now& now) {
  static_cast<void>(now);
  impl_->flush(now);
}
std::uint64_t ClientSession::last_operation() const { return impl_->queue.last_operation(); }
std::uint64_t ClientSession::accepted_through() const { return impl_->queue.accepted_through(); }
std::size_t ClientSession::tracked_operations() const { return impl_->tracked.size(); }

Result<std::uint64_t> ClientSession::subscribe(const Now& now, const Subscription& subscription) {
  static_cast<void>(now);
  return impl_->subscribe(subscription);
}
Result<std::uint64_t> ClientSession::unsubscribe(const Now& now, std::uint32_t subscription) {
  return impl_->unsubscribe(now, subscription);
}
Result<std::uint64_t> ClientSession::barrier(const Now& now, std::chrono::milliseconds timeout) {
  return impl_->barrier(now, timeout);
}
Result<std::uint64_t> ClientSession::get(const Now& now, const CacheAddress& address,
                                         std::vector<StreamPosition> positions,
                                         std::chrono::milliseconds wait) {
  return impl_->get(now, address, std::move(positions), wait);
}
Result<std::uint64_t> ClientSession::get_elsewhere(const Now& now, const CacheAddress& address,
                                                   std::string cluster, bool with_value) {
  return impl_->get_elsewhere(now, address, std::move(cluster), with_value);
}
void ClientSession::observe() { impl_->observe(); }
void ClientSession::observed() { impl_->observed(); }
std::vector<StreamPosition> ClientSession::written() const {
  std::vector<StreamPosition> positions;
  for (const auto& [stream, number] : impl_->written) positions.push_back({stream, number});
  return positions;
}
Result<std::uint64_t> ClientSession::query(const Now& now, std::string_view question) {
  return impl_->query(now, question);
}
Result<std::uint64_t> ClientSession::complete_operation(const Now& now, std::uint64_t operation,
                                                        bool success) {
  return impl_->complete_operation(now, operation, success);
}

void ClientSession::hold_credit(const Now& now, bool hold) {
  static_cast<void>(now);
  impl_->hold_credit(hold);
}
void ClientSession::goodbye(const Now& now, std::string_view reason) {
  impl_->goodbye(now, reason);
}

SessionState ClientSession::state() const { return impl_->state; }
const Welcome* ClientSession::welcome() const {
  return impl_->welcome ? &*impl_->welcome : nullptr;
}
Instant ClientSession::lease_until() const { return impl_->lease.until(); }
std::vector<StreamPosition> ClientSession::positions() const { return impl_->inbox.positions(); }
const std::vector<Vouch>& ClientSession::vouches() const { return impl_->vouches; }
const SessionCounters& ClientSession::counters() const { return impl_->counters; }

}  // namespace mpreg
