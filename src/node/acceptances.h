#pragma once
// Acceptances: which sessions are owed an answer to what they have published: with this turn, or
// together with what follows within kAnswerLater.

#include <cstdint>
#include <optional>
#include <vector>

#include "base/time.h"
#include "exchange/session_table.h"

namespace mpreg {

class Acceptances {
 public:
  // With this turn.
  void owe(Session& session);
  // By then, or with one that is owed before.
  void owe_by(Instant deadline, Session& session);
  // What is owed later is owed now.
  void hasten(const SessionTable& sessions);
  // When it is, at the latest.
  [[nodiscard]] std::optional<Instant> next_deadline() const { return deadline_; }

  // Calls answer(session) for each that is owed one now, in the order in which they came to be, and
  // was not answered with something else. It owes nothing more meanwhile.
  template <typename Answer>
  void answer_all(const SessionTable& sessions, Answer answer) {
    for (const std::uint32_t slot : now_) {
      if (sessions.is_open(slot) && sessions.at(slot).acceptance_due) answer(sessions.at(slot));
    }
    now_.clear();
  }

 private:
  std::vector<std::uint32_t> now_;
  std::vector<std::uint32_t> later_;
  std::optional<Instant> deadline_;  // While there are any.
};

}  // namespace mpreg
