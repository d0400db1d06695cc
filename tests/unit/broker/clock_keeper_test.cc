#include "broker/clock_keeper.h"

#include <gtest/gtest.h>

#include <thread>

#include "unit/disk/disk_fixture.h"

namespace mpreg {
namespace {

constexpr WallTime kWall{std::chrono::seconds(1'700'000'000)};

BrokerOptions options_of(const std::string& data_dir) {
  BrokerOptions options;
  options.node.cluster = "east";
  options.data_dir = data_dir;
  return options;
}

HybridTime after(std::chrono::milliseconds time) { return hybrid_time_of(kWall + time); }

TEST(ClockKeeper, without_a_data_directory_everything_is_allowed) {
  auto memory = begin_incarnation(options_of("none"), {}, 1, kWall);
  ASSERT_TRUE(memory);
  ClockKeeper keeper(std::move(*memory), [] {});
  EXPECT_TRUE(keeper.keep(after(std::chrono::hours(1)), {}));
  EXPECT_TRUE(keeper.save({1, {}}, {}));  // Nothing waits for it.
}

TEST(ClockKeeper, no_reading_is_allowed_that_the_disk_does_not_cover) {
  const TemporaryDirectory directory;
  const BrokerOptions options = options_of(directory.file("east"));
  HybridTime reached = 0;
  {
    auto memory = begin_incarnation(options, {}, 1, kWall);
    ASSERT_TRUE(memory);
    ClockKeeper keeper(std::move(*memory), [] {});
    EXPECT_TRUE(keeper.keep(after(std::chrono::seconds(1)), {}));
    // Too far at once: the disk has to answer first, and then it is allowed.
    reached = after(std::chrono::seconds(60));
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!keeper.keep(reached, {}) && std::chrono::steady_clock::now() < until) {
      std::this_thread::yield();
    }
    EXPECT_TRUE(keeper.keep(reached, {}));
  }
  const auto next = begin_incarnation(options, {}, 2, kWall);
  ASSERT_TRUE(next);
  EXPECT_GE(next->clock_floor, reached);
}

TEST(ClockKeeper, after_a_clean_shutdown_the_next_start_begins_where_the_clock_stood) {
  const TemporaryDirectory directory;
  const BrokerOptions options = options_of(directory.file("east"));
  const HybridTime stood = after(std::chrono::seconds(1));
  {
    auto memory = begin_incarnation(options, {}, 1, kWall);
    ASSERT_TRUE(memory);
    ClockKeeper keeper(std::move(*memory), [] {});
    EXPECT_TRUE(keeper.keep(stood, {}));
    keeper.close(stood);
  }
  const auto next = begin_incarnation(options, {}, 2, kWall);
  ASSERT_TRUE(next);
  EXPECT_EQ(next->clock_floor, stood);
}

// What a crash leaves behind is what the next incarnation says of this one.
TEST(ClockKeeper, nothing_goes_on_before_the_disk_knows_that_the_incarnation_is_used) {
  const TemporaryDirectory directory;
  const BrokerOptions options = options_of(directory.file("east"));
  {
    auto memory = begin_incarnation(options, {}, 1, kWall);
    ASSERT_TRUE(memory);
    IncarnationMemory used{2, memory->record.incarnation, {true, std::nullopt}, {}};
    ClockKeeper keeper(std::move(*memory), [] {});
    (void)keeper.keep(after(std::chrono::seconds(1)), used);
    EXPECT_LT(keeper.remembered(), used.revision);
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (keeper.remembered() < used.revision && std::chrono::steady_clock::now() < until) {
      std::this_thread::yield();
      (void)keeper.keep(after(std::chrono::seconds(1)), used);
    }
    EXPECT_EQ(keeper.remembered(), 2U);
  }
  const auto next = begin_incarnation(options, {}, 2, kWall);
  ASSERT_TRUE(next);
  const auto& parent = next->record.incarnation.parent;
  ASSERT_TRUE(parent);
  EXPECT_EQ(parent->incarnation, (Incarnation{1, 1}));
  EXPECT_EQ(parent->final_numbers, std::nullopt) << "it crashed";
  EXPECT_EQ(next->record.ancestors, (std::vector<Incarnation>{{1, 1}}));
}

TEST(ClockKeeper, what_the_node_wants_saved_is_told_when_the_disk_has_it_and_found_again) {
  const TemporaryDirectory directory;
  const BrokerOptions options = options_of(directory.file("east"));
  const MemorySave wanted{7, {{{"west", {{4, 5}, MemberState::left}}}, {"hub tcp://h:1"}, true}};
  {
    auto memory = begin_incarnation(options, {}, 1, kWall);
    ASSERT_TRUE(memory);
    EXPECT_FALSE(memory->has_memory);
    const IncarnationRecord memory_record = memory->record.incarnation;
    ClockKeeper keeper(std::move(*memory), [] {});
    IncarnationMemory ended{2, memory_record, {true, LaneNumbers{3, 4}}, {}};
    EXPECT_FALSE(keeper.save(wanted, ended));
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    std::optional<MemoryTicket> saved;
    while (!saved && std::chrono::steady_clock::now() < until) {
      saved = keeper.take_saved();
      std::this_thread::yield();
    }
    EXPECT_EQ(saved, 7U);
    EXPECT_EQ(keeper.take_saved(), std::nullopt);
    keeper.close(after(std::chrono::seconds(1)));
  }
  const auto next = begin_incarnation(options, {}, 2, kWall);
  ASSERT_TRUE(next);
  EXPECT_TRUE(next->has_memory);
  EXPECT_EQ(next->record.members, wanted.memory.members);
  EXPECT_EQ(next->record.targets_met, wanted.memory.targets_met);
  EXPECT_TRUE(next->record.has_left);
  const auto& parent = next->record.incarnation.parent;
  ASSERT_TRUE(parent);
  EXPECT_EQ(parent->final_numbers, (LaneNumbers{3, 4}))
      << "a promise and its numbers are one record";
}

}  // namespace
}  // namespace mpreg
