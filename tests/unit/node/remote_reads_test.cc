#include "node/remote_reads.h"

#include <gtest/gtest.h>

namespace mpreg {
namespace {

constexpr Instant kBegun{std::chrono::hours(1)};

RemoteReads::Asker asker(std::uint64_t session, Duration patience = RemoteReads::kPatience) {
  return {session, 0, 40 + session, "west", kBegun + patience};
}
bool nobody(const RemoteReads::Asker& /*asker*/) { return false; }

TEST(RemoteReads, an_answer_goes_to_who_has_asked_once) {
  RemoteReads reads(10);
  const std::uint64_t first = reads.begin(asker(1));
  const std::uint64_t second = reads.begin(asker(2));
  EXPECT_NE(first, second);
  const auto whom = reads.take(second);
  ASSERT_TRUE(whom);
  EXPECT_EQ(whom->session, 2U);
  EXPECT_EQ(whom->request, 42U);
  EXPECT_FALSE(reads.take(second));
  EXPECT_FALSE(reads.empty());
}

TEST(RemoteReads, who_has_waited_long_enough_is_given_up) {
  RemoteReads reads(10);
  const std::uint64_t tag = reads.begin(asker(1));
  EXPECT_TRUE(reads.expire(kBegun, nobody).empty());
  const auto expired = reads.expire(kBegun + RemoteReads::kPatience, nobody);
  ASSERT_EQ(expired.size(), 1U);
  EXPECT_EQ(expired[0].session, 1U);
  EXPECT_FALSE(reads.take(tag));
}

TEST(RemoteReads, who_has_gone_is_dropped_without_a_word) {
  RemoteReads reads(10);
  reads.begin(asker(1));
  const auto expired = reads.expire(kBegun + RemoteReads::kPatience,
                                    [](const RemoteReads::Asker& one) { return one.session == 1; });
  EXPECT_TRUE(expired.empty());
  EXPECT_TRUE(reads.empty());
}

TEST(RemoteReads, the_limit_is_a_limit) {
  RemoteReads reads(2);
  reads.begin(asker(1));
  EXPECT_FALSE(reads.is_full());
  const std::uint64_t tag = reads.begin(asker(2));
  EXPECT_TRUE(reads.is_full());
  reads.cancel(tag);
  EXPECT_FALSE(reads.is_full());
}

}  // namespace
}  // namespace mpreg
