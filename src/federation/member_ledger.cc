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
  const bool is_to_join = start.has_targets || !members_.empty();
  if (is_to_join && !remembers_somebody(members_)) {
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
  MemberStanding said = standing;
  const auto known = members_.find(cluster);
  if (said.state == MemberState::left && has_left()) {
    if (known != members_.end()) return false;
    said.state = MemberState::running;
  }
  if (known != members_.end() && said <= known->second) return false;
  members_.insert_or_assign(cluster, said);
  return true;
}

bool MemberLedger::learn_start(const std::string& cluster, const Incarnation& incarnation,
                               bool has_memory) {
  const auto known = members_.find(cluster);
  const bool was_member = known != members_.end() && known->second.incarnation.counter > 0;
  const bool is_next = was_member && incarnation > known->second.incarnation;
  if (!learn(cluster, {incarnation, MemberState::running, has_memory})) return false;
  if (is_next && !has_memory) doubt_who_left();
  return true;
}

void MemberLedger::doubt_who_left() {
  for (auto& [cluster, standing] : members_) {
    if (standing.state == MemberState::left) standing.state = MemberState::doubted;
  }
}

void MemberLedger::accept_rejoin() {
  if (!is_leaving_) standing_ = Standing::entitled;
}

bool MemberLedger::try_rejoin(const std::set<std::string>& welcomed_by) {
  if (is_leaving_ || standing_ == Standing::entitled) return false;
  // Who remembers nobody does not know whom it has to meet: the first one that it meets does.
  if (standing_ == Standing::memoryless && welcomed_by.empty()) return false;
  if (!waits_for(welcomed_by).empty()) return false;
  standing_ = Standing::entitled;
  return true;
}

std::vector<std::string> MemberLedger::waits_for(const std::set<std::string>& welcomed_by) const {
  std::vector<std::string> missing = awaited();
  std::erase_if(missing, [&](const std::string& member) { return welcomed_by.contains(member); });
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
  // What one that left had done before is known from its goodbye.
  const bool was_awaited = is_awaited(known->second.state);
  known->second.state = MemberState::forgotten;
  if (was_awaited) doubt_who_left();
  return true;
}

std::optional<MemberStanding> MemberLedger::own() const {
  if (is_leaving_) return MemberStanding{incarnation_, MemberState::left};
  if (may_number()) return MemberStanding{incarnation_, MemberState::running};
  return std::nullopt;
}

std::vector<std::string> MemberLedger::awaited() const {
  std::vector<std::string> awaited;
  for (const auto& [cluster, standing] : members_) {
    if (is_awaited(standing.state)) awaited.push_back(cluster);
  }
  return awaited;
}

bool MemberLedger::has_left(const std::string& cluster) const {
  const auto known = members_.find(cluster);
  return known != members_.end() && known->second.state == MemberState::left;
}

bool MemberLedger::was_forgotten(const std::string& cluster, const Incarnation& incarnation) const {
  const auto known = members_.find(cluster);
  return known != members_.end() && known->second.state == MemberState::forgotten &&
         incarnation <= known->second.incarnation;
}

}  // namespace mpreg
