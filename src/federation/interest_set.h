#pragma once
// InterestSet: what one cluster asks the others for: as few patterns as cover all that its sessions
// hold. A pattern that another one covers is not told. Beyond kPatternsMax different patterns only
// their first words are told ("a.#" for "a.b.c"), and beyond that "#".
//
// Adding costs one look-up, and one comparison with each told pattern that begins with the same
// literal words. Removing a pattern that covered others costs one pass over the at most
// kPatternsMax patterns held, and one addition for each that it covered. Widened, both cost one
// look-up.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "message/link_messages.h"
#include "topic/pattern_index.h"

namespace mpreg {

class InterestSet {
 public:
  static constexpr std::size_t kPatternsMax = 10'000;
  static constexpr std::size_t kNarrowBelow = 5'000;  // Uses; then the patterns are told again.

  // Uses are counted: what was added twice must be removed twice. The pattern is admissible.
  void add(std::string_view pattern);
  void remove(std::string_view pattern);

  [[nodiscard]] bool is_changed() const { return is_replaced_ || !changes_.empty(); }
  // What came and went since the last call, as of this generation; `since` is left to the caller,
  // and is 0 where all that is told was replaced.
  struct Change {
    bool is_all = false;
    std::vector<std::string> added;
    std::vector<std::string> removed;
  };
  [[nodiscard]] Change take_change(Generation generation);

  // Everything told, ascending.
  [[nodiscard]] std::vector<std::string> told() const;
  [[nodiscard]] std::size_t told_size() const { return is_widened_ ? words_told() : told_.size(); }
  [[nodiscard]] std::size_t uses() const { return uses_; }

  // The generation since which what covers the pattern is told without a break; kNotTold when it
  // has not been taken as a change yet. The pattern is held.
  static constexpr Generation kNotTold = ~Generation{0};
  [[nodiscard]] Generation told_since(std::string_view pattern) const;

  // Widened, and so few are left that the patterns should be told again: the owner clears the set
  // and adds what is held.
  [[nodiscard]] bool wants_rebuild() const { return is_widened_ && uses_ < kNarrowBelow; }
  void clear();

  [[nodiscard]] bool is_widened() const { return is_widened_; }

 private:
  using Slot = std::uint32_t;
  static constexpr Slot kNoSlot = ~Slot{0};
  struct Held {
    std::uint32_t uses = 0;
    Slot cover = 0;  // The told pattern that covers it, or its own.
  };
  struct Told {
    Slot slot = 0;
    std::uint32_t covers = 0;  // Held patterns besides itself.
    Generation since = kNotTold;
  };
  struct Word {
    std::uint64_t uses = 0;
    Generation since = kNotTold;
  };
  using ToldPatterns = std::map<std::string, Told, std::less<>>;

  void tell(const std::string& pattern, Held& held);
  void withdraw(ToldPatterns::iterator told);
  void absorb(const std::string& pattern, Told& by);
  void uncover(Slot slot);
  [[nodiscard]] Told* cover_of(std::string_view pattern);
  void note(const std::string& pattern, bool is_added);
  void widen();
  [[nodiscard]] std::size_t words_told() const;

  std::unordered_map<std::string, Held> held_;
  ToldPatterns told_;
  PatternIndex index_;                           // Of told_, by slot.
  std::vector<ToldPatterns::iterator> by_slot_;  // end(): free.
  std::vector<Slot> free_slots_;
  std::vector<std::uint32_t> matches_;
  std::map<std::string, bool> changes_;  // Net, since the last take_change(): came, or went.
  Generation last_taken_ = 0;            // The generation of the last take_change().
  bool is_replaced_ = false;
  bool is_widened_ = false;
  std::map<std::string, Word, std::less<>> words_;  // By first word, widened; "" for wildcards.
  std::size_t uses_ = 0;
};

}  // namespace mpreg
