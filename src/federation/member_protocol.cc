#include "federation/member_protocol.h"

#include <algorithm>

#include "base/text.h"
#include "message/leases.h"

namespace mpreg {
namespace {

// Longer than links take to be joined at a start, and shorter than callers wait.
constexpr std::chrono::seconds kRejoinPatience{3};

LedgerStart ledger_start(const MemberProtocolStart& start) {
  return {start.cluster, start.incarnation, start.memory.members, start.memory.has_left,
          !start.targets.empty()};
}

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

}  // namespace

std::string name_of_target(const LinkTarget& target) {
  return std::string(name_of(target.role)) + " " + target.endpoint;
}

MemberProtocol::MemberProtocol(MemberProtocolStart start, Instant now)
    : cluster_(start.cluster),
      has_memory_(start.has_memory),
      is_kept_(start.is_kept),
      targets_(start.targets),
      started_(now),
      incarnation_(start.incarnation),
      ledger_(ledger_start(start)),
      targets_met_(std::move(start.memory.targets_met)) {
  for (const auto& [cluster, standing] : ledger_.members()) {
    if (standing.state == MemberState::left) left_since_.emplace(cluster, now);
  }
  // The last one to leave waits for nobody.
  (void)settle();
  is_changed_ = is_changed_ || ledger_.has_left() != start.memory.has_left;
}

void MemberProtocol::hear(const std::string& cluster, const Incarnation& incarnation,
                          const MemberWord& word, Instant now) {
  if (cluster == cluster_) {
    (void)ledger_.learn(cluster, {incarnation, word.state});
    return;
  }
  // Those that are neither running nor here to say so are known by their state alone.
  if (word.state == MemberState::running) {
    note_rejoin(cluster, incarnation, word.has_memory);
  } else {
    const bool is_news =
        ledger_.learn(cluster, {incarnation, word.state, word.has_memory, word.last_fact});
    is_changed_ = is_changed_ || is_news;
  }
  if (word.state != MemberState::running || word.entitlement != Entitlement::waiting) {
    rejoins_.erase(cluster);
  }
  if (ledger_.has_left(cluster)) {
    left_since_.emplace(cluster, now);
  } else {
    left_since_.erase(cluster);
  }
  for (const RejoinSynced& welcome : word.welcomes) {
    if (welcome.cluster != cluster_ || welcome.incarnation != incarnation_) continue;
    welcomed_by_.insert(cluster);
    is_admitted_ = is_admitted_ || word.entitlement == Entitlement::entitled;
  }
}

void MemberProtocol::note_rejoin(const std::string& cluster, const Incarnation& incarnation,
                                 bool has_memory) {
  // Whoever is leaving welcomes nobody any more: its own promise holds.
  if (leaving_) return;
  const bool is_news = ledger_.learn_start(cluster, incarnation, has_memory);
  is_changed_ = is_changed_ || is_news;
  // Old word of one that has left again, or of an earlier incarnation, asks for nothing.
  const MemberStanding& known = ledger_.members().at(cluster);
  if (known.incarnation != incarnation || known.state != MemberState::running) return;
  Rejoin& rejoin = rejoins_[cluster];
  if (rejoin.incarnation < incarnation) rejoin = {incarnation, next_ticket()};
}

bool MemberProtocol::settle() {
  if (ledger_.standing() == MemberLedger::Standing::entitled) return false;
  const bool had_left = ledger_.has_left();
  if (is_admitted_) ledger_.accept_rejoin();
  (void)ledger_.try_rejoin(welcomed_by_);
  if (!had_left || ledger_.has_left()) return false;
  is_changed_ = true;
  return true;
}

void MemberProtocol::meet_target(const LinkTarget& target) {
  if (targets_met_.insert(name_of_target(target)).second) is_changed_ = true;
}

bool MemberProtocol::may_rejoin_soon(Instant now) const {
  return !may_number() && !leaving_ && now - started_ < kRejoinPatience;
}

Entitlement MemberProtocol::entitlement() const {
  switch (ledger_.standing()) {
    case MemberLedger::Standing::entitled:
      return Entitlement::entitled;
    case MemberLedger::Standing::alone:
      return Entitlement::alone;
    case MemberLedger::Standing::left:
    case MemberLedger::Standing::memoryless:
      break;
  }
  return Entitlement::waiting;
}

MemberWord MemberProtocol::own_word() const {
  MemberWord word;
  if (is_kept_ && leaving_ && may_say_goodbye()) {
    word.state = MemberState::left;
    word.last_fact = last_fact_;
  }
  word.entitlement = entitlement();
  word.has_memory = has_memory_;
  for (const auto& [cluster, rejoin] : rejoins_) {
    if (rejoin.ticket <= saved_) word.welcomes.push_back({cluster, rejoin.incarnation});
  }
  return word;
}

std::string MemberProtocol::why_waiting() const {
  if (may_number()) return {};
  const std::string ways =
      "; start one of them, mpreg forget those that are gone for good, or write anyway with mpreg "
      "alone";
  if (ledger_.standing() == MemberLedger::Standing::memoryless) {
    std::vector<std::string> wanted = ledger_.waits_for(welcomed_by_);
    for (const LinkTarget& target : wanted.empty() ? targets_ : std::vector<LinkTarget>{}) {
      wanted.push_back(name_of_target(target));
    }
    return "this broker remembers no member (its data directory is new or was lost) and waits for "
           "the first of: " +
           listed(wanted) + ways;
  }
  return "this cluster has left and waits to rejoin, for a member that may write or for all of: " +
         listed(ledger_.waits_for(welcomed_by_)) + ways;
}

std::vector<LinkTarget> MemberProtocol::unmet_targets() const {
  std::set<LinkRole> met;
  for (const LinkTarget& target : targets_) {
    if (targets_met_.contains(name_of_target(target))) met.insert(target.role);
  }
  std::vector<LinkTarget> unmet;
  for (const LinkTarget& target : targets_) {
    if (!met.contains(target.role)) unmet.push_back(target);
  }
  return unmet;
}

std::optional<Instant> MemberProtocol::left_since(const std::string& cluster) const {
  const auto known = left_since_.find(cluster);
  if (known == left_since_.end()) return std::nullopt;
  return known->second;
}

bool MemberProtocol::is_waited_for(Instant now, const std::string& cluster,
                                   bool is_observed) const {
  const auto since = left_since(cluster);
  if (!since || !ledger_.has_left(cluster)) return true;
  return is_observed && now - *since <= kOriginSilenceMax + kLeaseMargin;
}

std::string MemberProtocol::why_doubted(const std::string& cluster) {
  return "cluster " + in_quotes(cluster) +
         " has left, but a member that may have let it in again has lost its memory or was "
         "forgotten: start it, or mpreg forget it";
}

bool MemberProtocol::forget(const std::string& cluster) {
  if (!ledger_.forget(cluster)) return false;
  rejoins_.erase(cluster);
  left_since_.erase(cluster);
  std::erase_if(left_since_, [&](const auto& one) { return !ledger_.has_left(one.first); });
  is_changed_ = true;
  (void)settle();
  return true;
}

void MemberProtocol::stand_alone() { ledger_.stand_alone(); }

void MemberProtocol::begin(const Incarnation& incarnation) {
  incarnation_ = incarnation;
  ledger_.begin(incarnation);
  // They welcomed another one.
  welcomed_by_.clear();
  is_admitted_ = false;
}

void MemberProtocol::leave(Number last_fact) {
  if (leaving_) return;
  last_fact_ = last_fact;
  if (is_kept_) {
    ledger_.leave();
    is_changed_ = true;
  }
  leaving_ = next_ticket();
}

bool MemberProtocol::may_say_goodbye() const {
  return leaving_ && (!is_kept_ || *leaving_ <= saved_);
}

bool MemberProtocol::take_goodbye() {
  if (has_said_goodbye_ || !may_say_goodbye()) return false;
  has_said_goodbye_ = true;
  return true;
}

std::optional<MemorySave> MemberProtocol::take_save() {
  if (!is_changed_) return std::nullopt;
  is_changed_ = false;
  MemorySave save{++taken_, {ledger_.members(), targets_met_, ledger_.has_left()}};
  return save;
}

void MemberProtocol::on_saved(MemoryTicket ticket) { saved_ = std::max(saved_, ticket); }

}  // namespace mpreg
