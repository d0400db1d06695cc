#include "federation/member_ledger.h"

#include <algorithm>

namespace mpreg {
namespace {

// One that was only declared is not remembered: its name is in the options, whatever was lost.
bool remembers_somebody(const std::map<std::string, MemberStanding>& members) {
  return std::any_of(members.begin(), members.end(),
                     [](const auto& member) { return member.second.incarnation.counter > 0; });
}

}  // namespace

MemberLedger::MemberLedger(LedgerStart start)
    : cluster_(std::move(start.cluster)),
      incarnation_(start.incarnation),
      members_(std::move(start.members)) {
  members_.erase(cluster_);
  if (start.has_targets && !remembers_somebody(members_)) {
    standing_ = Standing::memoryless;
  } else if (start.has_left) {
    standing_ = Standing::left;
  }
}

bool MemberLedger::learn(const std::string& cluster, const MemberStanding& standing) {
  if (cluster == cluster_) {
    if (standing.state == MemberState::forgotten) {
      was_forgotten_ = std::max(was_forgotten_, standing.incarnation);
    }
    return false;
  }
  const auto [known, is_new] = members_.try_emplace(cluster, standing);
  if (is_new) return true;
  if (standing <= known->second) return false;
  known->second = standing;
  return true;
}

void MemberLedger::accept_rejoin() {
  if (!is_leaving_) standing_ = Standing::entitled;
}

bool MemberLedger::try_rejoin(const std::set<std::string>& met) {
  if (is_leaving_ || standing_ == Standing::entitled) return false;
  // Who remembers nobody does not know whom it has to meet: the first one that it meets does.
  if (standing_ == Standing::memoryless && met.empty()) return false;
  if (!waits_for(met).empty()) return false;
  standing_ = Standing::entitled;
  return true;
}

std::vector<std::string> MemberLedger::waits_for(const std::set<std::string>& met) const {
  std::vector<std::string> missing = running();
  missing.erase(std::remove_if(missing.begin(), missing.end(),
                               [&](const std::string& member) { return met.count(member) > 0; }),
                missing.end());
  return missing;
}

void MemberLedger::stand_alone() {
  if (!is_leaving_ && !may_number()) standing_ = Standing::alone;
}

void MemberLedger::leave() {
  is_leaving_ = true;
  standing_ = Standing::left;
}

bool MemberLedger::forget(const std::string& cluster) {
  const auto known = members_.find(cluster);
  if (known == members_.end()) return false;
  known->second.state = MemberState::forgotten;
  return true;
}

std::optional<MemberStanding> MemberLedger::own() const {
  if (is_leaving_) return MemberStanding{incarnation_, MemberState::left};
  if (may_number()) return MemberStanding{incarnation_, MemberState::running};
  return std::nullopt;
}

std::vector<std::string> MemberLedger::running() const {
  std::vector<std::string> running;
  for (const auto& [cluster, standing] : members_) {
    if (standing.state == MemberState::running) running.push_back(cluster);
  }
  return running;
}

std::size_t MemberLedger::electorate() const {
  std::size_t count = 1;
  for (const auto& [cluster, standing] : members_) {
    if (standing.state != MemberState::forgotten) ++count;
  }
  return count;
}

}  // namespace mpreg
