#include "net/clock.h"

#include <gtest/gtest.h>

namespace mpreg {
namespace {

TEST(Clock, the_wall_is_that_of_the_system_and_instants_do_not_go_back) {
  const Clock clock;
  const auto before =
      std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  const Now first = clock.now();
  const Now second = clock.now();
  const auto after = std::chrono::system_clock::now();
  EXPECT_GE(first.wall, before);
  EXPECT_LE(second.wall, after);
  EXPECT_LE(first.instant, second.instant);
  EXPECT_GT(first.instant, Instant());
}

}  // namespace
}  // namespace mpreg
