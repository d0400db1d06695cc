#pragma once
// MergeStates: values that concurrent writers change together (convergent replicated data types:
// Shapiro, Preguica, Baquero and Zawirski, "Conflict-free Replicated Data Types", 2011). A state is
// one text of bytes; merging is commutative, associative and idempotent, and equal states are equal
// bytes. Each writer has a number of its own and changes a state one after the other.
//
// A state has an era, the time of the last erase that its writer had seen. The greater era wins:
// what was changed without having seen the erase goes with it.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "stream/hybrid_clock.h"

namespace mpreg {

// Each writer's sums, which only grow (a PN-counter).
class CounterState {
 public:
  struct Sums {
    std::uint64_t up = 0;
    std::uint64_t down = 0;
    friend bool operator==(const Sums&, const Sums&) = default;
  };

  void add(std::uint64_t writer, std::int64_t amount);
  void merge(const CounterState& other);
  [[nodiscard]] std::int64_t value() const;  // Modulo 2^64.

  HybridTime era = 0;
  std::map<std::uint64_t, Sums> sums;

  friend bool operator==(const CounterState&, const CounterState&) = default;
};

// Fields with values; a set is one with empty values, a register one with a single field. What is
// put and removed at the same time stays; of values that were put at the same time the one with the
// greater dot counts (an observed-remove map: Bieniusa et al., "An optimized conflict-free
// replicated set", 2012).
class MapState {
 public:
  struct Dot {
    std::uint64_t number = 0;  // Greater than every one that its writer had seen.
    std::uint64_t writer = 0;
    friend auto operator<=>(const Dot&, const Dot&) = default;
  };
  using Dots = std::map<Dot, std::string>;  // The values that were put.

  void put(std::uint64_t writer, std::string_view field, std::string_view value);
  void remove(std::string_view field);
  void merge(const MapState& other);
  [[nodiscard]] std::optional<std::string> get(std::string_view field) const;

  HybridTime era = 0;
  std::map<std::uint64_t, std::uint64_t> seen;  // By writer: its dots up to this number.
  std::map<std::string, Dots, std::less<>> fields;

  friend bool operator==(const MapState&, const MapState&) = default;

 private:
  [[nodiscard]] bool has_seen(const Dot& dot) const;
};

enum class MergeKind : std::uint8_t { counter = 1, set = 2, map = 3, single = 4 };

// Empty bytes are an empty state. Nothing: they are no state of this kind.
[[nodiscard]] std::optional<CounterState> decode_counter(std::string_view bytes);
[[nodiscard]] std::optional<MapState> decode_map(MergeKind kind, std::string_view bytes);
[[nodiscard]] std::string encode(const CounterState& state);
[[nodiscard]] std::string encode(MergeKind kind, const MapState& state);

// For people: "42", "a, b", "x=1, y=2"; nothing: no state of any kind.
[[nodiscard]] std::optional<std::string> text_of_state(std::string_view bytes);

}  // namespace mpreg
