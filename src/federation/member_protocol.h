#pragma once
// MemberProtocol: what a broker says and saves about members, and whom it waits for before it may
// number cache operations again: the protocol around MemberLedger, without links and files.
//
// A broker that waits says so in its word. Everybody who hears that, over any number of links,
// saves that it runs, and only then names it in its own word: that is the welcome. A broker that
// leaves saves that first, and only then says goodbye.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/time.h"
#include "federation/member_ledger.h"
#include "message/link_messages.h"

namespace mpreg {

// What is kept from one start of a broker to the next, beside its incarnation and clock.
struct NodeMemory {
  std::map<std::string, MemberStanding> members;  // By cluster; without this one.
  std::set<std::string> targets_met;              // Configured neighbours, as name_of_target().
  bool has_left = false;

  friend bool operator==(const NodeMemory&, const NodeMemory&) = default;
};

// Counts what a node wants saved, from 1.
using MemoryTicket = std::uint64_t;
struct MemorySave {
  MemoryTicket ticket = 0;
  NodeMemory memory;
};

// A configured neighbour.
struct LinkTarget {
  LinkRole role = LinkRole::hub;
  std::string endpoint;
};
[[nodiscard]] std::string name_of_target(const LinkTarget& target);  // "hub tcp://10.0.0.1:7101"

struct MemberProtocolStart {
  std::string cluster;
  Incarnation incarnation;
  NodeMemory memory;
  bool has_memory = false;  // There was an earlier start, and this is what it saved.
  bool is_kept = false;     // What is saved is found again. Otherwise nothing can be promised.
  std::vector<LinkTarget> targets;
};

class MemberProtocol {
 public:
  MemberProtocol(MemberProtocolStart start, Instant now);

  // ---- What is heard. A word about a member, from itself or relayed; of this cluster, too.
  void hear(const std::string& cluster, const Incarnation& incarnation, const MemberWord& word,
            Instant now);
  // After all words of one message: who is welcomed has to know everybody whom the welcoming one
  // knows. Returns whether this broker has rejoined now.
  bool settle();
  // The broker at this configured place was reached.
  void meet_target(const LinkTarget& target);

  // ---- What is said.
  [[nodiscard]] MemberWord own_word() const;
  [[nodiscard]] const MemberLedger& ledger() const { return ledger_; }
  [[nodiscard]] bool may_number() const { return ledger_.may_number(); }
  // It has only just started and waits: for so long what its clients write waits, too, instead of
  // being refused. With its neighbours there it takes a moment.
  [[nodiscard]] bool may_rejoin_soon(Instant now) const;
  [[nodiscard]] Entitlement entitlement() const;
  // Why nothing may be numbered, whom is waited for and what can be done, in a sentence; empty when
  // it may.
  [[nodiscard]] std::string why_waiting() const;
  // Configured neighbours that were never reached, unless another one of the same role was.
  [[nodiscard]] std::vector<LinkTarget> unmet_targets() const;
  // Since when a member is known to have left; nothing when it has not. Those that had left when
  // this broker started count from then.
  [[nodiscard]] std::optional<Instant> left_since(const std::string& cluster) const;

  // Whether operations for all members wait for it. Near caches of one that has just left may serve
  // on for as long as their leases last, so those that wait for near caches wait for a while.
  [[nodiscard]] bool is_waited_for(Instant now, const std::string& cluster, bool is_observed) const;
  [[nodiscard]] static std::string why_doubted(const std::string& cluster);

  // ---- What an operator says.
  bool forget(const std::string& cluster);
  void stand_alone();
  // This incarnation was forgotten by others: a new one has to begin.
  [[nodiscard]] bool was_forgotten() const { return ledger_.was_forgotten(); }
  void begin(const Incarnation& incarnation);

  // ---- The end: nothing is numbered any more. Goodbye may be said, with the promise if there can
  // be one, once it is saved.
  void leave(Number last_fact);
  // True once, as soon as that is so.
  [[nodiscard]] bool take_goodbye();
  [[nodiscard]] bool has_said_goodbye() const { return has_said_goodbye_; }

  // ---- What is to be saved; nothing when the last one that was taken still says all.
  [[nodiscard]] std::optional<MemorySave> take_save();
  void on_saved(MemoryTicket ticket);

 private:
  struct Rejoin {
    Incarnation incarnation;
    MemoryTicket ticket = 0;  // The save that holds it.
  };
  void note_rejoin(const std::string& cluster, const Incarnation& incarnation, bool has_memory);
  [[nodiscard]] bool may_say_goodbye() const;
  [[nodiscard]] MemoryTicket next_ticket() const { return taken_ + (is_changed_ ? 1 : 0); }

  const std::string cluster_;
  const bool has_memory_;
  const bool is_kept_;
  const std::vector<LinkTarget> targets_;
  const Instant started_;
  Incarnation incarnation_;
  MemberLedger ledger_;
  std::set<std::string> targets_met_;
  std::map<std::string, Instant> left_since_;
  std::map<std::string, Rejoin> rejoins_;  // Of members that wait, as far as is known.
  std::set<std::string> welcomed_by_;      // In this incarnation.
  bool is_admitted_ = false;               // One of them may number.
  bool is_changed_ = false;
  MemoryTicket taken_ = 0;
  MemoryTicket saved_ = 0;
  std::optional<MemoryTicket> leaving_;
  Number last_fact_ = 0;
  bool has_said_goodbye_ = false;
};

}  // namespace mpreg
