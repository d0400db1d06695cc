#pragma once
// ProtocolTable: the table of steps into which a CoherenceProtocol is made.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "message/coherence_protocol.h"

namespace mpreg {

// The steps of one protocol. What is always right is so whatever the protocol says: an entry is
// announced, invalidated, and an invalid one cannot be read.
class ProtocolTable {
 public:
  // Every step leads to `shared`.
  ProtocolTable();
  explicit ProtocolTable(const CoherenceProtocol& protocol);

  // Nothing: it is no step.
  [[nodiscard]] std::optional<EntryState> next(EntryState state, CacheOperation operation) const {
    const std::uint8_t next = steps_[row_of(state)][static_cast<std::size_t>(operation)];
    if (next == kNone) return std::nullopt;
    return static_cast<EntryState>(next);
  }
  // Whether the outcome is the same in every state that can be read, or cannot, in this protocol:
  // nobody need look.
  [[nodiscard]] bool is_plain(CacheOperation operation) const {
    return (plain_ >> static_cast<unsigned>(operation) & 1U) != 0;
  }
  [[nodiscard]] std::string_view name() const { return name_; }

 private:
  static constexpr std::size_t kRows = 9;  // By EntryState.
  static constexpr std::uint8_t kNone = 0xFF;
  [[nodiscard]] static std::size_t row_of(EntryState state) {
    return static_cast<std::size_t>(state == EntryState::missing ? EntryState::invalid : state);
  }

  std::array<std::array<std::uint8_t, kCacheOperations>, kRows> steps_{};
  std::uint32_t plain_ = 0;
  std::string name_;
};

}  // namespace mpreg
