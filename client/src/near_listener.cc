// NearCacheImpl: hands what the session says to the feed, on the receiving thread, and wakes
// whoever waits for it.

#include "near_cache_impl.h"

namespace mpreg {

Result<void> NearCacheImpl::start() {
  core.listen(shared_from_this());
  {
    // Unless the receiving thread has told of it already.
    const std::lock_guard lock(welcome_mutex_);
    const auto welcome = core.welcome();
    if (welcome && help.instance() == 0) begin(*welcome);
  }
  SubscriptionCallbacks callbacks;
  callbacks.on_message = [this](const Message& message) { on_message(message); };
  callbacks.on_gap = [this](const Gap& gap) { on_gap(gap); };
  auto id = client.subscribe(NearFeed::patterns(core.options().topic_prefix), std::move(callbacks));
  if (!id) {
    core.unlisten(shared_from_this());
    return tl::unexpected(id.error());
  }
  subscription_ = *id;
  feed_.on_subscribed(core.subscribed_at());
  return {};
}

void NearCacheImpl::stop() {
  core.unlisten(shared_from_this());
  if (subscription_ != 0) static_cast<void>(client.unsubscribe(subscription_));
  subscription_ = 0;
}

void NearCacheImpl::on_welcome(const Welcome& welcome) {
  const std::lock_guard lock(welcome_mutex_);
  begin(welcome);
}

void NearCacheImpl::begin(const Welcome& welcome) {
  feed_.on_welcome(clock.now(), welcome, core.written());
}

void NearCacheImpl::on_lost() { feed_.on_lost(); }

void NearCacheImpl::on_lease(const LeaseRenewal& renewal) {
  count(Count::lease);
  feed_.on_lease(renewal);
  wake_waiting();
}

void NearCacheImpl::on_withdrawn(const WithdrawnWrite& write) {
  feed_.on_withdrawn(clock.now(), write);
}

void NearCacheImpl::on_message(const Message& message) {
  const bool is_own = message.publisher.client == client.id();
  if (message.kind == RecordKind::invalidation && !is_own) count(Count::invalidation);
  if (message.kind == RecordKind::replication && !is_own) count(Count::replication);
  const NearFeed::Applied applied =
      feed_.on_fact(clock.now(), {message.kind, message.unusable, message.payload, message.stream,
                                  message.number, message.order, message.publisher});
  if (applied.observed_due) core.note_observed();
  if (!applied.error.text.empty()) {
    count(Count::unreadable);
    core.report_error(
        "a message on " + std::string(message.topic) +
        " was not understood, and everything cached is dropped: " + applied.error.text);
  }
  if (message.kind != RecordKind::value) wake_waiting();
}

void NearCacheImpl::on_gap(const Gap& gap) {
  if (gap.stream.lane == Lane::cache) count(Count::gap);
  feed_.on_gap(gap);
  wake_waiting();
}

// Whoever is about to wait has looked under the mutex.
void NearCacheImpl::wake_waiting() {
  { const std::lock_guard lock(moved_mutex_); }
  moved_.notify_all();
}

bool NearCacheImpl::wait_applied(const Frontier& frontier, std::chrono::milliseconds timeout) {
  std::unique_lock lock(moved_mutex_);
  return moved_.wait_for(lock, timeout, [&] { return feed_.covers(frontier); });
}

// A lease may come at any time, and the time itself may end it: looked at now and then besides.
bool NearCacheImpl::wait_coherent(const ServingRights::Scope& scope,
                                  std::chrono::milliseconds timeout) const {
  const Instant until = clock.instant() + timeout;
  std::unique_lock lock(moved_mutex_);
  for (;;) {
    const Instant now = clock.instant();
    if (rights.state(now, scope) == CoherenceState::coherent) return true;
    if (now >= until) return false;
    moved_.wait_for(lock, std::min<Duration>(until - now, std::chrono::milliseconds(100)));
  }
}

}  // namespace mpreg
