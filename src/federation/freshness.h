#pragma once
// Freshness: up to which moment everything that the origin of a stream had given is known to have
// been applied here. A neighbour says how much it holds and as of when; that counts here as soon as
// as much is applied. "As of when" is by our clock: the moment when we sent what the neighbour's
// word echoes, and how long it had held that, less the age that the word has by its own account. So
// messages that come late make nothing look fresher than it is.

#include "base/time.h"
#include "stream/stream_id.h"

namespace mpreg {

class Freshness {
 public:
  // Everything given before `as_of` has a number of at most `head`; `applied` of it are here.
  void learn(Number head, Instant as_of, Number applied) {
    if (applied >= head) {
      raise(as_of);
    } else if (waiting_.as_of == Instant{}) {
      waiting_ = {head, as_of};
    } else if (as_of > next_.as_of) {
      next_ = {head, as_of};
    }
  }

  void advance(Number applied) {
    while (waiting_.as_of != Instant{} && applied >= waiting_.head) {
      raise(waiting_.as_of);
      waiting_ = next_;
      next_ = {};
    }
  }

  // Zero: not known.
  [[nodiscard]] Instant complete_as_of() const { return complete_as_of_; }

 private:
  struct Word {
    Number head = 0;
    Instant as_of{};
  };
  void raise(Instant as_of) {
    if (as_of > complete_as_of_) complete_as_of_ = as_of;
  }

  Instant complete_as_of_{};
  Word waiting_;  // For what it says to be applied; then the newest that came meanwhile.
  Word next_;
};

}  // namespace mpreg
