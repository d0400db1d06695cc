#include "mpreg/exclusive_key.h"

#include <utility>

#include "client_core.h"
#include "session/held_key.h"

namespace mpreg {

struct ExclusiveKey::Held {
  std::shared_ptr<ClientCore> core;
  HeldKey key;

  Result<void> ask(ClaimAsk what) {
    auto answered = core->ask_claim(std::move(what));
    if (!answered) return tl::unexpected(answered.error());
    key.granted(answered->asked, std::move(answered->answer));
    return {};
  }
};

ExclusiveKey::ExclusiveKey(std::unique_ptr<Held> held) : held_(std::move(held)) {}
ExclusiveKey::ExclusiveKey(ExclusiveKey&&) noexcept = default;

ExclusiveKey& ExclusiveKey::operator=(ExclusiveKey&& other) noexcept {
  if (this != &other) {
    if (held_ && holds()) (void)release();
    held_ = std::move(other.held_);
  }
  return *this;
}

ExclusiveKey::~ExclusiveKey() {
  if (held_ && holds()) (void)release();
}

Result<ExclusiveKey> ExclusiveKey::acquire(std::shared_ptr<ClientCore> core,
                                           const CacheAddress& address,
                                           const AcquireOptions& options) {
  for (const auto& [name, value] :
       {std::pair{"lease", options.lease}, std::pair{"wait", options.wait}}) {
    if (value.count() >= 0 && value <= std::chrono::hours(1)) continue;
    return fail(ErrorCode::malformed, std::string(name) + " is " + std::to_string(value.count()) +
                                          " ms, 0 to 3600000 are allowed");
  }
  if (options.lease.count() == 0) return fail(ErrorCode::malformed, "lease is 0");
  auto held = std::make_unique<Held>(Held{std::move(core), HeldKey(address)});
  auto granted = held->ask(held->key.acquire(options.lease, options.wait));
  if (granted && held->key.is_late(held->core->now())) {
    granted = held->ask(held->key.renew(options.lease));
    if (!granted) (void)held->ask(held->key.release());
  }
  if (!granted) return tl::unexpected(granted.error());
  return ExclusiveKey(std::move(held));
}

FencingToken ExclusiveKey::token() const { return held_->key.token(); }
const std::string& ExclusiveKey::home() const { return held_->key.home(); }

std::chrono::milliseconds ExclusiveKey::left() const {
  return std::chrono::floor<std::chrono::milliseconds>(held_->key.left(held_->core->now()));
}

Result<void> ExclusiveKey::renew(std::chrono::milliseconds lease) {
  if (lease.count() <= 0) return fail(ErrorCode::malformed, "lease is not positive");
  return held_->ask(held_->key.renew(lease));
}

void ExclusiveKey::give_away() { held_.reset(); }

Result<void> ExclusiveKey::release() { return held_->ask(held_->key.release()); }

}  // namespace mpreg
