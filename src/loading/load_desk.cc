#include "loading/load_desk.h"

#include <utility>

namespace mpreg {

void Load::release() {
  if (ticket_ != 0) store_.abandon_fill(space_, {key_}, ticket_);
}

void Load::begin_attempt(Instant now) {
  release();
  ticket_ = store_.begin_fill(space_, {key_});
  as_of_ = AsOf(SentAt::before_sending(now));
}

void Load::end(Result<NearValue> value) {
  std::vector<std::function<void()>> calls;
  {
    const std::lock_guard lock(mutex_);
    if (outcome_) return;
    outcome_.emplace(Outcome{std::move(value), as_of_, ticket_});
    calls = std::move(calls_);
  }
  for (const auto& call : calls) call();
}

const Load::Outcome* Load::outcome() const {
  const std::lock_guard lock(mutex_);
  return outcome_ ? &*outcome_ : nullptr;
}

void Load::when_over(std::function<void()> call) {
  {
    const std::lock_guard lock(mutex_);
    if (!outcome_) return calls_.push_back(std::move(call));
  }
  call();
}

LoadDesk::Place LoadDesk::join(std::string_view key) {
  const std::lock_guard lock(mutex_);
  std::shared_ptr<Load>& load = loads_[std::string(key)];
  if (load) return {load, false};
  load = alone(key);
  return {load, true};
}

std::shared_ptr<Load> LoadDesk::alone(std::string_view key) const {
  return std::make_shared<Load>(store_, space_, std::string(key));
}

void LoadDesk::leave(std::string_view key, const std::shared_ptr<Load>& load) {
  const std::lock_guard lock(mutex_);
  const auto it = loads_.find(std::string(key));
  if (it != loads_.end() && it->second == load) loads_.erase(it);
}

}  // namespace mpreg
