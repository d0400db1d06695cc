#include "federation/apply_failures.h"

#include <gtest/gtest.h>

namespace mpreg {
namespace {

using Ranges = std::vector<NotApplied>;

TEST(ApplyFailures, are_kept_until_the_origin_knows_of_them) {
  ApplyFailures failures;
  EXPECT_TRUE(failures.add({3, 5, ApplyFailure::too_large}));
  EXPECT_TRUE(failures.add({9, 9, ApplyFailure::lost}));
  EXPECT_FALSE(failures.add({4, 5, ApplyFailure::too_large})) << "a repeated report";
  EXPECT_EQ(failures.ranges(),
            (Ranges{{3, 5, ApplyFailure::too_large}, {9, 9, ApplyFailure::lost}}));
  failures.know(4);
  EXPECT_EQ(failures.ranges(),
            (Ranges{{5, 5, ApplyFailure::too_large}, {9, 9, ApplyFailure::lost}}));
  failures.know(9);
  EXPECT_TRUE(failures.empty());
  EXPECT_FALSE(failures.add({3, 9, ApplyFailure::lost})) << "an old report that comes late";
  EXPECT_TRUE(failures.empty());
  failures.know(2);
  EXPECT_TRUE(failures.add({8, 10, ApplyFailure::lost}));
  EXPECT_EQ(failures.ranges(), (Ranges{{10, 10, ApplyFailure::lost}}));
}

TEST(ApplyFailures, neighbours_of_one_reason_become_one_and_others_do_not) {
  ApplyFailures failures;
  EXPECT_TRUE(failures.add({5, 5, ApplyFailure::refused}));
  EXPECT_TRUE(failures.add({3, 3, ApplyFailure::refused}));
  EXPECT_TRUE(failures.add({4, 4, ApplyFailure::refused}));
  EXPECT_TRUE(failures.add({6, 6, ApplyFailure::too_large}));
  EXPECT_EQ(failures.ranges(),
            (Ranges{{3, 5, ApplyFailure::refused}, {6, 6, ApplyFailure::too_large}}));
}

TEST(ApplyFailures, are_bounded_and_then_name_more_and_never_less) {
  ApplyFailures failures;
  constexpr Number kCount = 2 * ApplyFailures::kRangesMax;
  for (Number i = 1; i <= kCount; ++i) {
    EXPECT_TRUE(failures.add({2 * i, 2 * i, ApplyFailure::no_capacity}));
  }
  EXPECT_EQ(failures.ranges().size(), ApplyFailures::kRangesMax);
  EXPECT_EQ(failures.ranges().front().first, 2U);
  EXPECT_EQ(failures.ranges().back().last, 2 * kCount);
  for (Number i = 1; i <= kCount; ++i) {
    EXPECT_FALSE(failures.add({2 * i, 2 * i, ApplyFailure::no_capacity})) << "it is named";
  }
}

}  // namespace
}  // namespace mpreg
