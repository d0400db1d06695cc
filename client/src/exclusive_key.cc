#include "mpreg/exclusive_key.h"

#include <algorithm>
#include <utility>

#include "client_core.h"

namespace mpreg {

struct ExclusiveKey::Held {
  std::shared_ptr<ClientCore> core;
  CacheAddress address;
  ClaimGranted granted;
  Instant until{};

  void take(ClaimGranted answer) {
    granted = std::move(answer);
    until = core->now() + std::chrono::milliseconds(granted.lease_ms);
  }
  Result<void> ask(std::chrono::milliseconds lease) {
    ClaimAsk ask;
    ask.address = address;
    ask.token = granted.token;
    ask.lease_ms = static_cast<std::uint32_t>(lease.count());
    auto answer = core->ask_claim(std::move(ask));
    if (!answer) return tl::unexpected(answer.error());
    take(std::move(*answer));
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
  ClaimAsk ask;
  ask.address = address;
  ask.lease_ms = static_cast<std::uint32_t>(options.lease.count());
  ask.wait_ms = static_cast<std::uint32_t>(options.wait.count());
  if (ask.lease_ms == 0) return fail(ErrorCode::malformed, "lease is 0");
  auto granted = core->ask_claim(std::move(ask));
  if (!granted) return tl::unexpected(granted.error());
  auto held = std::make_unique<Held>();
  held->core = std::move(core);
  held->address = address;
  held->take(std::move(*granted));
  return ExclusiveKey(std::move(held));
}

FencingToken ExclusiveKey::token() const { return held_->granted.token; }
const std::string& ExclusiveKey::home() const { return held_->granted.home; }

std::chrono::milliseconds ExclusiveKey::left() const {
  const Duration left = held_->until - held_->core->now();
  return std::max(std::chrono::floor<std::chrono::milliseconds>(left),
                  std::chrono::milliseconds(0));
}

Result<void> ExclusiveKey::renew(std::chrono::milliseconds lease) {
  if (lease.count() <= 0) return fail(ErrorCode::malformed, "lease is not positive");
  return held_->ask(lease);
}

void ExclusiveKey::give_away() { held_.reset(); }

Result<void> ExclusiveKey::release() {
  held_->until = {};
  return held_->ask(std::chrono::milliseconds(0));
}

}  // namespace mpreg
