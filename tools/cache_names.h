#pragma once
// The names of cache operations as people write and read them.

#include <map>
#include <string>
#include <string_view>

#include "message/cache_messages.h"

namespace mpreg::tools {

[[nodiscard]] const std::map<std::string, InvalidationType>& invalidation_types();
[[nodiscard]] const std::map<std::string, ReplicationStrategy>& strategies();
[[nodiscard]] const std::map<std::string, WaitLevel>& wait_levels();

[[nodiscard]] std::string_view name_of(InvalidationType type);

}  // namespace mpreg::tools
