#pragma once
// Resolver: which value counts when several clusters wrote a key without having seen each other's
// write. Stores keep such writes side by side (Siblings) until a later one has seen them all, and
// show what the resolver makes of them; so every cluster shows the same, whatever the order in
// which the writes came.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "stream/hybrid_clock.h"

namespace mpreg {

// One write that nobody is known to have seen and changed.
struct Sibling {
  std::string cluster;  // Of the write, with its time its name.
  HybridTime time = 0;
  bool erased = false;  // It took the value away.
  std::string value;

  friend bool operator==(const Sibling&, const Sibling&) = default;
};

class Resolver {
 public:
  virtual ~Resolver() = default;

  // As --resolver names it, with what it was given. Brokers compare it: those whose resolvers of a
  // namespace have different names do not take each other's values there.
  [[nodiscard]] virtual std::string name() const = 0;

  // What is shown; nothing: there is no value. One sibling of a cluster at most, ascending by
  // cluster; at least one. Must depend on them alone. Thread-safe.
  [[nodiscard]] virtual std::optional<std::string> resolve(
      std::span<const Sibling> siblings) const = 0;

  // True: values are states that are joined, and no write ever takes the place of another: a later
  // write of a cluster is merged into its earlier one.
  [[nodiscard]] virtual bool merges() const { return false; }
  // Commutative, associative and idempotent. A state that cannot be read is as none.
  [[nodiscard]] virtual std::string merge(std::string_view one, std::string_view other) const {
    static_cast<void>(other);
    return std::string(one);
  }
  // The state after everything that was there at `time` is taken away.
  [[nodiscard]] virtual std::string cleared(HybridTime time) const {
    static_cast<void>(time);
    return {};
  }
  // Whether a write of this value makes sense; if not, its broker refuses it.
  [[nodiscard]] virtual bool accepts(std::string_view value) const {
    static_cast<void>(value);
    return true;
  }
};

}  // namespace mpreg
