#include "node/turn.h"

#include <gtest/gtest.h>

#include "wire/packet_codec.h"

namespace mpreg {
namespace {

TEST(Turn, what_is_sent_and_logged_leaves_in_the_order_in_which_it_was_asked_for) {
  Outbox outbox;
  Turn turn{Now{}, outbox};
  const Address to{Door::session, 5};
  send(turn, to, Goodbye{"first", {}});
  log(turn, LogLevel::warning, "between");
  send(turn, to, Goodbye{"second", {}}, Frame());
  ASSERT_EQ(outbox.sendings.size(), 2U);
  EXPECT_EQ(outbox.sendings[1].to, to);
  EXPECT_EQ(std::get<Goodbye>(*decode_packet(outbox.sendings[0].header.bytes())).reason, "first");
  EXPECT_EQ(std::get<Goodbye>(*decode_packet(outbox.sendings[1].header.bytes())).reason, "second");
  ASSERT_EQ(outbox.log.size(), 1U);
  EXPECT_EQ(outbox.log[0].level, LogLevel::warning);
}

}  // namespace
}  // namespace mpreg
