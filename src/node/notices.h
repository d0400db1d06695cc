#pragma once
// Notices: what clients were told of their operations, refusals and outcomes. What was told to a
// connection that breaks may not have arrived: it is told again to the next one of the same client,
// which knows what it has heard. Not session_events.h's Notice.

#include <cstdint>
#include <deque>

#include "node/turn.h"

namespace mpreg {

class Notices {
 public:
  static constexpr std::size_t kOperationsMax = 16'384;  // Then the oldest go.

  // `operations`: so many it is about.
  void remember(Instant now, std::uint64_t client, std::size_t operations, Packet packet);
  // What was told before that goes, as long as what was told first was.
  void forget_before(Instant time);
  // Whether it was told that this operation is refused; null: not that is remembered.
  [[nodiscard]] const Packet* find_refusal(const OperationId& operation) const;
  // To the session of that client.
  void repeat(Turn& turn, std::uint64_t client, Address to) const;

 private:
  struct Told {
    Instant at{};
    std::uint64_t client = 0;
    std::size_t operations = 0;
    Packet packet;
  };

  void forget_first();

  std::deque<Told> told_;
  std::size_t operations_ = 0;  // In all of them.
};

}  // namespace mpreg
