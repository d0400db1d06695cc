#include "node/notices.h"

#include <gtest/gtest.h>

namespace mpreg {
namespace {

constexpr Instant kBegun{std::chrono::hours(1)};
constexpr Address kTo{Door::session, 5};

std::size_t repeated(const Notices& notices, std::uint64_t client) {
  Outbox outbox;
  Turn turn{Now{}, outbox};
  notices.repeat(turn, client, kTo);
  for (const Sending& sending : outbox.sendings) EXPECT_EQ(sending.to, kTo);
  return outbox.sendings.size();
}

OperationRefused refusal(std::uint64_t operation) { return {operation, ErrorCode::refused, "no"}; }

TEST(Notices, a_client_is_told_again_what_it_was_told_and_nobody_else_is) {
  Notices notices;
  notices.remember(kBegun, 7, 1, refusal(1));
  notices.remember(kBegun, 8, 1, refusal(1));
  notices.remember(kBegun, 7, 1, refusal(2));
  EXPECT_EQ(repeated(notices, 7), 2U);
  EXPECT_EQ(repeated(notices, 8), 1U);
  EXPECT_EQ(repeated(notices, 9), 0U);
}

TEST(Notices, the_oldest_are_forgotten_by_time) {
  Notices notices;
  notices.remember(kBegun, 7, 1, refusal(1));
  notices.remember(kBegun + std::chrono::seconds(5), 7, 1, refusal(2));
  notices.forget_before(kBegun + std::chrono::seconds(1));
  EXPECT_EQ(repeated(notices, 7), 1U);
}

TEST(Notices, the_oldest_are_forgotten_when_too_many_operations_are_remembered) {
  Notices notices;
  notices.remember(kBegun, 7, 1, refusal(1));
  notices.remember(kBegun, 8, Notices::kOperationsMax, refusal(2));
  EXPECT_EQ(repeated(notices, 7), 0U);
  EXPECT_EQ(repeated(notices, 8), 1U);
}

}  // namespace
}  // namespace mpreg
