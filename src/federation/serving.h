#pragma once
// Serving: one stream that a neighbour takes from here by cursor: live where data flows up a link,
// and as repair where live data is published. Bounded by what the neighbour has applied: at most a
// window of bytes is under way.

#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

#include "federation/link_filter.h"
#include "message/body.h"
#include "message/link_messages.h"
#include "stream/stream_table.h"

namespace mpreg {

class Serving {
 public:
  Serving() = default;
  // `until`: the cursor stops there, because live data comes by another way; kNumberMax: it goes
  // on.
  Serving(Number after, Number until, std::uint64_t window_bytes)
      : sent_(after),
        told_through_(after),
        acknowledged_(after),
        until_(until),
        window_bytes_(window_bytes) {}

  LinkFilter filter;

  // The cursor.
  [[nodiscard]] Number sent() const { return sent_; }
  // What the neighbour was told of: the cursor, but for what was passed over since.
  [[nodiscard]] Number told_through() const { return told_through_; }
  [[nodiscard]] bool has_passed_over() const { return told_through_ < sent_; }
  [[nodiscard]] const CompleteFor& passed_over_for() const { return passed_over_for_; }
  [[nodiscard]] bool finished() const { return sent_ >= until_; }
  [[nodiscard]] bool has_credit_for(std::uint64_t bytes) const {
    return in_flight_bytes_ == 0 || in_flight_bytes_ + bytes <= window_bytes_;
  }

  void mark_sent(Number through, std::uint64_t bytes);
  // Nothing in the range is for the neighbour: it is told with what follows, or by the next
  // heartbeat. What was passed over before has the same completeness.
  void pass_over(Number through, CompleteFor complete) {
    sent_ = through;
    passed_over_for_ = std::move(complete);
  }
  // The neighbour has applied the stream up to `number`.
  void acknowledge(Number number);
  [[nodiscard]] Number acknowledged() const { return acknowledged_; }

  // Marks the alias as told; false when it had been, or when there is none to tell.
  bool tell_alias(Alias alias);

 private:
  Number sent_ = 0;
  Number told_through_ = 0;
  CompleteFor passed_over_for_;
  Number acknowledged_ = 0;
  Number until_ = 0;
  std::uint64_t window_bytes_ = 0;
  std::uint64_t in_flight_bytes_ = 0;
  std::deque<std::pair<Number, std::uint64_t>> in_flight_;  // (through, bytes)
  std::vector<bool> told_;
};

}  // namespace mpreg
