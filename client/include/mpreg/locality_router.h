#pragma once
// LocalityRouter: to which clusters the values of a namespace go, by key. A value that is read in
// Europe alone need not travel to every cluster; the others learn that there is a newer one all the
// same, and drop theirs.

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace mpreg {

class LocalityRouter {
 public:
  virtual ~LocalityRouter() = default;
  // Cluster ids, `@REGION` or `*`; empty: nobody, the write only invalidates. Thread-safe.
  [[nodiscard]] virtual std::vector<std::string> targets(std::string_view namespace_name,
                                                         std::string_view key) const = 0;
};

// The first route that fits decides; without one, everybody gets it. Filled before it is used.
class RouteTable final : public LocalityRouter {
 public:
  // `key_pattern`: words separated by dots, `*` one word, `#` any number, matched against the key.
  // Errors, `malformed`: a namespace or pattern that cannot be one, more than 10,000 routes.
  [[nodiscard]] Result<void> add(std::string namespace_name, std::string key_pattern,
                                 std::vector<std::string> targets);

  [[nodiscard]] std::vector<std::string> targets(std::string_view namespace_name,
                                                 std::string_view key) const override;

 private:
  struct Route {
    std::string namespace_name;
    std::string key_pattern;
    std::vector<std::string> targets;
  };
  std::vector<Route> routes_;
};

}  // namespace mpreg
