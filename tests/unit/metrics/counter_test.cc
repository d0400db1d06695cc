#include "metrics/counter.h"

#include <gtest/gtest.h>

#include <thread>

namespace mpreg {
namespace {

TEST(Counter, starts_at_zero_and_adds_one_unless_told_otherwise) {
  Counter counter;
  EXPECT_EQ(counter.value(), 0U);
  counter.add();
  counter.add(41);
  EXPECT_EQ(counter.value(), 42U);
}

TEST(Counter, a_reader_on_another_thread_never_sees_it_fall) {
  constexpr std::uint64_t kAdditions = 100'000;
  Counter counter;
  std::thread writer([&] {
    for (std::uint64_t i = 0; i < kAdditions; ++i) counter.add();
  });
  std::uint64_t before = 0;
  bool fell = false;
  while (before < kAdditions) {
    const std::uint64_t now = counter.value();
    fell = fell || now < before;
    before = now;
  }
  writer.join();
  EXPECT_FALSE(fell);
  EXPECT_EQ(counter.value(), kAdditions);
}

TEST(Gauge, is_set_raised_and_lowered_below_zero) {
  Gauge gauge;
  gauge.set(3);
  gauge.add(-5);
  EXPECT_EQ(gauge.value(), -2);
}

}  // namespace
}  // namespace mpreg
