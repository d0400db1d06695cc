#include "session/held_key.h"

#include <gtest/gtest.h>

namespace mpreg {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct HeldKeys : testing::Test {
  HeldKey key{{"stock", "4711"}};
  const Instant start{seconds(1000)};

  [[nodiscard]] SentAt asked(Duration after = {}) const {
    return SentAt::before_sending(start + after);
  }
  static ClaimGranted granted(std::uint32_t lease_ms) { return {1, 77, lease_ms, "east"}; }
};

TEST_F(HeldKeys, nothing_is_held_before_it_is_granted) {
  EXPECT_FALSE(key.holds(start));
  const ClaimAsk ask = key.acquire(milliseconds(2000), milliseconds(500));
  EXPECT_EQ(ask.token, 0U);
  EXPECT_EQ(ask.lease_ms, 2000U);
  EXPECT_EQ(ask.wait_ms, 500U);
  EXPECT_EQ(ask.address.key, "4711");
  EXPECT_FALSE(key.holds(start));
}

TEST_F(HeldKeys, a_lease_runs_from_the_question_also_when_the_process_stood_still) {
  key.granted(asked(), granted(2000));
  EXPECT_EQ(key.token(), 77U);
  EXPECT_EQ(key.home(), "east");
  EXPECT_TRUE(key.holds(start + milliseconds(1999)));
  EXPECT_FALSE(key.holds(start + milliseconds(2000)));
  EXPECT_EQ(key.left(start + milliseconds(1500)), milliseconds(500));

  // The answer to a renewal is read seven seconds after it was asked for: by then another may have
  // the key.
  key.granted(asked(milliseconds(1500)), granted(2000));
  EXPECT_FALSE(key.holds(start + milliseconds(1500) + seconds(7)));
  EXPECT_TRUE(key.is_late(start + milliseconds(1500) + seconds(7)));
}

TEST_F(HeldKeys, what_was_waited_for_is_renewed_before_it_is_used) {
  key.granted(asked(), granted(2000));
  EXPECT_FALSE(key.is_late(start + milliseconds(3)));
  EXPECT_FALSE(key.is_late(start + milliseconds(1000)));
  EXPECT_TRUE(key.is_late(start + milliseconds(1001)));
  const ClaimAsk again = key.renew(milliseconds(2000));
  EXPECT_EQ(again.token, 77U);
  key.granted(asked(seconds(5)), granted(2000));
  EXPECT_FALSE(key.is_late(start + milliseconds(5003)));
  EXPECT_TRUE(key.holds(start + milliseconds(6999)));
}

TEST_F(HeldKeys, a_release_ends_it_before_anybody_has_answered) {
  key.granted(asked(), granted(2000));
  const ClaimAsk release = key.release();
  EXPECT_EQ(release.token, 77U);
  EXPECT_EQ(release.lease_ms, 0U);
  EXPECT_FALSE(key.holds(start));
  key.granted(asked(), granted(2000));
  EXPECT_FALSE(key.holds(start)) << "a renewal that was asked for before";
  key.granted(asked(milliseconds(1)), granted(0));
  EXPECT_FALSE(key.holds(start + milliseconds(1)));
}

}  // namespace
}  // namespace mpreg
