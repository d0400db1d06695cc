#include "federation/link_settings.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/text.h"

namespace mpreg {
namespace {

std::string shown(const std::string& value) {
  return value.empty() ? "the default" : in_quotes(value);
}

using Slot = std::pair<std::string, std::string>;  // Namespace and option.

std::map<Slot, std::string> by_slot(const std::vector<NamespaceSetting>& settings) {
  std::map<Slot, std::string> values;
  for (const NamespaceSetting& one : settings) {
    values[{one.namespace_name, one.option}] = one.value;
  }
  return values;
}

}  // namespace

std::string text_of(const SettingDifference& difference, std::string_view us,
                    std::string_view them) {
  std::string text = difference.option;
  if (!difference.namespace_name.empty()) {
    text += " of namespace " + in_quotes(difference.namespace_name);
  }
  return text + " is " + shown(difference.ours) + " at " + std::string(us) + " and " +
         shown(difference.theirs) + " at " + std::string(them);
}

SettingsBook::SettingsBook(LinkSettings own) : own_(std::move(own)) {
  std::sort(own_.namespaces.begin(), own_.namespaces.end());
}

SettingsBook::Differences SettingsBook::obstacles(const LinkSettings& theirs) const {
  Differences all;
  if (theirs.topic_prefix != own_.topic_prefix) {
    all.push_back({"", "topic-prefix", own_.topic_prefix, theirs.topic_prefix});
  }
  if (theirs.key_rules != own_.key_rules) {
    all.push_back({"", "the edition of the rules for keys", std::to_string(own_.key_rules),
                   std::to_string(theirs.key_rules)});
  }
  return all;
}

bool SettingsBook::learn_claim_lease(std::uint32_t lease_ms) {
  if (lease_ms <= own_.claim_lease_max_ms) return false;
  own_.claim_lease_max_ms = lease_ms;
  return true;
}

bool SettingsBook::learn(const std::string& cluster, const std::vector<NamespaceSetting>& theirs) {
  if (theirs.empty() && own_.namespaces.empty() && members_.empty()) return false;
  const std::map<Slot, std::string> here = by_slot(own_.namespaces);
  const std::map<Slot, std::string> there = by_slot(theirs);
  Differences now;
  for (const auto& [slot, value] : here) {
    const auto other = there.find(slot);
    const std::string their_value = other == there.end() ? std::string() : other->second;
    if (their_value != value) now.push_back({slot.first, slot.second, value, their_value});
  }
  for (const auto& [slot, value] : there) {
    if (!here.contains(slot)) now.push_back({slot.first, slot.second, "", value});
  }
  std::sort(now.begin(), now.end(), [](const SettingDifference& a, const SettingDifference& b) {
    return std::tie(a.namespace_name, a.option) < std::tie(b.namespace_name, b.option);
  });
  if (now == differences(cluster)) return false;
  if (now.empty()) {
    members_.erase(cluster);
  } else {
    members_[cluster] = std::move(now);
  }
  return true;
}

const SettingsBook::Differences& SettingsBook::differences(const std::string& cluster) const {
  static const Differences none;
  const auto known = members_.find(cluster);
  return known == members_.end() ? none : known->second;
}

bool SettingsBook::differs(const std::string& cluster, std::string_view namespace_name) const {
  if (members_.empty()) return false;
  const Differences& all = differences(cluster);
  return std::any_of(all.begin(), all.end(), [&](const SettingDifference& one) {
    return one.namespace_name == namespace_name;
  });
}

}  // namespace mpreg
