// SimClient: what the application does when every detail is given: by a script, or by what was
// drawn.

#include "sim_client.h"

namespace mpreg::sim {
namespace {

using std::chrono::milliseconds;

std::size_t index_of(const std::string& key) {
  return key.empty() ? 0 : static_cast<std::size_t>(key.back() - '0');
}

}  // namespace

void SimClient::perform(const Step& step) {
  if (is_over()) return;
  stage_.trace.line([&] {
    return "client " + plan_.options.name + " does: " + std::string(sim::name_of(step.kind)) +
           (step.key.empty() ? "" : " " + step.key);
  });
  if (step.kind < StepKind::read) return perform_plain(step);
  // The rest is done by the process that may stand still.
  if (stage_.queue.now() < frozen_until_) return;
  if (step.kind <= StepKind::freeze) {
    if (near_ && near_->is_active()) perform_near(step);
  } else if (step.kind < StepKind::get_merged) {
    perform_claim(index_of(step.key), step);
  } else {
    perform_merged(step);
  }
}

void SimClient::perform_plain(const Step& step) {
  switch (step.kind) {
    case StepKind::publish:
      return publish_event(step.of, filled(step.bytes));
    case StepKind::invalidate:
      return invalidate(step);
    case StepKind::replicate: {
      const std::uint64_t serial = ++stage_.serial;
      return replicate(step, serial, filled(step.bytes));
    }
    case StepKind::subscribe:
      return subscribe(step);
    case StepKind::unsubscribe:
      take_events(false);
      return unsubscribe(static_cast<std::uint32_t>(step.id));
    case StepKind::join:
      return join_group(static_cast<std::uint32_t>(step.id));
    case StepKind::hold_credit:
    case StepKind::release_credit:
      return session_.hold_credit(now(), step.kind == StepKind::hold_credit);
    case StepKind::say_goodbye:
      return say_goodbye();
    case StepKind::crash:
      return crash();
    case StepKind::move:
      return move(step.first);
    case StepKind::flush:
      return session_.flush(now());
    default:
      return ask(step);
  }
}

void SimClient::perform_near(const Step& step) {
  const bool is_held = step.key.starts_with("lock");
  const std::size_t key = index_of(step.key) + (is_held ? NearCheck::kKeys : 0);
  switch (step.kind) {
    case StepKind::read:
      return near_->read(key);
    case StepKind::read_all:
      return near_->read_all();
    case StepKind::load:
      return near_->begin_load(key, step.first, step.second);
    case StepKind::write_all:
      return near_write_all(
          key,
          step.type == InvalidationType::single_key ? InvalidationType::namespace_all : step.type,
          filled(step.bytes));
    case StepKind::freeze:
      return freeze(step.first);
    default:
      return near_write(key, step, filled(step.bytes));
  }
}

void SimClient::perform_merged(const Step& step) {
  const std::size_t key = index_of(step.key);
  if (step.kind == StepKind::get_merged) return ask_merged(key);
  const std::uint64_t serial = ++stage_.serial;
  write_merged(key, serial, filled(step.bytes));
}

void SimClient::invalidate(const Step& step) {
  CacheInvalidation invalidation;
  invalidation.type = step.type;
  invalidation.address.namespace_name = step.of;
  invalidation.address.key = step.key;
  invalidation.reason = "m" + std::to_string(++stage_.serial);
  invalidation.erased = step.erased;
  invalidation.targets = step.names;
  invalidation.tracking = step.tracking;
  (void)send(invalidation);
}

void SimClient::replicate(const Step& step, std::uint64_t serial, const std::string& value) {
  CacheReplication fact;
  fact.address.namespace_name = step.of;
  fact.address.key = step.key;
  fact.priority = 1 + 1e-9 * static_cast<double>(serial);  // Unlike any other fact.
  fact.strategy = step.sync ? ReplicationStrategy::sync : ReplicationStrategy::async;
  fact.targets = step.names;
  fact.tracking = step.tracking;
  (void)send(fact, value);
}

void SimClient::join_group(std::uint32_t group) {
  const auto request = session_.subscribe(now(), GroupCheck::subscription_of(group));
  if (!request) return stage_.verdict.fail("a membership is refused: " + request.error().text);
  requests_.insert(*request);
}

void SimClient::subscribe(const Step& step) {
  Subscription subscription;
  subscription.id = static_cast<std::uint32_t>(step.id);
  subscription.patterns = step.names;
  subscription.backlog_count = step.backlog;
  const auto request = session_.subscribe(now(), subscription);
  if (!request) return stage_.verdict.fail("a subscription is refused: " + request.error().text);
  requests_.insert(*request);
  subscriber_.on_subscribe(*request, subscription);
}

void SimClient::unsubscribe(std::uint32_t id) {
  const auto request = session_.unsubscribe(now(), id);
  if (!request) return;
  requests_.insert(*request);
  if (GroupCheck::is_membership(id)) return stage_.groups.on_left(index_, id);
  subscriber_.on_unsubscribe(id);
}

void SimClient::ask(const Step& step) {
  Result<std::uint64_t> request = fail(ErrorCode::refused, "");
  if (step.kind == StepKind::barrier) {
    request = session_.barrier(now(), std::chrono::duration_cast<milliseconds>(step.first));
  } else if (step.kind == StepKind::query) {
    request = session_.query(now(), step.of);
  } else {
    request = session_.complete_operation(now(), step.id, step.erased);
    if (request) operations_.on_completed_by_hand(step.id);
  }
  if (request) requests_.insert(*request);
}

}  // namespace mpreg::sim
