#include "replication_driver.h"

#include <algorithm>

#include "callback_guard.h"
#include "message/target_names.h"

namespace mpreg {
namespace {

using Verdict = StrategyStep::Verdict;

bool has_selector(const std::vector<std::string>& targets) {
  return std::any_of(targets.begin(), targets.end(),
                     [](const std::string& target) { return is_target_selector(target); });
}

}  // namespace

ReplicationDriver::ReplicationDriver(ClientCore& core, const CacheReplication& replication,
                                     std::string_view value, std::unique_ptr<Strategy> strategy)
    : core_(core),
      fact_(replication),
      value_(value),
      strategy_(std::move(strategy)),
      started_(core.now()) {}

Result<Operation> ReplicationDriver::start(ClientCore& core, const CacheReplication& replication,
                                           std::string_view value,
                                           std::unique_ptr<Strategy> strategy) {
  return std::make_shared<ReplicationDriver>(core, replication, value, std::move(strategy))
      ->begin();
}

// The fact and the first value go together.
Result<Operation> ReplicationDriver::begin() {
  const StrategyStep step = ask([&] { return strategy_->begin(fact_.targets); });
  if (step.verdict == Verdict::failed || step.send_to.empty()) {
    return fail(ErrorCode::malformed, "the strategy sends the value to nobody");
  }
  const bool is_watched = step.verdict == Verdict::going_on;
  if (is_watched) {
    fact_.tracking.wait = std::max(fact_.tracking.wait, WaitLevel::applied);
    fact_.tracking.tells_each = strategy_->wants_each();
  }
  Sending first;
  if (!has_selector(step.send_to)) first.to = {step.send_to.begin(), step.send_to.end()};
  sendings_.push_back(std::move(first));
  auto operation = core_.replicate(fact_, value_, step.send_to, listener(0));
  if (!operation || !is_watched) return operation;
  sendings_[0].operation = operation->id();
  state_ = core_.composite(operation->id());
  watch(0, *operation);
  {
    const std::lock_guard lock(mutex_);
    is_busy_ = false;
  }
  handle_all();  // What has happened meanwhile.
  return Operation(state_);
}

// What a strategy throws ends its operation.
template <typename Call>
StrategyStep ReplicationDriver::ask(Call&& call) {
  StrategyStep step = StrategyStep::failed();
  if (const auto thrown = call_guarded([&] { step = call(); })) {
    core_.report_error("a replication strategy threw " + *thrown);
  }
  return step;
}

std::function<void(const std::string&)> ReplicationDriver::listener(std::size_t sending) {
  if (!strategy_->wants_each()) return {};
  return [self = shared_from_this(), sending](const std::string& cluster) {
    self->post({sending, {cluster}, {}});
  };
}

void ReplicationDriver::watch(std::size_t sending, const Operation& operation) {
  operation.then([self = shared_from_this(), sending](const OperationResult& result) {
    self->post({sending, result.confirmed, result.missing, true, result});
  });
}

// Events come one after the other, whoever brings them.
void ReplicationDriver::post(Event event) {
  {
    const std::lock_guard lock(mutex_);
    events_.push_back(std::move(event));
  }
  handle_all();
}

void ReplicationDriver::handle_all() {
  for (bool is_first = true;; is_first = false) {
    Event next;
    {
      const std::lock_guard lock(mutex_);
      if (is_first && is_busy_) return;
      is_busy_ = !events_.empty();
      if (!is_busy_) return;
      next = std::move(events_.front());
      events_.pop_front();
    }
    handle(next);
  }
}

void ReplicationDriver::handle(const Event& event) {
  if (has_ended_) return;
  const auto is_of = [&](const std::string& cluster) {
    Sending& sending = sendings_[event.sending];
    const bool is_meant = sending.to.empty() || sending.to.contains(cluster);
    return is_meant && sending.ended.insert(cluster).second;
  };
  for (const std::string& cluster : event.acknowledged) {
    if (!is_of(cluster)) continue;
    confirmed_.insert(cluster);
    missing_.erase(cluster);
    if (verdict_ == Verdict::going_on)
      carry_out(ask([&] { return strategy_->acknowledged(cluster); }));
  }
  if (event.is_over) {
    failures_.insert(failures_.end(), event.result.failed.begin(), event.result.failed.end());
    std::vector<std::string> failed = event.failed;
    const bool is_bad = event.result.status != OperationStatus::done;
    // Those who did not come to be asked have not applied it either.
    const std::set<std::string> to = sendings_[event.sending].to;
    if (is_bad) failed.insert(failed.end(), to.begin(), to.end());
    if (is_bad && failed.empty()) failed.emplace_back("*");
    for (const std::string& cluster : failed) {
      if (!is_of(cluster)) continue;
      missing_.insert(cluster);
      if (verdict_ == Verdict::going_on) carry_out(ask([&] { return strategy_->failed(cluster); }));
    }
    sendings_[event.sending].is_over = true;
    if (event.sending == 0 && fact_.tracking.wait == WaitLevel::observed && is_bad) {
      verdict_ = Verdict::failed;
    }
  }
  settle();
}

void ReplicationDriver::carry_out(StrategyStep step) {
  verdict_ = step.verdict;
  if (!step.send_to.empty()) send_more(step.send_to);
}

void ReplicationDriver::send_more(const std::vector<std::string>& to) {
  CacheValue value;
  value.address = fact_.address;
  value.targets = to;
  value.ttl_ms = fact_.ttl_ms;
  value.fact_operation = sendings_[0].operation;
  value.value = value_;
  value.tags = fact_.tags;
  value.timeout_ms = fact_.tracking.timeout_ms;
  value.depends_on = fact_.depends_on;
  value.ancestors = fact_.ancestors;
  const std::size_t index = sendings_.size();
  Sending sending;
  if (!has_selector(to)) sending.to = {to.begin(), to.end()};
  sendings_.push_back(std::move(sending));
  auto operation = core_.send_value(value, listener(index));
  if (!operation) {
    OperationResult refused;
    refused.status = OperationStatus::refused;
    refused.error = operation.error();
    return post({index, {}, to, true, refused});
  }
  sendings_[index].operation = operation->id();
  watch(index, *operation);
}

// At level observed nothing is done before the fact is.
bool ReplicationDriver::may_end() const {
  return fact_.tracking.wait != WaitLevel::observed || sendings_[0].is_over;
}

void ReplicationDriver::settle() {
  const bool is_all_over = std::all_of(sendings_.begin(), sendings_.end(),
                                       [](const Sending& one) { return one.is_over; });
  if (verdict_ == Verdict::going_on && is_all_over) {
    carry_out(ask([&] { return strategy_->settled(); }));
    if (verdict_ == Verdict::going_on && sendings_.back().is_over) verdict_ = Verdict::failed;
  }
  if (verdict_ == Verdict::failed) return end(OperationStatus::failed);
  if (verdict_ == Verdict::done && may_end()) end(OperationStatus::done);
}

void ReplicationDriver::end(OperationStatus status) {
  has_ended_ = true;
  // What is still waited for holds a slot here and at the broker.
  for (const Sending& sending : sendings_) {
    if (!sending.is_over) core_.give_up_waiting(sending.operation, status == OperationStatus::done);
  }
  OperationResult result;
  result.status = status;
  result.confirmed.assign(confirmed_.begin(), confirmed_.end());
  for (const std::string& cluster : missing_) {
    if (cluster != "*") result.missing.push_back(cluster);
  }
  result.latency = std::chrono::duration_cast<std::chrono::microseconds>(core_.now() - started_);
  if (status != OperationStatus::done) {
    std::string names;
    for (const std::string& name : result.missing) names += (names.empty() ? "" : ", ") + name;
    result.status = OperationStatus::timed_out;
    result.error = {ErrorCode::timed_out, "the strategy " + std::string(name_of(fact_.strategy)) +
                                              " has failed: not confirmed in time by " +
                                              (names.empty() ? "all" : names)};
    if (!failures_.empty()) {
      result.failed = failures_;
      result.status = OperationStatus::failed;
      result.error = {ErrorCode::refused, "the strategy " + std::string(name_of(fact_.strategy)) +
                                              " has failed: not applied by " + text_of(failures_)};
    }
  }
  core_.end(state_, std::move(result));
}

Result<Operation> replicate_as(ClientCore& core, const CacheReplication& fact,
                               std::string_view value, const ReplicationPlan& plan) {
  CacheReplication replication = fact;
  replication.strategy = plan.strategy;
  switch (plan.strategy) {
    case ReplicationStrategy::none: {
      CacheInvalidation changed;
      changed.address = fact.address;
      changed.reason = "changed";
      changed.tracking = fact.tracking;
      changed.depends_on = fact.depends_on;
      changed.ancestors = fact.ancestors;
      return core.invalidate(changed);
    }
    case ReplicationStrategy::async:
      return core.replicate(replication, value);
    case ReplicationStrategy::custom: {
      std::unique_ptr<Strategy> own = plan.custom ? plan.custom() : nullptr;
      if (!own) return fail(ErrorCode::malformed, "custom_strategy makes no strategy");
      return ReplicationDriver::start(core, replication, value, std::move(own));
    }
    default: {
      auto strategy = make_strategy(plan.strategy, replication.targets, plan.quorum);
      if (!strategy) return tl::unexpected(strategy.error());
      return ReplicationDriver::start(core, replication, value, std::move(*strategy));
    }
  }
}

}  // namespace mpreg
