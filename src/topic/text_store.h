#pragma once
// TextStore: short texts, each with a value, under 31-bit names; TextTable finds them by their
// bytes. Patterns and the words of patterns lie in one store.

#include <array>
#include <cstdint>
#include <string_view>

#include "topic/flat_table.h"
#include "topic/slab.h"

namespace mpreg {

using TextName = std::uint32_t;  // Below 2^31.
inline constexpr TextName kNoText = 0;

inline constexpr std::size_t kTextBytesMax = 255;

// The head of a cell; the text follows it.
struct TextRecord {
  std::uint32_t value = 0;  // A word: how many edges bear it. A pattern: its id, or its id list.
  std::uint16_t tail = 0;   // A leaf of the trie: the byte where the part below the edge begins.
  std::uint8_t length = 0;
  bool has_list = false;  // A pattern: value names a list.

  [[nodiscard]] std::string_view text() const {
    return {reinterpret_cast<const char*>(this + 1), length};
  }
};

class TextStore {
 public:
  TextStore();

  // The text has at most kTextBytesMax bytes.
  [[nodiscard]] TextName add(std::string_view text);
  void remove(TextName name);

  [[nodiscard]] TextRecord& at(TextName name) const {
    return *reinterpret_cast<TextRecord*>(slabs_[(name >> kCellBits) - 1].at(name & kCellMask));
  }
  [[nodiscard]] std::size_t bytes() const;

 private:
  // Cells of 16, 24, ... 136, 152, ... 264 bytes: on average 4 or 8 bytes of a cell are unused.
  static constexpr std::size_t kSmallClasses = 16;
  static constexpr std::size_t kClasses = 24;
  static constexpr std::uint32_t kCellBits = 26;
  static constexpr std::uint32_t kCellMask = (1U << kCellBits) - 1;
  static_assert((kClasses + 1) << kCellBits <= 1U << 31U);

  static constexpr std::size_t cell_bytes(std::size_t size_class) {
    return size_class < kSmallClasses ? 16 + 8 * size_class
                                      : 136 + 16 * (size_class + 1 - kSmallClasses);
  }

  template <std::size_t... kClass>
  static std::array<Slab, kClasses> make_slabs(std::index_sequence<kClass...>) {
    return {Slab(cell_bytes(kClass))...};
  }

  std::array<Slab, kClasses> slabs_;
};

struct TextSlot {
  std::uint32_t tag = 0;
  TextName name = kNoText;

  [[nodiscard]] bool empty() const { return name == kNoText; }
  [[nodiscard]] std::uint32_t hash() const { return tag; }
};

[[nodiscard]] std::uint32_t hash_of(std::string_view text);

// The texts of one kind. The store outlives it.
class TextTable {
 public:
  explicit TextTable(TextStore& store) : store_(store) {}

  [[nodiscard]] TextName find(std::string_view text, std::uint32_t hash) const {
    const TextSlot* slot = slot_of(text, hash);
    return slot == nullptr ? kNoText : slot->name;
  }
  // Of a text that is not there yet.
  [[nodiscard]] TextName insert(std::string_view text, std::uint32_t hash) {
    const TextName name = store_.add(text);
    slots_.insert({hash, name});
    return name;
  }
  // Of a text that is there.
  void erase(TextName name);

  void prefetch(std::uint32_t hash) const { slots_.prefetch(hash); }
  [[nodiscard]] std::size_t size() const { return slots_.size(); }
  [[nodiscard]] std::size_t bytes() const { return slots_.bytes(); }

 private:
  [[nodiscard]] TextSlot* slot_of(std::string_view text, std::uint32_t hash) const {
    return slots_.find(hash, [&](const TextSlot& slot) {
      return slot.tag == hash && store_.at(slot.name).text() == text;
    });
  }

  TextStore& store_;
  FlatTable<TextSlot> slots_;
};

}  // namespace mpreg
