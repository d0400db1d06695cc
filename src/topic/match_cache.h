#pragma once
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "topic/pattern_index.h"

namespace mpreg {

using IdList = std::vector<std::uint32_t>;

struct CachedMatch {
  std::uint64_t revision = 0;
  std::shared_ptr<const IdList> ids;
};

const IdList& refresh(CachedMatch& cached, std::string_view topic, const PatternIndex& index);

}  // namespace mpreg
