#include "mpreg/locality_router.h"

#include "base/text.h"
#include "message/cache_key.h"
#include "topic/match.h"
#include "topic/topic.h"

namespace mpreg {
namespace {

constexpr std::size_t kRoutesMax = 10'000;

}  // namespace

Result<void> RouteTable::add(std::string namespace_name, std::string key_pattern,
                             std::vector<std::string> targets) {
  if (auto checked = check_namespace(namespace_name); !checked) return checked;
  if (auto checked = check_pattern(key_pattern); !checked) return checked;
  if (routes_.size() == kRoutesMax) {
    return fail(ErrorCode::malformed, "the table has 10000 routes, which is its limit");
  }
  routes_.push_back({std::move(namespace_name), std::move(key_pattern), std::move(targets)});
  return {};
}

std::vector<std::string> RouteTable::targets(std::string_view namespace_name,
                                             std::string_view key) const {
  for (const Route& route : routes_) {
    if (route.namespace_name == namespace_name && matches(route.key_pattern, key)) {
      return route.targets;
    }
  }
  return {"*"};
}

}  // namespace mpreg
