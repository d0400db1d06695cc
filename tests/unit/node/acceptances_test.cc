#include "node/acceptances.h"

#include <gtest/gtest.h>

namespace mpreg {
namespace {

using Slots = std::vector<std::uint32_t>;

constexpr Instant kBegun{std::chrono::hours(1)};
constexpr Instant kDue = kBegun + std::chrono::milliseconds(100);

struct Owing {
  SessionTable sessions;
  Acceptances acceptances;
  Session& a = sessions.open(1, 10);
  Session& b = sessions.open(2, 20);

  Slots answered() {
    Slots slots;
    acceptances.answer_all(sessions, [&](Session& session) {
      session.acceptance_due = session.late_acceptance_due = false;
      slots.push_back(session.slot);
    });
    return slots;
  }
};

TEST(Acceptances, each_session_is_answered_once_however_much_it_has_sent) {
  Owing f;
  f.acceptances.owe(f.b);
  f.acceptances.owe(f.a);
  f.acceptances.owe(f.b);
  EXPECT_EQ(f.answered(), (Slots{f.b.slot, f.a.slot}));
  EXPECT_TRUE(f.answered().empty());
}

TEST(Acceptances, what_may_come_later_has_the_deadline_of_the_first) {
  Owing f;
  EXPECT_FALSE(f.acceptances.next_deadline());
  f.acceptances.owe_by(kDue, f.a);
  f.acceptances.owe_by(kDue + std::chrono::milliseconds(50), f.b);
  EXPECT_EQ(f.acceptances.next_deadline(), kDue);
  EXPECT_TRUE(f.answered().empty());
  f.acceptances.hasten(f.sessions);
  EXPECT_FALSE(f.acceptances.next_deadline());
  EXPECT_EQ(f.answered(), (Slots{f.a.slot, f.b.slot}));
}

TEST(Acceptances, who_was_answered_before_or_has_gone_is_not_owed_one_later) {
  Owing f;
  f.acceptances.owe_by(kDue, f.a);
  f.acceptances.owe_by(kDue, f.b);
  f.a.late_acceptance_due = false;  // It came with an outcome.
  f.sessions.close(f.b);
  f.acceptances.hasten(f.sessions);
  EXPECT_TRUE(f.answered().empty());
}

}  // namespace
}  // namespace mpreg
