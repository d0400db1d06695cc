#pragma once
// VersionWatch: whether the versions of an origin ascend. They go back when its broker began a new
// life with a clock that had been set back, and nobody who could tell it better was there: then
// "later" does not mean "of a greater version" for what it wrote before.

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "stream/hybrid_clock.h"

namespace mpreg {

class VersionWatch {
 public:
  // Facts of an origin, in the order in which they come. The greatest version before, when this one
  // is not above it.
  [[nodiscard]] std::optional<HybridTime> regressed(std::string_view origin, HybridTime version) {
    const auto known = greatest_.find(origin);
    if (known == greatest_.end()) {
      greatest_.emplace(origin, version);
      return std::nullopt;
    }
    if (version <= known->second) return known->second;
    known->second = version;
    return std::nullopt;
  }

 private:
  std::map<std::string, HybridTime, std::less<>> greatest_;
};

}  // namespace mpreg
