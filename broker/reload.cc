#include "broker/reload.h"

#include "broker/option_table.h"

namespace mpreg {
namespace {

std::string joined(const std::vector<std::string>& values) {
  std::string text;
  for (const std::string& value : values) text += (text.empty() ? "" : ",") + value;
  return text.empty() ? "nothing" : text;
}

}  // namespace

Result<std::vector<std::string>> changes_between(const BrokerOptions& running,
                                                 const BrokerOptions& wanted) {
  const std::vector<std::string> errors = find_errors(wanted);
  if (!errors.empty()) return fail(ErrorCode::malformed, errors.front());
  std::vector<std::string> changes;
  std::string fixed;
  for (const OptionSpec& spec : option_table()) {
    const std::vector<std::string> before = values_of(spec, running);
    const std::vector<std::string> after = values_of(spec, wanted);
    if (before == after) continue;
    const std::string change =
        std::string(spec.name) + " " + joined(before) + " -> " + joined(after);
    if (spec.reload == Reload::yes) {
      changes.push_back(change);
    } else {
      fixed += (fixed.empty() ? "" : "; ") + change;
    }
  }
  if (!fixed.empty()) return fail(ErrorCode::refused, "only a restart changes: " + fixed);
  return changes;
}

}  // namespace mpreg
