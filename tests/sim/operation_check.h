#pragma once
// OperationCheck: how the operations of one client end. Each is accepted or refused, once; a
// tracked one that was accepted has one outcome; what is accepted was stamped, what is refused was
// not, and what is confirmed was applied at every target.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "session/session_events.h"
#include "truth.h"
#include "witness.h"

namespace mpreg::sim {

// Every life of every broker, by cluster.
using Witnesses = std::map<std::string, std::vector<std::unique_ptr<Witness>>>;

class OperationCheck {
 public:
  OperationCheck(std::uint32_t client, Truth& truth, Verdict& verdict, const Witnesses& witnesses);

  struct Begun {
    MessageIndex message = kNoMessage;
    MessageIndex value = kNoMessage;  // Of a replication.
    bool tracked = false;
    // An invalidation at that level: it ends within a bound, whoever does not answer.
    bool observed = false;
    Instant deadline{};
    bool must_confirm = false;   // Nothing stands in its way.
    bool may_be_fenced = false;  // Of a key that is one client's alone.
    bool is_of_cache = false;    // Not an event.
  };
  void on_begun(std::uint64_t operation, const Begun& begun);
  // It was ended by hand: how it ends says nothing.
  void on_completed_by_hand(std::uint64_t operation);

  void on_accepted(std::uint64_t through, Instant now);
  // A broker's connection, and since when it has answered this client's probes, each in time.
  struct Connected {
    std::uint64_t broker_life = 0;
    Instant since{};
    Instant steady_since{};
  };
  // What another broker had accepted this one may know nothing of.
  void check_bounds(Instant now, const Connected& connected);
  // `may_wait`: the broker's life began as one that has to rejoin before it numbers.
  void on_refused(const OperationRefused& refused, std::uint64_t broker_life, bool may_wait);
  void on_outcome(const OperationOutcome& outcome, Instant now, bool session_over);

  // Everything has ended; otherwise what has not.
  [[nodiscard]] std::optional<std::string> find_pending() const;
  [[nodiscard]] const std::vector<std::uint64_t>& tracked() const { return tracked_; }

 private:
  struct Operation {
    Begun begun;
    bool refused = false;
    bool ended = false;
    bool confirmed = false;
    bool by_hand = false;
    Instant accepted_at{};
  };

  void on_end(std::uint64_t number, const OperationOutcome& outcome, Instant now,
              bool session_over);
  void check_confirmed(const Operation& operation, const OperationOutcome& outcome);
  [[nodiscard]] bool was_applied_at(const std::string& cluster, MessageIndex message) const;
  [[nodiscard]] std::string text(std::uint64_t operation) const;
  void fail(const std::string& what) { verdict_.fail(what); }

  std::uint32_t client_;
  Truth& truth_;
  Verdict& verdict_;
  const Witnesses& witnesses_;
  std::map<std::uint64_t, Operation> operations_;
  std::vector<std::uint64_t> tracked_;
  std::vector<std::uint64_t> observed_;  // Not ended.
  std::uint64_t accepted_through_ = 0;
};

}  // namespace mpreg::sim
