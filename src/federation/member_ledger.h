#pragma once
// MemberLedger: which clusters belong to the federation and how each stands, over restarts; and
// whether this broker may number cache operations. A clean shutdown is the promise "I number no
// cache operation until I have rejoined"; who has given it is neither silent nor waited for, so
// breaking it would make caches elsewhere silently stale. The rules are those of tests/model/rejoin
// (docs/decisions/0010, 0013).

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "message/membership.h"

namespace mpreg {

// How a broker begins.
struct LedgerStart {
  std::string cluster;
  Incarnation incarnation;
  std::map<std::string, MemberStanding> members;  // That its file names.
  bool has_left = false;     // Its file says so (has_left() below): the promise holds.
  bool has_targets = false;  // It is configured to join somebody.
};

class MemberLedger {
 public:
  explicit MemberLedger(LedgerStart start);

  // Somebody's ledger says so of a member. Returns true when that is news, which is to be synced
  // and announced. What is said of this cluster's own earlier incarnations is no news. While the
  // promise of this broker itself holds, it relies on nobody else's: what is said to have left is
  // waited for, or two of them would each be the last to leave.
  bool learn(const std::string& cluster, const MemberStanding& standing);

  // Why this broker may, or may not yet, number cache operations.
  enum class Standing : std::uint8_t {
    entitled,
    alone,       // An operator broke the promise knowingly, for this incarnation.
    left,        // It has left, and has not rejoined.
    memoryless,  // It is to join others, and remembers none: its directory is new, or was lost.
  };
  [[nodiscard]] Standing standing() const { return standing_; }
  [[nodiscard]] bool may_number() const {
    return standing_ == Standing::entitled || standing_ == Standing::alone;
  }
  // For its file: a start after this one has to rejoin, too.
  [[nodiscard]] bool has_left() const { return standing_ != Standing::entitled; }

  // A member runs in this incarnation. Returns true when that is news. One that was known before
  // and has no memory of it may have let in anybody who left, and does not know it: they are
  // doubted.
  bool learn_start(const std::string& cluster, const Incarnation& incarnation, bool has_memory);

  // A member that may number has synced, to its own file, that this one runs again.
  void accept_rejoin();
  // Everybody whose promise does not hold has synced that this one runs again, so nobody can be
  // numbering unheard. Returns whether this broker has rejoined by that.
  bool try_rejoin(const std::set<std::string>& welcomed_by);
  // Whom it waits for before try_rejoin() can succeed: running as far as is known, and without a
  // welcome. A memoryless one waits for anybody, and this is empty.
  [[nodiscard]] std::vector<std::string> waits_for(const std::set<std::string>& welcomed_by) const;
  void stand_alone();

  // The next incarnation has begun in the same process, which changes no promise.
  void begin(const Incarnation& incarnation) { incarnation_ = incarnation; }
  // It will number nothing any more.
  void leave();
  // An operator said it of a member: false when it is not one. One that was silent may have let in
  // others meanwhile, of whom nobody will say so any more: those who left are doubted.
  bool forget(const std::string& cluster);
  // Somebody forgot this very incarnation: it must begin a new one.
  [[nodiscard]] bool was_forgotten() const { return was_forgotten_ == incarnation_; }

  // What others are to know of this one. Nothing before it has rejoined: what they know holds.
  [[nodiscard]] std::optional<MemberStanding> own() const;
  [[nodiscard]] const std::map<std::string, MemberStanding>& members() const { return members_; }
  // A write waits for them, and they count for freshness: neither left nor forgotten.
  [[nodiscard]] std::vector<std::string> awaited() const;
  // Its promise holds, as far as is known: it is neither silent nor waited for.
  [[nodiscard]] bool has_left(const std::string& cluster) const;
  [[nodiscard]] bool was_forgotten(const std::string& cluster,
                                   const Incarnation& incarnation) const;

 private:
  void doubt_who_left();

  std::string cluster_;
  Incarnation incarnation_;
  std::map<std::string, MemberStanding> members_;
  Standing standing_ = Standing::entitled;
  bool is_leaving_ = false;
  Incarnation was_forgotten_;
};

}  // namespace mpreg
