#include "message/protocol_table.h"

namespace mpreg {
namespace {

using State = EntryState;
using Operation = CacheOperation;

constexpr State kStates[] = {State::invalid,  State::shared, State::exclusive,
                             State::modified, State::owned,  State::syncing};

bool is_held(State state) { return state != State::invalid && state != State::syncing; }

class Plain final : public CoherenceProtocol {
 public:
  [[nodiscard]] std::string_view name() const override { return "plain"; }
  [[nodiscard]] bool validate(Operation /*operation*/, State state) const override {
    return state == State::shared || !is_held(state);
  }
  [[nodiscard]] State next_state(State /*state*/, Operation /*operation*/) const override {
    return State::shared;
  }
};

}  // namespace

std::string_view name_of(CacheOperation operation) {
  constexpr std::string_view kNames[] = {"read",    "fill",    "write",    "share",
                                         "acquire", "receive", "announce", "invalidate"};
  return kNames[static_cast<std::size_t>(operation)];
}

ProtocolTable::ProtocolTable() : ProtocolTable(Plain()) {}

ProtocolTable::ProtocolTable(const CoherenceProtocol& protocol) : name_(protocol.name()) {
  plain_ = (1U << kCacheOperations) - 1;
  for (auto& row : steps_) row.fill(kNone);
  for (std::size_t i = 0; i < kCacheOperations; ++i) {
    const auto operation = static_cast<Operation>(i);
    std::optional<std::uint8_t> first;
    for (const State state : kStates) {
      std::uint8_t& next = steps_[row_of(state)][i];
      const bool is_known = !is_held(state) || protocol.validate(Operation::read, state);
      if (operation == Operation::announce) {
        next = static_cast<std::uint8_t>(State::syncing);
      } else if (operation == Operation::invalidate) {
        next = static_cast<std::uint8_t>(State::invalid);
      } else if ((operation != Operation::read || is_held(state)) &&
                 protocol.validate(operation, state)) {
        next = static_cast<std::uint8_t>(protocol.next_state(state, operation));
      }
      if (!is_known) continue;
      if (!first) first = next;
      if (next != *first) plain_ &= ~(1U << i);
    }
  }
}

}  // namespace mpreg
