// ClientCore: what the receiving thread does in one turn.

#include <algorithm>

#include "callback_guard.h"
#include "client_core.h"

namespace mpreg {
namespace {

// A turn takes in at most so much before callbacks run and callers of publish get the mutex.
constexpr int kMessagesPerTurn = 64;
constexpr std::size_t kDeliveriesPerTurn = 8192;
// Wakes up now and then anyway: libzmq's housekeeping needs its sockets touched.
constexpr std::chrono::milliseconds kIdleMax{1000};
// What the socket did not take is tried again soon.
constexpr std::chrono::milliseconds kUnsentRetry{5};

}  // namespace

Duration ClientCore::turn() {
  Duration idle{};
  bool more = false;
  {
    Lock lock(mutex_);
    const Now now = clock_.now();
    now_ = now;
    if (const auto error = connection_.turn(now, session_)) {
      if (status_.state == ConnectionState::connecting) status_.reason = error->text;
    }
    session_.hold_credit(now, subscribers_.any_queue_full());
    take_in(now);
    more = connection_.maybe_readable();
    if (now.instant >= session_.next_tick()) session_.tick(now);
    send_output();  // Before the connection goes: it may be a farewell.
    if (const auto redial = session_.take_redial()) connection_.redial(now, redial->after);
    session_.take_events(events_);
    Instant next = std::min(session_.next_tick(), connection_.next_turn());
    for (const auto& [number, timer] : timers_) next = std::min(next, timer.due);
    idle = std::min<Duration>(kIdleMax, next - now.instant);
    if (connection_.has_unsent()) idle = std::min<Duration>(idle, kUnsentRetry);
  }
  dispatch();
  if (observed_due_.exchange(false)) {
    const Lock lock(mutex_);
    session_.observed();
    send_output();
  }
  run_timers(clock_.now());
  return more ? Duration::zero() : idle;
}

void ClientCore::take_in(const Now& now) {
  Received received;
  for (int i = 0; i < kMessagesPerTurn; ++i) {
    const Receipt receipt = connection_.receive(received);
    if (receipt == Receipt::nothing) return;
    if (receipt == Receipt::dropped) continue;
    session_.on_message(now, std::move(received.header), std::move(received.body));
    if (session_.deliveries_waiting() >= kDeliveriesPerTurn) return;
  }
}

void ClientCore::dispatch() {
  if (events_.empty()) return;
  std::size_t next = 0;
  for (const Notice& notice : events_.notices) {
    subscribers_.deliver(events_, next, notice.deliveries_before);
    next = notice.deliveries_before;
    std::visit([this](const auto& what) { handle(what); }, notice.what);
  }
  subscribers_.deliver(events_, next, events_.deliveries.size());
  events_.clear();
}

void ClientCore::handle(const StateChange& change) {
  tell_listeners(change.state);
  {
    const Lock lock(mutex_);
    ConnectionState state = ConnectionState::connecting;
    if (change.state == SessionState::ready) state = ConnectionState::connected;
    if (change.state == SessionState::refused) state = ConnectionState::refused;
    if (change.state == SessionState::closed) state = ConnectionState::closed;
    if (state == ConnectionState::connected) {
      connection_.succeeded();
      welcomed_ = true;
      status_.cluster = session_.welcome()->cluster;
    }
    if (state == ConnectionState::refused) {
      refusal_ = {ErrorCode::refused, change.reason};
      connection_.close();
    }
    const bool is_news = state != status_.state;
    status_.state = state;
    status_.endpoint = to_string(connection_.endpoint());
    // Greeting again after a loss does not take away why it was lost.
    if (!change.reason.empty() || state == ConnectionState::connected) {
      status_.reason = change.reason;
    }
    if (!is_news) return;
  }
  changed_.notify_all();
  report_connection();
}

std::vector<std::shared_ptr<SessionListener>> ClientCore::listeners() const {
  const Lock lock(mutex_);
  return listeners_;
}

void ClientCore::tell_listeners(SessionState state) {
  const auto all = listeners();
  if (all.empty()) return;
  if (state != SessionState::ready) {
    for (const auto& listener : all) listener->on_lost();
    return;
  }
  const auto known = welcome();
  if (!known) return;
  for (const auto& listener : all) listener->on_welcome(*known);
  observed_due_ = true;
}

void ClientCore::report_connection() {
  if (!options_.on_connection) return;
  const ConnectionStatus now = status();
  if (const auto thrown = call_guarded([&] { options_.on_connection(now); })) {
    report_error("on_connection threw " + *thrown);
  }
}

void ClientCore::handle(const Gap& gap) { subscribers_.deliver_gap(gap); }

// Of requests that nobody waits for any more there is nothing to keep.
void ClientCore::take_reply(std::uint64_t request, Reply reply) {
  {
    const Lock lock(mutex_);
    const auto it = replies_.find(request);
    if (it == replies_.end()) return;
    it->second = std::move(reply);
  }
  changed_.notify_all();
}

void ClientCore::handle(const Subscribed& subscribed) {
  {
    const Lock lock(mutex_);
    subscribed_at_ = subscribed.applied;
  }
  handle(Answer{subscribed.request, true, ErrorCode::internal, {}});
}

void ClientCore::handle(const LeaseRenewal& renewal) {
  for (const auto& listener : listeners()) listener->on_lease(renewal);
}

void ClientCore::handle(const WithdrawnWrite& write) {
  for (const auto& listener : listeners()) listener->on_withdrawn(write);
}

void ClientCore::run_timers(const Now& now) {
  for (;;) {
    std::function<void()> call;
    {
      const Lock lock(mutex_);
      running_timer_ = 0;
      for (auto& [number, timer] : timers_) {
        if (timer.due > now.instant) continue;
        timer.due = now.instant + timer.interval;
        running_timer_ = number;
        call = timer.call;
        break;
      }
    }
    if (!call) break;
    if (const auto thrown = call_guarded(call)) report_error("a timer threw " + *thrown);
  }
  changed_.notify_all();
}

}  // namespace mpreg
