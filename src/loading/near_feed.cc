#include "loading/near_feed.h"

#include "wire/cache_codec.h"

namespace mpreg {

std::vector<std::string> NearFeed::patterns(const std::string& topic_prefix) {
  return {topic_prefix + ".invalidation.#", topic_prefix + ".replication.#"};
}

void NearFeed::on_welcome(const Now& now, const Welcome& welcome,
                          const std::vector<StreamPosition>& written) {
  store_.set_broker(welcome.cluster, welcome.region, welcome.incarnation.instance,
                    apply_order(welcome.applied_last));
  rights_.begin(welcome.incarnation.instance);
  Frontier known(written);
  {
    const std::lock_guard lock(mutex_);
    known.merge(applied_);
  }
  help_.on_welcome(now.instant, welcome.incarnation.instance, known);
}

void NearFeed::on_lost() { rights_.end(); }

void NearFeed::on_subscribed(std::uint64_t applied) {
  store_.begin(apply_order(applied));
  rights_.subscribed();
}

void NearFeed::on_lease(const LeaseRenewal& renewal) {
  for (const Vouch& vouch : renewal.vouches) {
    if (vouch.unheard_counter == 0) continue;
    // What it wrote before anybody heard of it may be about anything that was kept till now.
    if (unheard_.insert({vouch.origin, vouch.unheard_counter}).second) store_.lose({});
  }
  rights_.renew(AsOf(renewal.sent_at), renewal.is_behind, renewal.vouches);
  help_.on_echo(renewal.sent_at);
  const std::lock_guard lock(mutex_);
  for (const StreamPosition& position : renewal.positions) {
    (void)applied_.advance(position.stream, position.number);
  }
}

void NearFeed::on_withdrawn(const Now& now, const WithdrawnWrite& write) {
  store_.withdraw(now, write.address, {{}, write.order, write.publisher});
}

NearFeed::Applied NearFeed::on_fact(const Now& now, const Fact& fact) {
  Applied applied = take(now, fact);
  // What cannot be read may have been about anything.
  if (!applied.error.text.empty()) store_.lose({});
  if (fact.kind != RecordKind::value) advance_by_fact(*fact.stream, fact.number);
  return applied;
}

NearFeed::Applied NearFeed::take(const Now& now, const Fact& fact) {
  const FactSource source{fact.stream->origin, fact.order, fact.publisher, !fact.unusable};
  if (fact.kind == RecordKind::invalidation) {
    auto content = decode_invalidation(fact.payload);
    if (!content) return {false, content.error()};
    if (fact.unusable) content->erased = false;
    store_.take(now, *content, source);
    return {content->tracking.wait == WaitLevel::observed};
  }
  if (fact.kind == RecordKind::replication) {
    const auto content = decode_replication(fact.payload);
    if (!content) return {false, content.error()};
    if (fact.unusable) {
      CacheInvalidation changed;
      changed.address = content->address;
      store_.take(now, changed, source);
    } else {
      store_.take(now, *content, source);
    }
    return {content->tracking.wait == WaitLevel::observed};
  }
  if (fact.kind != RecordKind::value) return {};
  // Without its value an entry stays missing: no harm.
  if (const auto value = decode_value(fact.payload)) {
    store_.take(now, *value, fact.publisher.client);
  }
  return {};
}

void NearFeed::on_gap(const Gap& gap) {
  if (gap.stream.lane != Lane::cache) return;
  store_.lose(gap.scope);
  advance(gap.stream, gap.through);
}

bool NearFeed::covers(const Frontier& frontier) const {
  const std::lock_guard lock(mutex_);
  return applied_.covers(frontier);
}

void NearFeed::advance(const StreamId& stream, Number number) {
  const std::lock_guard lock(mutex_);
  (void)applied_.advance(stream, number);
}

// What came before the first fact of a stream that begins in its middle may never have come: the
// lease that names its position says so, too (unheard_counter).
void NearFeed::advance_by_fact(const StreamId& stream, Number number) {
  const std::lock_guard lock(mutex_);
  if (number > 1 && !applied_.find(stream)) return;
  (void)applied_.advance(stream, number);
}

}  // namespace mpreg
