#include "node/acceptances.h"

namespace mpreg {

void Acceptances::owe(Session& session) {
  if (session.acceptance_due) return;
  session.acceptance_due = true;
  now_.push_back(session.slot);
}

void Acceptances::owe_by(Instant deadline, Session& session) {
  if (session.late_acceptance_due) return;
  session.late_acceptance_due = true;
  later_.push_back(session.slot);
  if (!deadline_) deadline_ = deadline;
}

void Acceptances::hasten(const SessionTable& sessions) {
  for (const std::uint32_t slot : later_) {
    if (sessions.is_open(slot) && sessions.at(slot).late_acceptance_due) owe(sessions.at(slot));
  }
  later_.clear();
  deadline_.reset();
}

}  // namespace mpreg
