// How members stand, for operators; and what near caches of this cluster would be told is not
// known.

#include <algorithm>

#include "base/text.h"
#include "node/node_reports.h"

namespace mpreg {

// What this broker's near caches would be told is not known, of members: one sentence each.
std::vector<std::string> NodeReports::unheard(const Now& now) const {
  std::vector<std::string> all;
  if (!membership_.may_number()) all.push_back(membership_.why_waiting());
  for (const LinkTarget& target : membership_.unmet_targets()) {
    all.push_back("the " + std::string(name_of(target.role)) + " at " + target.endpoint +
                  " was never reached, and what it writes is not known");
  }
  for (const auto& [cluster, known] : members_.all()) {
    const auto standing = membership_.ledger().members().find(cluster);
    const bool is_doubted = standing != membership_.ledger().members().end() &&
                            standing->second.state == MemberState::doubted;
    if (is_doubted) all.push_back(MemberProtocol::why_doubted(cluster));
    if (known.member.word.entitlement == Entitlement::alone) {
      all.push_back("cluster " + in_quotes(cluster) +
                    " was told to stand alone, and broke its promise: what others hold of its "
                    "writes may be stale");
    }
    if (is_doubted) continue;
    const std::uint32_t age = sources_.age_of(now.instant, cluster);
    if (!is_silent(now, cluster)) continue;
    if (!known.is_met) {
      all.push_back("cluster " + in_quotes(cluster) +
                    " is a member, and was not met since this broker started");
    } else {
      const bool is_known = age != kAgeUnknown;
      all.push_back("cluster " + in_quotes(cluster) + " is silent" +
                    (is_known ? " for " + std::to_string(age / 1000) + " s" : std::string()) +
                    ": what it writes is not known here");
    }
  }
  return all;
}

std::vector<std::string> NodeReports::refused_links(const Now& now) const {
  std::vector<std::string> all;
  for (const std::string& cluster : links_.duplicates(now.instant)) {
    all.push_back("cluster " + in_quotes(cluster) +
                  " has two brokers: the second one is refused a link here");
  }
  for (const auto& [id, link] : links_) {
    if (link.refusal.empty()) continue;
    all.push_back("the broker at " + link.endpoint + " refuses the link: " + link.refusal);
  }
  return all;
}

bool NodeReports::is_silent(const Now& now, const std::string& cluster) const {
  return sources_.age_of(now.instant, cluster) >
         static_cast<std::uint32_t>(kOriginSilenceMax.count());
}

// "left", "never met", "silent" and so on, for people.
std::string NodeReports::state_of_member(const Now& now, const std::string& cluster) const {
  const Members::Known* known = members_.find(cluster);
  const auto standing = membership_.ledger().members().find(cluster);
  if (standing != membership_.ledger().members().end() &&
      standing->second.state != MemberState::running) {
    return std::string(name_of(standing->second.state));
  }
  if (known == nullptr || !known->is_met) return "never met";
  if (known->member.word.entitlement != Entitlement::entitled) {
    return std::string(name_of(known->member.word.entitlement));
  }
  return is_silent(now, cluster) ? "silent" : "running";
}

}  // namespace mpreg
