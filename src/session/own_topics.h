#pragma once
// OwnTopics: the aliases that a client gave to the topics it publishes on, in one connection. Each
// lane declares an alias for itself with its first batch that uses it, so that batches of different
// lanes may overtake each other.

#include <array>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

#include "message/body.h"

namespace mpreg {

class OwnTopics {
 public:
  explicit OwnTopics(std::size_t aliases_max) : aliases_max_(aliases_max) {}

  struct Use {
    Alias alias = kNoAlias;  // kNoAlias: the table is full, and the topic travels inline.
    bool declare = false;    // The first use in this lane.
  };

  // The alias of a topic that was used before; kNoAlias when it was not. Tells whether its spelling
  // has been checked.
  [[nodiscard]] Alias find(std::string_view topic);

  // Gives the topic an alias if it has none and the table is not full.
  [[nodiscard]] Use use(std::string_view topic, Lane lane);

  [[nodiscard]] const std::string& text_of(Alias alias) const { return slots_[alias].text; }
  [[nodiscard]] std::size_t size() const { return slots_.size(); }

 private:
  struct Slot {
    std::string text;
    std::array<bool, kLanes> declared{};
  };

  std::size_t aliases_max_;
  std::deque<Slot> slots_;  // Does not move: the keys below view its texts.
  std::unordered_map<std::string_view, Alias> by_text_;
  Alias last_ = kNoAlias;  // Many publish on one topic several times in a row.
};

}  // namespace mpreg
