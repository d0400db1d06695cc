#include "base/as_of.h"

#include <gtest/gtest.h>

#include <type_traits>

namespace mpreg {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr Instant kStart = Instant(std::chrono::hours(1));

// A clock that a test moves.
struct TestClock {
  Instant at = kStart;
  [[nodiscard]] Instant instant() const { return at; }
};

SentAt sent(Duration after_start) { return SentAt::before_sending(kStart + after_start); }
AsOf as_of(Duration after_start) { return AsOf(sent(after_start)); }
ReadAfter read(Duration after_start) { return ReadAfter::of(TestClock{kStart + after_start}); }

template <typename Left, typename Right>
concept can_add = requires(Left left, Right right) {
  left + right;
};
template <typename Left, typename Right>
concept can_subtract = requires(Left left, Right right) {
  left - right;
};

// ---- What must not compile. An instant may be the arrival of the answer; a Now was read at the
// beginning of a turn.
static_assert(!std::is_constructible_v<AsOf, Instant>);
static_assert(!std::is_constructible_v<AsOf, Now>);
static_assert(!std::is_constructible_v<AsOf, ReadAfter>);
static_assert(!std::is_convertible_v<SentAt, AsOf>);
static_assert(std::is_constructible_v<AsOf, SentAt>);
static_assert(!std::is_assignable_v<AsOf&, Instant>);
static_assert(!std::is_constructible_v<SentAt, Instant>);
static_assert(!std::is_default_constructible_v<SentAt>);

static_assert(!std::is_constructible_v<Lease, Instant>);
static_assert(!std::is_constructible_v<Lease, Instant, Duration>);
static_assert(!std::is_constructible_v<Lease, ReadAfter, Duration>);
static_assert(!std::is_constructible_v<Lease, SentAt, Duration>);
static_assert(std::is_constructible_v<Lease, AsOf, Duration>);
static_assert(!std::is_assignable_v<Lease&, Instant>);
static_assert(!can_add<AsOf, Duration>, "a Lease is made by its constructor");

static_assert(!std::is_constructible_v<ReadAfter, Instant>);
static_assert(!std::is_constructible_v<ReadAfter, Now>);
static_assert(!std::is_constructible_v<Fence, Instant, Duration>);
static_assert(!std::is_constructible_v<Fence, AsOf, Duration>);
static_assert(!std::is_constructible_v<Fence, SentAt, Duration>);
static_assert(!std::is_convertible_v<Fence, Lease> && !std::is_convertible_v<Lease, Fence>);

static_assert(!std::is_constructible_v<Age, AsOf, Instant>);
static_assert(!std::is_constructible_v<Age, Instant, ReadAfter>);
static_assert(!std::is_constructible_v<Held, Instant, Instant>);
static_assert(!std::is_constructible_v<Age, std::uint32_t>);
static_assert(!std::is_constructible_v<Held, std::uint32_t>);
static_assert(!std::is_convertible_v<Held, Age> && !std::is_constructible_v<Age, Held>);
static_assert(!std::is_convertible_v<Age, Held> && !std::is_constructible_v<Held, Age>);

static_assert(can_subtract<AsOf, Age> && !can_add<AsOf, Age>);
static_assert(!can_subtract<AsOf, Held> && !can_add<AsOf, Held>);
static_assert(!can_subtract<AsOf, Duration>);
static_assert(!std::is_invocable_v<decltype(&AsOf::after), AsOf, Age, Instant>);

TEST(SentAt, comes_back_from_its_echo_as_it_was) {
  const SentAt question = sent(milliseconds(3));
  EXPECT_EQ(SentAt::echoed(question.wire_ns(), kStart + milliseconds(3)), question);
  EXPECT_EQ(SentAt::echoed(question.wire_ns(), kStart + milliseconds(2)), std::nullopt)
      << "it has not been sent yet";
  EXPECT_EQ(SentAt::echoed(0xFFFF'FFFF'FFFF'FFFFU, Instant::max()), std::nullopt);
}

TEST(AsOf, counts_from_the_question_however_late_the_answer_is) {
  const AsOf known = as_of(milliseconds(5)) - Age::from_wire_ms(2);
  EXPECT_EQ(known.instant(), kStart + milliseconds(3));
  EXPECT_LT(known, as_of(milliseconds(5)));
}

TEST(AsOf, is_not_known_when_any_part_of_it_is_not) {
  EXPECT_FALSE(AsOf().is_known());
  EXPECT_FALSE((AsOf() - Age::none()).is_known());
  EXPECT_FALSE((as_of(milliseconds(0)) - Age::unknown()).is_known());
  EXPECT_FALSE(AsOf().after(Held::from_wire_ms(10), kStart).is_known());
  EXPECT_LT(AsOf(), as_of(milliseconds(0)));
}

TEST(AsOf, moves_forward_by_what_was_held_and_not_beyond_the_arrival) {
  const AsOf asked = as_of(milliseconds(10));
  EXPECT_EQ(asked.after(Held::from_wire_ms(4), kStart + milliseconds(30)).instant(),
            kStart + milliseconds(14));
  EXPECT_EQ(asked.after(Held::from_wire_ms(400), kStart + milliseconds(30)).instant(),
            kStart + milliseconds(30));
  EXPECT_EQ(asked.after(Held::from_wire_ms(400), kStart), asked) << "a stale reading";
}

TEST(Age, is_rounded_up) {
  EXPECT_EQ(Age(as_of(milliseconds(0)), read(nanoseconds(1))).wire_ms(), 1U);
  EXPECT_EQ(Age(as_of(milliseconds(0)), read(milliseconds(2))).wire_ms(), 2U);
  EXPECT_EQ(Age(as_of(milliseconds(0)), read(milliseconds(2) + nanoseconds(1))).wire_ms(), 3U);
  EXPECT_EQ(Age(as_of(milliseconds(9)), read(milliseconds(2))).wire_ms(), 0U);
}

TEST(Age, of_what_is_not_known_or_too_old_to_be_told_is_unknown) {
  EXPECT_FALSE(Age(AsOf(), read(milliseconds(0))).is_known());
  EXPECT_FALSE(Age(as_of(milliseconds(0)), read(std::chrono::hours(24 * 50))).is_known());
  EXPECT_TRUE(Age(as_of(milliseconds(0)), read(std::chrono::hours(24 * 49))).is_known());
  EXPECT_GT(Age::unknown(), Age::from_wire_ms(7));
}

TEST(Held, is_rounded_down) {
  EXPECT_EQ(Held(read(milliseconds(0)), kStart + milliseconds(3) - nanoseconds(1)).wire_ms(), 2U);
  EXPECT_EQ(Held(read(milliseconds(0)), kStart + milliseconds(3)).wire_ms(), 3U);
}

TEST(Held, is_nothing_when_the_reading_before_the_answer_is_older_than_the_receipt) {
  EXPECT_EQ(Held(read(milliseconds(5)), kStart).wire_ms(), 0U) << "the turn began before it came";
}

// The chain of a question: what is derived never is later than what was the case.
TEST(Freshness, a_suspension_anywhere_makes_nothing_look_fresher) {
  for (int suspended = 0; suspended < 4; ++suspended) {
    TestClock clock;
    const auto step = [&](int number) {
      clock.at += milliseconds(1);
      if (number == suspended) clock.at += std::chrono::seconds(7);
    };
    const AsOf origin = AsOf(SentAt::before_sending(clock.at));  // As the neighbour knows it.
    step(0);
    const SentAt question = SentAt::before_sending(clock.at);
    step(1);
    const Instant turn_began = clock.at;
    step(2);
    const Age age(origin, ReadAfter::of(clock));
    step(3);
    const AsOf here = AsOf(question) - age;
    EXPECT_LE(here, origin) << suspended;
    const Lease lease(here, std::chrono::seconds(5));
    EXPECT_FALSE(lease.holds(origin.instant() + std::chrono::seconds(5))) << suspended;
    const Fence fence(ReadAfter::of(clock), std::chrono::seconds(5));
    EXPECT_GE(fence.until(), lease.until()) << suspended;
    EXPECT_FALSE(fence.is_passed(turn_began)) << "and a stale reading does not pass it";
  }
}

TEST(Lease, holds_until_its_duration_after_the_question) {
  const Lease lease(as_of(milliseconds(100)), milliseconds(50));
  EXPECT_TRUE(lease.holds(kStart + milliseconds(149)));
  EXPECT_FALSE(lease.holds(kStart + milliseconds(150)));
  EXPECT_EQ(lease.left(kStart + milliseconds(120)), milliseconds(30));
  EXPECT_EQ(lease.left(kStart + milliseconds(200)), milliseconds(0));
}

TEST(Lease, of_nothing_never_holds) {
  EXPECT_FALSE(Lease().holds(Instant{}));
  EXPECT_FALSE(Lease(AsOf(), std::chrono::hours(1)).holds(Instant{}));
  EXPECT_FALSE(Lease(as_of(milliseconds(0)), Duration::zero()).holds(kStart));
  EXPECT_LT(Lease(), Lease(as_of(milliseconds(0)), milliseconds(1)));
}

TEST(Fence, of_nothing_is_passed) { EXPECT_TRUE(Fence().is_passed(Instant{})); }

}  // namespace
}  // namespace mpreg
