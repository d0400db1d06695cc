#include "session/held_key.h"

#include <utility>

namespace mpreg {
namespace {

ClaimAsk ask_for(const CacheAddress& address, FencingToken token, std::chrono::milliseconds lease) {
  ClaimAsk ask;
  ask.address = address;
  ask.token = token;
  ask.lease_ms = static_cast<std::uint32_t>(lease.count());
  return ask;
}

}  // namespace

ClaimAsk HeldKey::acquire(std::chrono::milliseconds lease, std::chrono::milliseconds wait) const {
  ClaimAsk ask = ask_for(address_, 0, lease);
  ask.wait_ms = static_cast<std::uint32_t>(wait.count());
  return ask;
}

ClaimAsk HeldKey::renew(std::chrono::milliseconds lease) const {
  return ask_for(address_, granted_.token, lease);
}

ClaimAsk HeldKey::release() {
  is_released_ = true;
  lease_ = {};
  return ask_for(address_, granted_.token, std::chrono::milliseconds(0));
}

void HeldKey::granted(SentAt asked, ClaimGranted answer) {
  if (is_released_) return;
  granted_ = std::move(answer);
  length_ = std::chrono::milliseconds(granted_.lease_ms);
  lease_ = Lease(AsOf(asked), length_);
}

}  // namespace mpreg
