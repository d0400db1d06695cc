#pragma once
// HeldKey: a key that a client has to itself for a while, without I/O: what to ask the broker, and
// until when the client may believe the answer. Its lease runs from when the client asked, so that
// it ends here before it ends anywhere else, however long the answer took or the process stood
// still.

#include <chrono>
#include <string>

#include "base/as_of.h"
#include "message/claim_messages.h"

namespace mpreg {

class HeldKey {
 public:
  explicit HeldKey(CacheAddress address) : address_(std::move(address)) {}

  // ---- What to ask. The request number is filled in by the session.
  [[nodiscard]] ClaimAsk acquire(std::chrono::milliseconds lease,
                                 std::chrono::milliseconds wait) const;
  [[nodiscard]] ClaimAsk renew(std::chrono::milliseconds lease) const;
  // From now on this object holds nothing, whatever the broker answers; to acquire again takes
  // another.
  [[nodiscard]] ClaimAsk release();

  // The answer to what was asked at `asked`. After a release it changes nothing.
  void granted(SentAt asked, ClaimGranted answer);

  [[nodiscard]] bool holds(Instant now) const { return lease_.holds(now); }
  [[nodiscard]] Duration left(Instant now) const { return lease_.left(now); }
  // The broker granted it, but more than half of the time went by before the answer was here: while
  // another held the key, mostly. To be renewed before it is used.
  [[nodiscard]] bool is_late(Instant now) const { return 2 * lease_.left(now) < length_; }

  [[nodiscard]] FencingToken token() const { return granted_.token; }
  [[nodiscard]] const std::string& home() const { return granted_.home; }
  [[nodiscard]] const CacheAddress& address() const { return address_; }

 private:
  CacheAddress address_;
  ClaimGranted granted_;
  Duration length_{};
  bool is_released_ = false;
  Lease lease_;
};

}  // namespace mpreg
