// NearCacheImpl: what the session says, in the order in which it says it.

#include "near_cache_impl.h"
#include "wire/cache_codec.h"

namespace mpreg {

Result<void> NearCacheImpl::start() {
  core.listen(shared_from_this());
  {
    // Unless the receiving thread has told of it already.
    const std::lock_guard lock(welcome_mutex_);
    const auto welcome = core.welcome();
    if (welcome && help.instance() == 0) begin(*welcome);
  }
  const std::string& prefix = core.options().topic_prefix;
  SubscriptionCallbacks callbacks;
  callbacks.on_message = [this](const Message& message) { on_message(message); };
  callbacks.on_gap = [this](const Gap& gap) { on_gap(gap); };
  auto id = client.subscribe({prefix + ".invalidation.#", prefix + ".replication.#"},
                             std::move(callbacks));
  if (!id) {
    core.unlisten(shared_from_this());
    return tl::unexpected(id.error());
  }
  subscription_ = *id;
  store.begin(core.subscribed_clock());
  rights.subscribed();
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
  store.set_broker(clock.now(), welcome.cluster, welcome.region, welcome.incarnation.instance,
                   welcome.clock);
  rights.begin(welcome.incarnation.instance);
  Frontier known(core.written());
  {
    const std::lock_guard lock(feed_mutex_);
    known.merge(applied_);
  }
  help.on_welcome(clock.instant(), welcome.incarnation.instance, known);
}

void NearCacheImpl::on_lost() { rights.end(); }

void NearCacheImpl::on_lease(const LeaseRenewal& renewal) {
  count(Count::lease);
  for (const Vouch& vouch : renewal.vouches) {
    if (vouch.unheard_counter == 0) continue;
    // What it wrote before anybody heard of it may be about anything that was kept till now.
    if (unheard_.insert({vouch.origin, vouch.unheard_counter}).second) store.lose(clock.now(), {});
  }
  rights.renew(AsOf(renewal.sent_at), renewal.is_behind, renewal.vouches);
  help.on_echo(renewal.sent_at);
  {
    const std::lock_guard lock(feed_mutex_);
    for (const StreamPosition& position : renewal.positions) {
      (void)applied_.advance(position.stream, position.number);
    }
  }
  moved_.notify_all();
}

void NearCacheImpl::on_repeated(const RepeatedFact& fact) {
  store.take_again(clock.now(), fact.address, {fact.origin, fact.version, {}});
}

void NearCacheImpl::advance(const StreamId& stream, Number number) {
  {
    const std::lock_guard lock(feed_mutex_);
    (void)applied_.advance(stream, number);
  }
  moved_.notify_all();
}

void NearCacheImpl::on_message(const Message& message) {
  const FactSource source{message.stream->origin, message.version, message.publisher};
  const bool is_own = message.publisher.client == client.id();
  const Now now = clock.now();
  if (message.kind == RecordKind::invalidation) {
    auto fact = decode_invalidation(message.payload);
    if (!fact) return on_unreadable(message, fact.error());
    if (message.unusable) fact->erased = false;
    if (!is_own) count(Count::invalidation);
    store.take(now, *fact, source);
    if (fact->tracking.wait == WaitLevel::observed) core.note_observed();
  } else if (message.kind == RecordKind::replication) {
    const auto fact = decode_replication(message.payload);
    if (!fact) return on_unreadable(message, fact.error());
    if (!is_own) count(Count::replication);
    if (message.repeated) {
      store.take_again(now, fact->address, source);
    } else if (message.unusable) {
      CacheInvalidation changed;
      changed.address = fact->address;
      store.take(now, changed, source);
    } else {
      store.take(now, *fact, source);
    }
    if (fact->tracking.wait == WaitLevel::observed) core.note_observed();
  } else if (message.kind == RecordKind::value) {
    // Without its value an entry stays missing: no harm.
    if (const auto value = decode_value(message.payload)) {
      store.take(now, *value, message.publisher.client);
    }
    return;
  } else {
    return;
  }
  advance(*message.stream, message.number);
}

// What cannot be read may have been about anything.
void NearCacheImpl::on_unreadable(const Message& message, const Error& error) {
  count(Count::unreadable);
  store.lose(clock.now(), {});
  core.report_error("a message on " + std::string(message.topic) +
                    " was not understood, and everything cached is dropped: " + error.text);
  advance(*message.stream, message.number);
}

void NearCacheImpl::on_gap(const Gap& gap) {
  if (gap.stream.lane != Lane::cache) return;
  count(Count::gap);
  store.lose(clock.now(), gap.scope);
  advance(gap.stream, gap.through);
}

bool NearCacheImpl::wait_applied(const Frontier& frontier, std::chrono::milliseconds timeout) {
  std::unique_lock lock(feed_mutex_);
  return moved_.wait_for(lock, timeout, [&] { return applied_.covers(frontier); });
}

// A lease may come at any time, and the time itself may end it: looked at now and then besides.
bool NearCacheImpl::wait_coherent(const ServingRights::Scope& scope,
                                  std::chrono::milliseconds timeout) const {
  const Instant until = clock.instant() + timeout;
  std::unique_lock lock(feed_mutex_);
  for (;;) {
    const Instant now = clock.instant();
    if (rights.state(now, scope) == CoherenceState::coherent) return true;
    if (now >= until) return false;
    moved_.wait_for(lock, std::min<Duration>(until - now, std::chrono::milliseconds(100)));
  }
}

}  // namespace mpreg
